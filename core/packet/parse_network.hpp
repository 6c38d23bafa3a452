// The parser below the link layer, for the parse and mask stages: from an IP header to what
// PacketInfo says. It follows no pointer past `end` and settles nothing itself: Reason::live means
// well-formed.
#pragma once

#include "core/packet/burst.hpp"

namespace nlb {

// Where the IP header starts: behind at most kVlanTagsMax tags. A tag with id 0 only tells a
// priority (IEEE 802.1Q 6.9): `vlan` is the id of the outermost other tag, 0 when there is none.
struct LinkLayer {
    Reason reason = Reason::live;
    std::uint16_t ethertype = 0;
    std::uint16_t l3_offset = 0;
    std::uint16_t vlan = 0;
};
[[nodiscard]] LinkLayer parse_link(const Frame& frame);

// Require: info.l3_offset is set and within the frame.
[[nodiscard]] Reason parse_ipv4(const Frame& frame, PacketInfo& info);
[[nodiscard]] Reason parse_ipv6(const Frame& frame, PacketInfo& info);

// The transport header at info.l4_offset of a packet that ends at `end`; info.protocol says which.
// Requires: info.l4_offset <= end <= frame.length.
[[nodiscard]] Reason parse_transport(const Frame& frame, std::size_t end, PacketInfo& info);

// The chain of IPv6 extension headers from `at` on (RFC 8200 4.1), at most kExtensionHeadersMax of
// them.
struct ExtensionChain {
    Reason reason = Reason::live;
    std::uint8_t protocol = 0;  // what follows the chain
    std::uint8_t traits = 0;    // kTraitFirstFragment, kTraitLaterFragment
    std::size_t offset = 0;     // where it starts
    FragmentInfo fragment{};
    std::size_t fragment_data = 0;  // where the data of the fragment starts
};
inline constexpr std::size_t kExtensionHeadersMax = 8;
// Requires: at <= end, and `end` readable bytes at `data`.
[[nodiscard]] ExtensionChain walk_extensions(const Byte* data, std::size_t at, std::size_t end,
                                             std::uint8_t next_header);

}  // namespace nlb
