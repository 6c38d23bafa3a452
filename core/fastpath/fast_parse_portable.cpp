// One frame at a time, in plain C++: what fast_parse_avx2() must agree with, and what runs where
// there is no AVX2.
#include <algorithm>

#include "core/fastpath/fast_parse.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/transport_headers.hpp"
#include "core/tables/address_table.hpp"

namespace nlb {
namespace {

constexpr std::size_t kL3 = sizeof(EthernetHeader);
constexpr std::size_t kL4 = kL3 + sizeof(Ipv4Header);
constexpr std::uint16_t kFragmented = kIpv4MoreFragments | kIpv4OffsetMask;

std::uint32_t raw_word(const Byte* at) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

bool is_possible_client(std::uint32_t client) {
    const std::uint32_t network = client >> 24;
    return network != 0 && network != 127 && network >> 4 != 14 && client != 0xffff'ffff;
}

std::uint16_t raw_half(const Byte* at) {
    std::uint16_t half;
    std::memcpy(&half, at, sizeof half);
    return half;
}

// The index into MatchKeys; vip_count when there is none.
std::uint32_t find_vip(std::uint32_t raw, const MatchKeys& match_keys) {
    std::uint32_t i = 0;
    while (i < match_keys.vip_count && match_keys.vips[i] != raw) ++i;
    return i;
}

bool is_broadcast(std::uint32_t raw, const MatchKeys& match_keys) {
    for (std::uint32_t i = 0; i < match_keys.broadcast_count; ++i)
        if (match_keys.broadcasts[i] == raw) return true;
    return false;
}

}  // namespace

// A VIP that no packet could be sent to as an IPv4 unicast address is left to the stages.
MatchKeys::MatchKeys(const BurstContext& context) {
    const Tables& tables = context.tables;
    cluster_head = raw_word(tables.cluster_mac.bytes.data());
    cluster_tail = raw_half(tables.cluster_mac.bytes.data() + sizeof cluster_head);
    station_tail = raw_word(context.ports.station(tables).bytes.data() + 2);
    for (std::size_t i = 0; i < tables.vip_count; ++i) {
        const IpAddress& address = tables.addresses[i].address;
        if (!address.is_v4() || !is_possible_client(address.as_v4())) continue;
        vips[vip_count] = raw_word(&address.bytes[12]);
        vip_key[vip_count++] = rule_key(static_cast<std::uint8_t>(i), 0, 0);
    }
    for (std::size_t i = tables.vip_count;
         i < tables.address_count && tables.addresses[i].kind == AddressKind::broadcast; ++i)
        if (tables.addresses[i].address.is_v4())
            broadcasts[broadcast_count++] = raw_word(&tables.addresses[i].address.bytes[12]);
}

bool fast_parse_frame(const Burst& burst, std::uint32_t slot, const MatchKeys& match_keys,
                      FastParse& parsed) {
    const Frame& frame = burst.frames[slot];
    const Byte* const data = frame.data;
    if (frame.length < kL4 + sizeof(UdpHeader)) return false;
    const Byte* const ip = data + kL3;
    if (load_big_endian<std::uint16_t>(ip - 2) != kEthertypeIpv4 || ip[0] != 0x45) return false;
    if (raw_word(data) != match_keys.cluster_head || raw_half(data + 4) != match_keys.cluster_tail)
        return false;
    if (raw_word(data + kSourceMacOffset + 2) == match_keys.station_tail) return false;
    const std::size_t total =
        load_big_endian<std::uint16_t>(ip + offsetof(Ipv4Header, total_length));
    if (total < sizeof(Ipv4Header) || total > frame.length - kL3) return false;
    if ((load_big_endian<std::uint16_t>(ip + offsetof(Ipv4Header, fragment)) & kFragmented) != 0)
        return false;
    if (!ipv4_checksum_holds(ip, sizeof(Ipv4Header))) return false;

    const std::uint32_t source = raw_word(ip + offsetof(Ipv4Header, source));
    const std::uint32_t destination = raw_word(ip + offsetof(Ipv4Header, destination));
    const std::uint32_t client = load_big_endian<std::uint32_t>(ip + offsetof(Ipv4Header, source));
    const std::uint32_t vip = find_vip(destination, match_keys);
    if (vip == match_keys.vip_count || !is_possible_client(client) || source == destination ||
        is_broadcast(source, match_keys))
        return false;

    const std::uint8_t protocol = ip[offsetof(Ipv4Header, protocol)];
    const Byte* const l4 = data + kL4;
    const std::size_t l4_bytes = total - sizeof(Ipv4Header);
    std::uint8_t tcp_flags = 0;
    if (protocol == kProtocolTcp) {
        if (!is_whole_tcp(l4, l4_bytes)) return false;
        tcp_flags = l4[offsetof(TcpHeader, flags)];
    } else if (protocol != kProtocolUdp || !is_whole_udp(l4, l4_bytes)) {
        return false;
    }
    parsed.client[slot] = client;
    parsed.client_port[slot] = load_big_endian<std::uint16_t>(l4);
    parsed.tcp_flags[slot] = tcp_flags;
    parsed.begins_or_ends |= std::uint64_t{(tcp_flags & kTcpBeginsOrEnds) != 0} << slot;
    parsed.key[slot] = match_keys.vip_key[vip] |
                       rule_key(0, protocol == kProtocolTcp ? kProtocolTcpBit : kProtocolUdpBit,
                                load_big_endian<std::uint16_t>(l4 + 2));
    return true;
}

std::uint64_t fast_parse_portable(const Burst& burst, const MatchKeys& match_keys,
                                  FastParse& parsed) {
    std::uint64_t usual = 0;
    parsed.begins_or_ends = 0;
    for (std::uint32_t i = 0; i < burst.count; ++i)
        usual |= std::uint64_t{fast_parse_frame(burst, i, match_keys, parsed)} << i;
    return usual;
}

}  // namespace nlb
