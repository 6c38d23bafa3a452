// IPv6, one frame at a time, in plain C++: what fast_parse_v6_avx2() must agree with, and what runs
// where there is no AVX2. Addresses that begin with eight bytes of zero (unspecified, loopback,
// IPv4-mapped) are no client's and no usual destination; the stages say why.
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/usual_ipv6.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/transport_headers.hpp"

namespace nlb {

bool fast_parse_frame_v6(const Burst& burst, std::uint32_t slot, const MatchKeys& match_keys,
                         FastParse& parsed) {
    const Frame& frame = burst.frames[slot];
    const std::size_t l4_offset = match_keys.l3 + sizeof(Ipv6Header);
    if (frame.length < l4_offset + sizeof(UdpHeader)) return false;
    RuleKey address;
    const Byte* const ip = usual_ipv6(frame, match_keys, address);
    if (ip == nullptr) return false;
    const Byte* const l4 = frame.data + l4_offset;
    const std::size_t bytes =
        load_big_endian<std::uint16_t>(ip + offsetof(Ipv6Header, payload_length));
    const std::uint8_t protocol = ip[offsetof(Ipv6Header, next_header)];
    std::uint8_t tcp_flags = 0;
    if (protocol == kProtocolTcp) {
        if (!is_whole_tcp(l4, bytes)) return false;
        tcp_flags = l4[offsetof(TcpHeader, flags)];
    } else if (protocol != kProtocolUdp || !is_whole_udp(l4, bytes)) {
        return false;
    }
    const Byte* const source = ip + offsetof(Ipv6Header, source);
    for (std::size_t word = 0; word < parsed.client_upper.size(); ++word)
        parsed.client_upper[word][slot] = load_big_endian<std::uint32_t>(source + 4 * word);
    parsed.client[slot] = load_big_endian<std::uint32_t>(source + 12);
    parsed.client_port[slot] = load_big_endian<std::uint16_t>(l4);
    parsed.tcp_flags[slot] = tcp_flags;
    parsed.begins_or_ends |= std::uint64_t{(tcp_flags & kTcpBeginsOrEnds) != 0} << slot;
    parsed.key[slot] =
        address | rule_key(0, protocol == kProtocolTcp ? kProtocolTcpBit : kProtocolUdpBit,
                           load_big_endian<std::uint16_t>(l4 + 2));
    return true;
}

std::uint64_t fast_parse_v6_portable(const Burst& burst, const MatchKeys& match_keys,
                                     FastParse& parsed) {
    std::uint64_t usual = 0;
    parsed.begins_or_ends = parsed.fragments = 0;
    parsed.over_v6 = true;
    for (std::uint32_t i = 0; i < burst.count; ++i)
        usual |= std::uint64_t{fast_parse_frame_v6(burst, i, match_keys, parsed)} << i;
    return usual;
}

}  // namespace nlb
