// The formula of memory.hpp, and nothing else.
#include "dataplane/memory.hpp"

#include <algorithm>
#include <bit>

#include "core/burst.hpp"
#include "core/fragments.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kConnectionsLeast = 64;

std::uint64_t connection_bytes(std::uint32_t capacity) {
    const std::uint64_t n = capacity;
    return 56 * n + 12 * std::bit_ceil(n + 1);
}

}  // namespace

std::uint32_t connections_per_worker(std::uint32_t connections_max, std::size_t workers) {
    const auto count = static_cast<std::uint32_t>(workers);
    return std::max(kConnectionsLeast, (connections_max + count - 1) / count);
}

MemoryNeed memory_need(const std::vector<ClusterPlan>& clusters, std::size_t workers) {
    std::uint64_t buffers = workers * (2 * kBufferCache + 2 * kBurstMax) + 2 * kBufferCache;
    std::uint64_t bytes = kEalBytes;
    for (const ClusterPlan& cluster : clusters) {
        const std::uint64_t lanes = cluster.cpus.size();
        buffers += lanes * (2 * 2 * kRingDescriptors + kFramePlaces + kSteeredRing) + 2 * kControlRing;
        bytes += lanes * (connection_bytes(connections_per_worker(cluster.connections_max, lanes)) + kLaneBytes);
    }
    bytes += buffers * kBufferBytes;
    return {static_cast<std::uint32_t>(buffers), bytes + bytes / 8};
}

}  // namespace nlb::dataplane
