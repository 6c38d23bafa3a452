// The seal of a cluster frame: 24 bits that a core computes in tens of nanoseconds, so that it can
// tell the cluster's own frames from a flood of forged ones. It authenticates nothing: a frame that
// bears it has still to show its tag (core/wire/cluster_frames.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/types.hpp"

namespace nlb {

// The header's last three bytes; what lies before them, the tag included, is what they seal.
inline constexpr std::size_t kSealOffset = 61;
inline constexpr std::size_t kSealBytes = 3;

struct SealKey {
    std::array<std::uint64_t, 2> words{};
    bool operator==(const SealKey&) const = default;
};

// The keys that frames may be sealed with now; the first one is used to send. None: nothing is
// sealed, and nothing is taken for it.
inline constexpr std::size_t kSealKeysMax = 4;
struct SealKeys {
    std::array<SealKey, kSealKeysMax> keys{};
    std::uint64_t count = 0;
    bool operator==(const SealKeys&) const = default;
};

// SipHash-2-4 (Aumasson, Bernstein 2012).
[[nodiscard]] std::uint64_t siphash(const SealKey& key, std::span<const Byte> bytes);

// Requires: body.size() >= kSealOffset + kSealBytes. `body` begins after the Ethernet header.
void seal(std::span<Byte> body, const SealKey& key);
[[nodiscard]] bool is_sealed(std::span<const Byte> body, const SealKeys& keys);

}  // namespace nlb
