// How much memory a plan needs, and the numbers that both this estimate and the allocations are
// made from. It allocates nothing.
//
// buffers:     for each cluster and worker both rings of both ports, as its drivers fill them, the
//              fragments that may wait, the frames under way between workers; for each cluster the
//              rings to and from main; for each pool every worker's cache and two bursts. There is
//              a pool for each NUMA node that has an outside adapter
// connections: for each cluster, worker and IP version, with n of them: 32 n bytes (IPv4) or 48 n
//              for keys, 8 n for descriptors, 12 for each of the next power of two above n for
//              rte_hash's buckets; for both versions together n for the queue of half-open flows
// taps:        tap_buffers() of each nlb_tap
//              (make_buffers() lays them closely, with huge pages or without)
// bytes:       buffers * buffer_bytes(), taps, connections, kLaneBytes for each cluster and worker,
//              kEalBytes, and an eighth on top for the seams of the heap
// Thread: any.
#pragma once

#include <cstdint>
#include <map>

#include "dataplane/startup/pci.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

// of a port's queue, where the device lets us choose
inline constexpr std::uint16_t kRingDescriptors = 1024;
// of an adapter whose workers sleep: a longer nap loses nothing
inline constexpr std::uint16_t kSleepersRing = 4096;
inline constexpr std::uint32_t kBufferCache = 256;  // per lcore, in the pool's cache
// frames under way between the workers of a cluster and main
inline constexpr std::uint32_t kControlRing = 1024;
// of a queue for heartbeats alone; from the steered frames' share
inline constexpr std::uint16_t kHeartbeatDescriptors = 256;
// frames under way from the other workers of a cluster to one
inline constexpr std::uint32_t kSteeredRing = 256;
// beside the frame's room: headroom 128 + rte_mbuf 128 + private 64 + the pool's header
inline constexpr std::uint64_t kBufferExtraBytes = 448;
// flow_index, counters, tables and their index of this epoch and the next
inline constexpr std::uint64_t kLaneBytes = 384 * 1024;
inline constexpr std::uint64_t kEalBytes = 24 * 1024 * 1024;

// Of an nlb_tap with so many queues: what its rings and the worker hold, and the frames that were
// not cut.
struct TapBuffers {
    std::uint32_t small;
    std::uint32_t large;
};
[[nodiscard]] TapBuffers tap_buffers(std::uint16_t queues);
// headroom and frame 65,535 + rte_mbuf 128 + private 64 + the pool's header, in whole lines
inline constexpr std::uint64_t kLargeBufferBytes = 65'856;

struct MemoryNeed {
    std::uint32_t buffers = 0;           // over all pools
    std::uint16_t frame_room = 0;        // bytes of a frame in each
    std::map<int, std::uint32_t> pools;  // buffers by NUMA node; -1: no adapter tells
    std::uint64_t bytes = 0;
    [[nodiscard]] std::uint32_t mebibytes() const {
        return static_cast<std::uint32_t>((bytes + (1U << 20) - 1) >> 20);
    }
};

// How many descriptors one worker may hold, by IP version.
struct ConnCapacity {
    constexpr ConnCapacity(std::uint32_t of_v4, std::uint32_t of_v6) : v4(of_v4), v6(of_v6) {}
    explicit constexpr ConnCapacity(std::uint32_t of_each) : ConnCapacity(of_each, of_each) {}
    std::uint32_t v4;
    std::uint32_t v6;
};
// How many clients are remembered of rules with a time-out, of plain memory (24 bytes each) and
// only once there is such a rule: a client has more than one connection, and is remembered longer.
[[nodiscard]] std::uint32_t clients_for(std::uint32_t connections_max);
// How many of `connections_max` one of `workers` may hold. Requires: workers > 0.
[[nodiscard]] std::uint32_t connections_per_worker(std::uint32_t connections_max,
                                                   std::size_t workers);
// An IP version that no virtual address has gets a sixteenth: a reload may bring one.
[[nodiscard]] ConnCapacity capacity_of(std::uint32_t connections, const Tables& tables);
// `workers`: of this host, over all clusters; `adapters` as /sys tells of them. Requires: each
// cluster has a CPU.
[[nodiscard]] MemoryNeed memory_need(const std::vector<ClusterPlan>& clusters, std::size_t workers,
                                     const Adapters& adapters = {});
// The node of the cluster's pool: its outside adapter's. -1: nobody tells.
[[nodiscard]] int pool_node(const ClusterPlan& cluster, const Adapters& adapters);

}  // namespace nlb::dataplane
