// How large a frame may be: what cores have buffers for, and what `nlb explain` says of larger
// ones. An adapter drops most of these before, as longer than its MTU.
#pragma once

#include <cstdint>

namespace nlb {

inline constexpr std::uint16_t kMtuDefault = 1500;
inline constexpr std::uint16_t kMtuMin = 1280;  // RFC 8200, section 5
inline constexpr std::uint16_t kMtuMax = 9216;
// Ethernet header, two VLAN tags, and the checksum that some adapters leave.
inline constexpr std::uint16_t kFrameOverhead = 14 + 2 * 4 + 4;
// Of a buffer of the usual MTU, whose frames take less.
inline constexpr std::uint16_t kFrameRoomUsual = 2048;

// Of a large buffer of a tap (dataplane/tap): what one kernel hands to another unsegmented. One
// byte less than the buffer has, as the kernel says nothing of what it had to cut off.
inline constexpr std::uint16_t kFrameRoomJoined = 65535 - 128 - 1;

// The bytes of a frame that one buffer holds. `mtu` 0: the usual one. Adapters count buffers in
// steps of 1,024 bytes. Requires: mtu <= kMtuMax.
[[nodiscard]] constexpr std::uint16_t frame_room(std::uint16_t mtu) {
    const std::uint32_t frame = std::uint32_t{mtu} + kFrameOverhead;
    if (frame <= kFrameRoomUsual) return kFrameRoomUsual;
    return static_cast<std::uint16_t>((frame + 1023) / 1024 * 1024);
}

}  // namespace nlb
