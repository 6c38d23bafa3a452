// Changes frames in the way of somebody who knows their layout: addresses and ports that matter,
// lengths and checksums put right, tags and extension headers in between. What it makes is often
// well-formed, so that the fuzzer gets past the first checks.
#pragma once

#include <vector>

#include "core/base/prng.hpp"
#include "core/base/types.hpp"

namespace nlb::fuzz {

// The VLAN of clusters that have one, and of many of the frames.
inline constexpr std::uint16_t kFuzzedVlan = 5;

// A well-formed frame of chance between a client and the addresses of
// tests/unit/core/packet/world.hpp.
[[nodiscard]] std::vector<Byte> random_frame(Prng& chance);

// One change to a frame; more often than not its lengths and its IPv4 checksum are right
// afterwards.
void change_frame(std::vector<Byte>& frame, Prng& chance, std::size_t max_size);

}  // namespace nlb::fuzz
