// A frame as the lab's switch holds it: bytes from the destination MAC on, VLAN tags included.
// It looks at MACs, tags and the ethertype and at nothing behind them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nlb::lab {

inline constexpr std::size_t kFrameBytesMax = 9216;
inline constexpr std::size_t kMacBytes = 6;
inline constexpr std::size_t kMacsBytes = 2 * kMacBytes;
inline constexpr std::size_t kTagBytes = 4;
inline constexpr std::size_t kFrameBytesMin = kMacsBytes + 2;

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

// The six bytes as a number, for tables.
std::uint64_t mac_at(View frame, std::size_t offset);

// Behind all tags; 0 when the frame ends before it. Requires: at least kFrameBytesMin bytes.
std::uint16_t ethertype_of(View frame);

bool is_group(std::uint64_t mac);

// Puts an 802.1Q tag in front of what the frame bears; id 0 makes a priority tag.
void push_tag(Bytes& frame, std::uint16_t vlan);

// Takes the outermost tag off; nothing happens to a frame without one.
void pop_tag(Bytes& frame);

}  // namespace nlb::lab
