// Frames of Linux "cooked" captures (`tcpdump -i any`, or of a device without Ethernet), made
// Ethernet frames again: link types 113 and 276 (pcap-linktype(7)). What such a capture does not
// hold is left zero, and its reader is told.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::cli {

inline constexpr std::uint32_t kLinkCooked = 113;
inline constexpr std::uint32_t kLinkCooked2 = 276;

// Bytes before the payload; 0: no cooked link type.
[[nodiscard]] std::size_t cooked_header_bytes(std::uint32_t link_type);

struct UncookedFrame {
    std::vector<Byte> bytes;
    // The destination MAC is zeros, because the capture does not hold it. Of a broadcast it is
    // known.
    bool lacks_destination = false;
};
// Requires: a cooked link type, and bytes.size() >= cooked_header_bytes(link_type).
[[nodiscard]] UncookedFrame uncooked(std::uint32_t link_type, std::span<const Byte> bytes);

}  // namespace nlb::cli
