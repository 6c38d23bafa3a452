// A flow's key and the descriptor that keeps it on its host when its bucket moves
// (docs/packet-path.md has the table of descriptors). `Connections` is what the track stage needs
// of a connection table: the dataplane brings one of rte_hash, tests and explain a small one
// (core/flow/simple_connections.hpp). Nothing here decides about a packet.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/types.hpp"

namespace nlb {

// Ports in host order; of a session both are 0 (core/flow/sessions.hpp).
struct FlowKey {
    IpAddress client;
    IpAddress vip;
    std::uint16_t client_port;
    std::uint16_t vip_port;
    std::uint8_t protocol;
    std::array<Byte, 3> zero;
    bool operator==(const FlowKey&) const = default;
};
static_assert(sizeof(FlowKey) == 40 && std::has_unique_object_representations_v<FlowKey>);

// `ipsec` and `gre` are the established sessions of core/flow/sessions.hpp.
enum class FlowState : std::uint8_t { half_open, established, closing, ipsec, gre };

struct Descriptor {
    std::uint32_t seen_s;  // seconds of the host's monotonic clock
    RuleId rule;
    BucketId bucket;
    FlowState state;
    std::uint8_t marks;  // kMark* bits
    // What the client acknowledges that has heard this host's server; with kMarkAnswered.
    std::uint32_t answer;
};
static_assert(sizeof(Descriptor) == 12 && std::has_unique_object_representations_v<Descriptor>);

inline constexpr std::uint8_t kMarkClientFin = 1;
inline constexpr std::uint8_t kMarkServerFin = 2;
inline constexpr std::uint8_t kMarkStale = 4;  // not looked up for long: its next packet will be
inline constexpr std::uint8_t kMarkAnswered = 8;
// Closing because the client is said to have sent an RST: its next packet says that it has not.
inline constexpr std::uint8_t kMarkReset = 16;

class FlowIndex;

// A flood of SYNs holds at most a quarter of a table: the rest is for flows that somebody has
// answered. And none of the last sixteenth: a hash table that is nearly full refuses keys although
// some place is free.
[[nodiscard]] constexpr std::size_t nearly_full_at(std::size_t capacity) {
    return capacity - capacity / 16;
}
[[nodiscard]] constexpr std::size_t half_open_most_of(std::size_t capacity) {
    return capacity < 4 ? 1 : capacity / 4;
}

// One worker's descriptors. Thread: that worker. A pointer is valid until its descriptor is erased,
// whatever is inserted or erased beside it.
// The table owns a FlowIndex (core/flow/flow_index.hpp): insert tells it the descriptor it
// stored, and erase the one that it is about to remove, whoever calls them (the sweep too).
template <class Table>
concept Connections = requires(Table& table, const FlowKey& key, const FlowKey* const* keys,
                               Descriptor** found, std::size_t count) {
    { table.find(key) } -> std::same_as<Descriptor*>;  // nullptr: none
    // nullptr where none; count <= kBurstMax
    { table.find_bulk(keys, count, found) } -> std::same_as<void>;
    // nullptr: full. Requires: not there.
    { table.insert(key, Descriptor{}) } -> std::same_as<Descriptor*>;
    { table.erase(key) } -> std::same_as<bool>;
    // False: so many were evicted of late that half-open flows last too short to be answered.
    { table.may_evict() } -> std::same_as<bool>;
    // Erases a half-open descriptor, one of the older ones; false: found none where it looked.
    { table.evict_half_open() } -> std::same_as<bool>;
    { table.is_nearly_full() } -> std::same_as<bool>;  // by nearly_full_at()
    // of its capacity, by half_open_most_of()
    { table.half_open_most() } -> std::same_as<std::size_t>;
    { table.flow_index() } -> std::same_as<FlowIndex&>;
};

}  // namespace nlb
