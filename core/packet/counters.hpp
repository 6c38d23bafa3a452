// What one worker counts, of one lane. Plain words that only their worker writes; whoever sums them
// reads them relaxed and may be a burst behind. It holds no rates and no names of rules.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "core/base/types.hpp"
#include "core/packet/reasons.hpp"

namespace nlb {

// clang-format off
//   member           help
#define NLB_WORKER_COUNTERS(X) \
    X(rx_packets,      "frames received on the outside port") \
    X(rx_bytes,        "bytes received on the outside port") \
    X(inside_packets,  "frames received on the inside port") \
    X(tx_packets,      "frames sent on the outside port") \
    X(bursts,          "bursts that held at least one frame") \
    X(cluster_bursts,  "bursts whose first frame was sent to the cluster's MAC and is no heartbeat") \
    X(busy_cycles,     "time stamp counter cycles spent on such bursts") \
    X(table_full,      "new flows that could not be tracked because the connection table was full") \
    X(half_open_evicted, "half-open flows given up early: to make room for a new one, or because there were too many")
// clang-format on

struct Counters {
#define NLB_X(name, help) std::uint64_t name;
    NLB_WORKER_COUNTERS(NLB_X)
#undef NLB_X
    std::array<std::uint64_t, kReasonCount> reasons;
    std::array<std::uint64_t, kRuleSlots> accepted;
    std::array<std::uint64_t, kRuleSlots> rejected;
    std::array<std::uint64_t, kRuleSlots> dropped;  // of those that a rule was asked for
    // Gauges: descriptors held now, by rule; those of them that are half-open.
    std::array<std::uint64_t, kRuleSlots> connections;
    std::uint64_t half_open;

    void count(Reason reason) {
        ++reasons[static_cast<std::size_t>(reason)];
    }
    // All members are 64-bit words, so that sums need no list of names.
    void add(const Counters& other);
};
static_assert(std::is_trivially_copyable_v<Counters> &&
              sizeof(Counters) % sizeof(std::uint64_t) == 0);

inline void Counters::add(const Counters& other) {
    auto* to = reinterpret_cast<std::uint64_t*>(this);
    const auto* from = reinterpret_cast<const std::uint64_t*>(&other);
    for (std::size_t i = 0; i < sizeof(Counters) / sizeof(std::uint64_t); ++i) to[i] += from[i];
}

}  // namespace nlb
