// Names of extended statistics are each driver's own; what they have in common are parts of words.
#include "dataplane/ports/port_statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <rte_ethdev.h>

namespace nlb::dataplane {
namespace {

using ipc::PortCounters;

constexpr std::size_t kExtendedMax = 4096;

bool has(std::string_view name, std::string_view part) {
    return name.find(part) != std::string_view::npos;
}

}  // namespace

std::uint64_t PortCounters::*counter_of(std::string_view name) {
    // Of a priority of its own: what flow control in general counts is in the others.
    if (has(name, "priority") || has(name, "prio")) return nullptr;
    const bool rx = name.starts_with("rx");
    if (rx && (has(name, "oversize") || has(name, "ovrsz") || has(name, "too_long")))
        return &PortCounters::oversize;
    if (!has(name, "pause") && !has(name, "flow_control")) return nullptr;
    // Times and events of pauses, not frames.
    if (has(name, "duration") || has(name, "transition") || has(name, "storm")) return nullptr;
    if (rx) return &PortCounters::pause_rx;
    return name.starts_with("tx") ? &PortCounters::pause_tx : nullptr;
}

PortCounters continued(const PortCounters& before, const PortCounters& last,
                       const PortCounters& now) {
    static_assert(sizeof(PortCounters) % sizeof(std::uint64_t) == 0);
    constexpr std::size_t kWords = sizeof(PortCounters) / sizeof(std::uint64_t);
    using Words = std::array<std::uint64_t, kWords>;
    auto sum = std::bit_cast<Words>(before);
    const auto from = std::bit_cast<Words>(last);
    const auto to = std::bit_cast<Words>(now);
    for (std::size_t i = 0; i < kWords; ++i) sum[i] += to[i] >= from[i] ? to[i] - from[i] : to[i];
    return std::bit_cast<PortCounters>(sum);
}

void PortStatistics::bind(std::uint16_t port) {
    extended_.clear();
    const int count = rte_eth_xstats_get_names(port, nullptr, 0);
    if (count <= 0 || static_cast<std::size_t>(count) > kExtendedMax) return;
    std::vector<rte_eth_xstat_name> names(static_cast<std::size_t>(count));
    if (rte_eth_xstats_get_names(port, names.data(), static_cast<unsigned>(count)) != count) return;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const auto counter = counter_of(names[i].name); counter != nullptr)
            extended_.push_back({i, counter});
}

void PortStatistics::read(std::uint16_t port) {
    rte_eth_stats basic{};
    if (rte_eth_stats_get(port, &basic) != 0) return;
    PortCounters now;
    now.rx_packets = basic.ipackets;
    now.rx_bytes = basic.ibytes;
    now.tx_packets = basic.opackets;
    now.tx_bytes = basic.obytes;
    now.missed = basic.imissed;
    now.no_buffer = basic.rx_nombuf;
    now.rx_errors = basic.ierrors;
    now.tx_errors = basic.oerrors;
    for (std::size_t queue = 0; queue < ipc::kPortQueuesShown; ++queue) {
        now.queue_rx_packets[queue] = basic.q_ipackets[queue];
        now.queue_missed[queue] = basic.q_errors[queue];
    }
    std::vector<std::uint64_t> ids;
    for (const Extended& one : extended_) ids.push_back(one.id);
    std::vector<std::uint64_t> values(ids.size());
    const auto count = static_cast<unsigned>(ids.size());
    if (count != 0 &&
        rte_eth_xstats_get_by_id(port, ids.data(), values.data(), count) == static_cast<int>(count))
        for (std::size_t i = 0; i < values.size(); ++i) now.*extended_[i].counter += values[i];
    total_ = continued(total_, last_, now);
    last_ = now;
}

}  // namespace nlb::dataplane
