// Counters only grow; one that went back belongs to a dataplane that began again.
#include "controlplane/agent/port_watch.hpp"

namespace nlb::controlplane {
namespace {

struct LossInfo {
    std::string_view name;
    std::string_view remedy;
    std::uint64_t ipc::PortCounters::*counter;
};
constexpr std::array<LossInfo, kLosses> kInfos{
    {{"missed",
      "no core took them in time: give the cluster more lcores, a larger rx_ring, or poll: busy",
      &ipc::PortCounters::missed},
     {"no_buffer", "all frame buffers are in use: raise eal.memory, or use fewer lcores",
      &ipc::PortCounters::no_buffer},
     {"errors", "they came damaged: look at the cable, the optics and the switch's port",
      &ipc::PortCounters::rx_errors},
     {"oversize", "they are longer than the MTU: set `mtu` of this host to the segment's",
      &ipc::PortCounters::oversize},
     {"tx_errors",
      "the device did not send them: look at the link, and at the driver's lines in "
      "the dataplane's log",
      &ipc::PortCounters::tx_errors}}};

}  // namespace

std::string_view name_of(Loss loss) {
    return kInfos[static_cast<std::size_t>(loss)].name;
}

std::string_view remedy_of(Loss loss) {
    return kInfos[static_cast<std::size_t>(loss)].remedy;
}

std::string PortWatch::unusable_because() const {
    for (std::size_t port = 0; port < seen_.size(); ++port) {
        const std::string device =
            std::string{"the device of the "} + (port == 0 ? "outside" : "inside") + " port is ";
        if (!seen_[port]) continue;
        if (seen_[port]->state == ipc::PortState::lost)
            return device + "gone: put it back, and bind it with nlb-bind-nic";
        if (seen_[port]->state == ipc::PortState::failed) return device + "being reset";
    }
    return {};
}

std::vector<PortWatch::News> PortWatch::take(
    Instant now, const std::array<ipc::PortReport, ipc::kPortsOfCluster>& ports) {
    std::vector<News> news;
    for (std::size_t port = 0; port < ports.size(); ++port) {
        const ipc::PortReport& report = ports[port];
        const bool first = !seen_[port];
        if (first) seen_[port] = Seen{};
        Seen& seen = *seen_[port];
        const bool usable =
            report.state == ipc::PortState::up || report.state == ipc::PortState::down;
        const bool was_usable =
            seen.state == ipc::PortState::up || seen.state == ipc::PortState::down;
        // A link that goes up or down is told elsewhere.
        if (report.state != seen.state && (!usable || !was_usable))
            news.push_back({port, std::nullopt, 0, report.state});
        seen.state = report.state;
        for (std::size_t i = 0; i < kLosses; ++i) {
            const std::uint64_t count = report.counters.*kInfos[i].counter;
            const std::uint64_t before = seen.counts[i];
            seen.counts[i] = count;
            if (first || count <= before) continue;
            const bool is_new = seen.grown_at[i] == Instant{} || now - seen.grown_at[i] >= kQuiet;
            seen.grown_at[i] = now;
            if (is_new) news.push_back({port, static_cast<Loss>(i), count - before, std::nullopt});
        }
    }
    return news;
}

}  // namespace nlb::controlplane
