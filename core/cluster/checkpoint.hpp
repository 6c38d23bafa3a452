// What a control plane writes down with the dataplane before it states it, so that its successor
// may go on (R10). The bytes are opaque to the dataplane; a checkpoint that does not decode counts
// as none, and the successor starts afresh.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

struct PeerSequence {
    HostId id = kNoHost;
    Incarnation incarnation;
    std::uint64_t sequence = 0;
    bool operator==(const PeerSequence&) const = default;
};

struct Checkpoint {
    bool member = false;
    Incarnation incarnation;
    std::uint64_t sequence = 0;
    std::uint32_t highest_counter = 0;
    ClusterMap map;
    std::vector<MemberEntry> buried;  // the newest kBuriedMax
    std::vector<PeerSequence> peers;
    std::uint64_t config_digest = 0;
    // when the newest beats were sent, newest first: R3's cap goes on from them
    std::vector<Instant> beats;
    bool operator==(const Checkpoint&) const = default;
};
inline constexpr std::size_t kBuriedMax = 128;
inline constexpr std::size_t kBeatsKept = 16;

[[nodiscard]] std::vector<Byte> encode_checkpoint(const Checkpoint& checkpoint);
[[nodiscard]] std::optional<Checkpoint> decode_checkpoint(std::span<const Byte> bytes);

}  // namespace nlb
