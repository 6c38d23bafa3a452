// IPv4, one frame at a time, in plain C++: what fast_parse_avx2() must agree with, and what runs
// where there is no AVX2.
#include <array>
#include <cstring>

#include "core/fastpath/fast_parse.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/transport_headers.hpp"

namespace nlb {
namespace {

constexpr std::uint16_t kFragmented = kIpv4MoreFragments | kIpv4OffsetMask;

bool is_possible_client(std::uint32_t client) {
    const std::uint32_t network = client >> 24;
    return network != 0 && network != 127 && network >> 4 != 14 && client != 0xffff'ffff;
}

// One that classification would call nobody's: no group, no broadcast, no loopback.
bool is_possible_destination(std::uint32_t destination) {
    const std::uint32_t network = destination >> 24;
    return network != 127 && network >> 4 != 14 && destination != 0xffff'ffff;
}

bool is_broadcast(std::uint32_t raw, const TablesIndex& index) {
    for (std::uint32_t i = 0; i < index.broadcast_count; ++i)
        if (index.broadcasts[i] == raw) return true;
    return false;
}

}  // namespace

MatchKeys::MatchKeys(const BurstContext& context)
    : index(*context.index),
      station_tail(raw_word(context.ports.station(context.tables).bytes.data() + 2)),
      cluster_head(raw_word(context.tables.cluster_mac.bytes.data())),
      cluster_tail(raw_half(context.tables.cluster_mac.bytes.data() + sizeof cluster_head)) {
    if (context.tables.vlan == 0) return;
    std::array<Byte, kVlanTagBytes> bytes;
    store_big_endian(bytes.data(), kEthertypeVlan);
    store_big_endian(bytes.data() + 2, context.tables.vlan);
    tag = raw_word(bytes.data());
    l3 += kVlanTagBytes;
}

bool fast_parse_frame(const Burst& burst, std::uint32_t slot, const MatchKeys& match_keys,
                      FastParse& parsed) {
    const Frame& frame = burst.frames[slot];
    const Byte* const data = frame.data;
    const std::size_t l3 = match_keys.l3;
    const std::size_t l4_offset = l3 + sizeof(Ipv4Header);
    if (frame.length < l4_offset + sizeof(UdpHeader)) return false;
    const Byte* const ip = data + l3;
    if (load_big_endian<std::uint16_t>(ip - 2) != kEthertypeIpv4 || ip[0] != 0x45) return false;
    if (!has_usual_link(data, match_keys)) return false;
    const std::size_t total =
        load_big_endian<std::uint16_t>(ip + offsetof(Ipv4Header, total_length));
    if (total > frame.length - l3) return false;
    if (!ipv4_checksum_holds(ip, sizeof(Ipv4Header))) return false;

    const Byte* const source = ip + offsetof(Ipv4Header, source);
    const Byte* const destination = ip + offsetof(Ipv4Header, destination);
    const auto client = load_big_endian<std::uint32_t>(source);
    if (!is_possible_client(client) || raw_word(source) == raw_word(destination) ||
        is_broadcast(raw_word(source), match_keys.index) ||
        !is_possible_destination(load_big_endian<std::uint32_t>(destination)))
        return false;

    const RuleKey address = match_keys.index.address_key_v4(raw_word(destination));
    if ((load_big_endian<std::uint16_t>(ip + offsetof(Ipv4Header, fragment)) & kFragmented) != 0) {
        parsed.fragments |= std::uint64_t{1} << slot;
        parsed.key[slot] = address;
        return false;
    }
    if (total < sizeof(Ipv4Header)) return false;
    const std::uint8_t protocol = ip[offsetof(Ipv4Header, protocol)];
    const Byte* const l4 = data + l4_offset;
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
    parsed.key[slot] =
        address | rule_key(0, protocol == kProtocolTcp ? kProtocolTcpBit : kProtocolUdpBit,
                           load_big_endian<std::uint16_t>(l4 + 2));
    return true;
}

std::uint64_t fast_parse_portable(const Burst& burst, const MatchKeys& match_keys,
                                  FastParse& parsed) {
    std::uint64_t usual = 0;
    parsed.begins_or_ends = parsed.fragments = 0;
    parsed.over_v6 = false;
    for (std::uint32_t i = 0; i < burst.count; ++i)
        usual |= std::uint64_t{fast_parse_frame(burst, i, match_keys, parsed)} << i;
    return usual;
}

}  // namespace nlb
