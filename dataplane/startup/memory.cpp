// The formula of memory.hpp, and nothing else.
#include "dataplane/startup/memory.hpp"

#include <algorithm>
#include <bit>

#include "core/base/assert.hpp"
#include "core/flow/fragments.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/frame_room.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kConnectionsLeast = 64;
constexpr std::uint32_t kRareShare = 16;
// net_af_xdp keeps as many in the kernel's fill ring, whatever ring is asked for.
constexpr std::uint64_t kXdpFillRing = 2048;

std::uint64_t connection_bytes(const ConnCapacity& capacity) {
    const auto bytes_of = [](std::uint64_t n, std::uint64_t key_bytes) {
        return (key_bytes + 8) * n + 12 * std::bit_ceil(n + 1);
    };
    return bytes_of(capacity.v4, 32) + bytes_of(capacity.v6, 48) +
           std::max(capacity.v4, capacity.v6);
}

// Of one queue of that port, both directions.
std::uint64_t ring_buffers(const Device& device, const PortWish& wish, const Adapters& adapters) {
    const auto known = adapters.find(device.name);
    const std::uint16_t vendor = known == adapters.end() ? std::uint16_t{0} : known->second.vendor;
    // The smallest ring of a tap is counted like others: its driver keeps as many in hand.
    const std::uint64_t least = device.driver == "net_af_xdp" ? kXdpFillRing : kRingDescriptors;
    const std::uint64_t rx = std::max<std::uint64_t>(rx_ring_of(device, wish), least);
    return rx * buffers_per_descriptor(vendor, wish.mtu > kMtuDefault) + tx_ring_of(wish);
}

std::uint64_t tap_bytes(const Device& device, std::uint64_t lanes, std::uint16_t room) {
    if (device.driver != kTapDriver) return 0;
    const TapBuffers buffers =
        tap_buffers(queues_of(with_queues(device, static_cast<std::uint16_t>(lanes))));
    return buffers.small * (kBufferExtraBytes + room) + buffers.large * kLargeBufferBytes;
}

}  // namespace

std::uint32_t clients_for(std::uint32_t connections_max) {
    constexpr std::uint32_t kClientsLeast = 1U << 10;
    constexpr std::uint32_t kClientsMost = 1U << 24;
    return std::clamp(connections_max / 4, kClientsLeast, kClientsMost);
}

std::uint32_t connections_per_worker(std::uint32_t connections_max, std::size_t workers) {
    NLB_ASSERT(workers > 0);
    const auto count = static_cast<std::uint32_t>(workers);
    return std::max(kConnectionsLeast, (connections_max + count - 1) / count);
}

ConnCapacity capacity_of(std::uint32_t connections, const Tables& tables) {
    const std::uint32_t few = std::max(kConnectionsLeast, connections / kRareShare);
    bool v4 = false;
    bool v6 = false;
    for (std::size_t i = 0; i < tables.vip_count; ++i)
        (tables.addresses[i].address.is_v4() ? v4 : v6) = true;
    return {v4 || !v6 ? connections : few, v6 ? connections : few};
}

int pool_node(const ClusterPlan& cluster, const Adapters& adapters) {
    const auto known = adapters.find(cluster.outside.name);
    return known == adapters.end() ? -1 : known->second.node;
}

TapBuffers tap_buffers(std::uint16_t queues) {
    constexpr std::uint32_t kSmall = 4096;
    constexpr std::uint32_t kLarge = 192;
    // less one: a ring of a power of two holds that many
    return {queues * kSmall - 1, queues * kLarge - 1};
}

MemoryNeed memory_need(const std::vector<ClusterPlan>& clusters, std::size_t workers,
                       const Adapters& adapters) {
    MemoryNeed need;
    std::uint64_t bytes = kEalBytes;
    for (const ClusterPlan& cluster : clusters) {
        const std::uint64_t lanes = cluster.cpus.size();
        need.frame_room = std::max(need.frame_room, frame_room(cluster.port.mtu));
        const std::uint64_t rings = ring_buffers(cluster.outside, cluster.port, adapters) +
                                    ring_buffers(cluster.inside, cluster.port, adapters);
        need.pools[pool_node(cluster, adapters)] += static_cast<std::uint32_t>(
            lanes * (rings + kFrameSlots + kSteeredRing) + 2 * kControlRing);
        const ConnCapacity capacity =
            capacity_of(connections_per_worker(cluster.connections_max, lanes), cluster.tables);
        bytes += lanes * (connection_bytes(capacity) + kLaneBytes);
        for (const Device* device : {&cluster.outside, &cluster.inside})
            bytes += tap_bytes(*device, lanes, frame_room(cluster.port.mtu));
    }
    for (auto& [node, buffers] : need.pools) {
        buffers += static_cast<std::uint32_t>(workers * (2 * kBufferCache + 2 * kBurstMax) +
                                              2 * kBufferCache);
        need.buffers += buffers;
    }
    bytes += need.buffers * (kBufferExtraBytes + need.frame_room);
    need.bytes = bytes + bytes / 8;
    return need;
}

}  // namespace nlb::dataplane
