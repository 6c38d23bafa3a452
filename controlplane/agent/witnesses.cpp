#include "controlplane/agent/witnesses.hpp"

#include "config/table_builder.hpp"
#include "core/ipc/messages.hpp"
#include "core/packet/address_probe.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {
namespace {

// An answer that comes later is none: the host has taken itself for deaf by then.
constexpr Duration kQuestionsKeep = std::chrono::milliseconds{100};

}  // namespace

const std::vector<IpAddress>& Witnesses::present() const {
    return settings_.cluster.witnesses.empty() ? neighbours_ : settings_.cluster.witnesses;
}

// In unicast mode the switch must not learn where the cluster's MAC is, and need not: it floods the
// answer.
void Witnesses::ask(Instant now) {
    const config::Cluster& cluster = settings_.cluster;
    const MacAddress sender =
        cluster.mode == LinkMode::unicast ? config::cluster_mac_of(cluster) : outside_;
    const ipc::Send until{(now + kQuestionsKeep).time_since_epoch().count()};
    std::size_t asked = 0;
    for (const IpAddress& witness : present()) {
        if (asked++ == kAskedMax) return;
        channel_.send(ipc::MessageType::send, ipc::bytes_of(until),
                      build_address_probe(witness, sender));
    }
}

}  // namespace nlb::controlplane
