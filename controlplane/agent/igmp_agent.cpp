// The source of reports is the host's first dedicated IPv4 address: a virtual one would be
// everybody's.
#include "controlplane/agent/igmp_agent.hpp"

#include "core/ipc/messages.hpp"
#include "core/packet/igmp_messages.hpp"

namespace nlb::controlplane {
namespace {

// A report that leaves later says nothing that a switch would still want to know.
constexpr Duration kReportsKeep = std::chrono::seconds{1};

std::uint32_t source_of(const config::Host& host) {
    for (const config::Prefix& prefix : host.addresses)
        if (prefix.address.is_v4()) return prefix.address.as_v4();
    return 0;
}

std::uint32_t group_of(const config::Cluster& cluster) {
    return cluster.mode == LinkMode::igmp ? igmp_group(cluster.address.address.as_v4()) : 0;
}

}  // namespace

IgmpAgent::IgmpAgent(const ClusterSettings& settings, ClusterChannel& channel, std::uint64_t seed)
    : settings_(settings),
      channel_(channel),
      enabled_(settings.cluster.mode == LinkMode::igmp),
      member_(group_of(settings.cluster), seed) {}

void IgmpAgent::join(Instant now) {
    if (!enabled_ || joined_here_) return;
    joined_here_ = true;
    send(now, member_.on_join(now));
}

void IgmpAgent::leave(Instant now) {
    joined_here_ = false;
    if (enabled_) send(now, member_.on_leave(now));
}

bool IgmpAgent::on_frame(Instant now, std::span<const Byte> frame) {
    if (!enabled_) return false;
    const auto query = read_igmp_query(frame);
    if (query) member_.on_query(now, *query);
    return query.has_value();
}

void IgmpAgent::on_tick(Instant now) {
    if (enabled_ && now >= member_.next_wake()) send(now, member_.on_tick(now));
}

void IgmpAgent::send(Instant now, const IgmpMember::Messages& messages) {
    const ipc::Send until{(now + kReportsKeep).time_since_epoch().count()};
    for (const IgmpMessage message : messages) {
        const std::vector<Byte> frame =
            build_igmp(message, source_of(settings_.host), member_.group());
        channel_.send(ipc::MessageType::send, ipc::bytes_of(until), frame);
    }
}

}  // namespace nlb::controlplane
