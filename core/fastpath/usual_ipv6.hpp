// When a link layer and an IPv6 header are usual: what the portable fast parse and the fast path of
// fragments ask alike. It says nothing of what follows the header. Private to core/fastpath.
#pragma once

#include "core/fastpath/fast_parse.hpp"

namespace nlb {

namespace usual {

[[nodiscard]] inline bool is_unicast_v6(const Byte* address) {
    return load_header<std::uint64_t>(address) != 0 && address[0] != 0xff;
}
// A foreign link-local address may be the inside stack's.
[[nodiscard]] inline bool is_foreign_link_local(const Byte* address, RuleKey key) {
    return address_index_of(key) == kForeignAddress && address[0] == 0xfe &&
           (address[1] & 0xc0U) == 0x80;
}

}  // namespace usual

// Where the IPv6 header is: sent to the cluster, whole, and with addresses that can be. nullptr:
// the stages look at the frame. `address` is the key of its destination.
[[nodiscard]] inline const Byte* usual_ipv6(const Frame& frame, const MatchKeys& match_keys,
                                            RuleKey& address) {
    constexpr std::uint32_t kTypeAndVersion = std::uint32_t{kEthertypeIpv6} << 4 | 6;
    const std::size_t l4_offset = match_keys.l3 + sizeof(Ipv6Header);
    if (frame.length < l4_offset) return nullptr;
    const Byte* const ip = frame.data + match_keys.l3;
    if (load_big_endian<std::uint32_t>(ip - sizeof(be16)) >> 12 != kTypeAndVersion) return nullptr;
    if (!has_usual_link(frame.data, match_keys)) return nullptr;
    if (load_big_endian<std::uint16_t>(ip + offsetof(Ipv6Header, payload_length)) >
        frame.length - l4_offset)
        return nullptr;
    const Byte* const source = ip + offsetof(Ipv6Header, source);
    const Byte* const destination = ip + offsetof(Ipv6Header, destination);
    if (!usual::is_unicast_v6(source) || !usual::is_unicast_v6(destination) ||
        std::memcmp(source, destination, sizeof(IpAddress)) == 0)
        return nullptr;
    address = match_keys.index.address_key_v6(destination);
    return usual::is_foreign_link_local(destination, address) ? nullptr : ip;
}

}  // namespace nlb
