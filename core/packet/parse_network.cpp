// IPv4, IPv6 and the IPv6 extension headers: lengths, checksum and addresses that cannot be (RFC
// 791, 1122 3.2.1.3, 8200).
#include "core/packet/parse_network.hpp"

#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"

namespace nlb {
namespace {

// A switch that has no address asks for group members from 0.0.0.0 (RFC 4541 2.1.1), and a host
// that has none yet asks a DHCP or BOOTP server for one (RFC 951, 2131); nobody else has a reason
// to send from there. Whether the host asks everybody is classify's to say, which knows the
// broadcast addresses.
Reason judge_addresses_v4(std::uint32_t source, std::uint32_t destination, std::uint8_t protocol) {
    const bool nameless_querier = protocol == kProtocolIgmp && destination >> 28 == 14;
    if (source == 0 && (nameless_querier || protocol == kProtocolUdp)) return Reason::live;
    if (source >> 24 == 0) return Reason::martian_unspecified;
    if (source >> 24 == 127 || destination >> 24 == 127) return Reason::martian_loopback;
    if (source >> 28 == 14) return Reason::martian_multicast;
    if (source == 0xffff'ffff) return Reason::martian_broadcast;
    if (source == destination) return Reason::martian_land;
    return Reason::live;
}

Reason judge_addresses_v6(const IpAddress& source, const IpAddress& destination) {
    constexpr IpAddress kUnspecified{};
    constexpr IpAddress kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    const bool to_group = destination.bytes[0] == 0xff;
    // Duplicate address detection and router solicitations have no source yet; they are sent to
    // groups.
    if (source == kUnspecified) return to_group ? Reason::live : Reason::martian_unspecified;
    if (source.bytes[0] == 0xff) return Reason::martian_multicast;
    if (source == kLoopback || destination == kLoopback) return Reason::martian_loopback;
    if (source.is_v4() || destination.is_v4()) return Reason::martian_mapped;
    if (source == destination) return Reason::martian_land;
    return Reason::live;
}

// Its offset in the datagram (RFC 791 3.2, RFC 8200 4.5). RFC 3128: a TCP fragment at offset 8
// would overwrite the flags of the first one.
Reason judge_fragment(PacketInfo& info, std::size_t bytes) {
    FragmentInfo& fragment = info.fragment;
    fragment.bytes = static_cast<std::uint16_t>(bytes);
    if (fragment.offset + bytes > kDatagramBytesMax) return Reason::ip_total_length;
    if (bytes == 0 || (fragment.last == 0 && bytes % 8 != 0)) return Reason::fragment_malformed;
    return info.protocol == kProtocolTcp && fragment.offset == 8 ? Reason::fragment_tiny
                                                                 : Reason::live;
}

// A first fragment must show the whole transport header, or rules could be evaded (RFC 1858 3, RFC
// 8200 4.5).
Reason parse_first_fragment(const Frame& frame, std::size_t end, std::size_t bytes,
                            PacketInfo& info) {
    info.traits |= kTraitFirstFragment;
    const Reason reason = parse_transport(frame, end, info);
    if (reason != Reason::live)
        return reason == Reason::transport_header ? Reason::fragment_tiny : reason;
    return judge_fragment(info, bytes);
}

// Bytes of the extension header at `at`, 0 when it does not say. Requires: two readable bytes.
std::size_t extension_bytes(std::uint8_t header, const Byte* at) {
    const std::size_t units = at[1];
    if (header == kProtocolFragment) return sizeof(Ipv6FragmentHeader);
    return (units + 1) * 8;
}

// An authentication header ends the chain: what it protects belongs to an IPsec session, whatever
// its ports.
bool is_extension(std::uint8_t header) {
    return header == kProtocolHopByHop || header == kProtocolRouting ||
           header == kProtocolFragment || header == kProtocolDestinationOptions;
}

// Type 0 with segments left is the amplifier that RFC 5095 abolished.
bool is_source_route(std::uint8_t header, const Byte* at) {
    return header == kProtocolRouting && at[2] == 0 && at[3] != 0;
}

// Neither offset nor more: an atomic fragment is a whole packet (RFC 6946).
void read_fragment_header(const Byte* data, ExtensionChain& chain) {
    const auto header = load_header<Ipv6FragmentHeader>(data + chain.offset);
    const std::uint16_t word = header.offset_more.host();
    const auto offset = static_cast<std::uint16_t>(word & kIpv6OffsetMask);
    const bool more = (word & 1U) != 0;
    chain.fragment = {header.identification.host(),     offset, 0, 0,
                      static_cast<std::uint8_t>(!more), 0};
    chain.fragment_data = chain.offset + sizeof header;
    if (offset != 0)
        chain.traits = kTraitLaterFragment;
    else if (more)
        chain.traits = kTraitFirstFragment;
}

// Of UDP from 0.0.0.0: whole, and to a DHCP or BOOTP server, or a martian.
Reason judge_nameless(Reason parsed, const PacketInfo& info) {
    const bool asks_for_address = parsed == Reason::live && info.vip_port == kBootpServerPort &&
                                  (info.traits & kFragmentTraits) == 0;
    return asks_for_address ? Reason::live : Reason::martian_unspecified;
}

// What follows the header. Requires: its lengths are sound, and `info` has its addresses.
Reason parse_behind_ipv4(const Frame& frame, const Ipv4Header& header, std::size_t header_bytes,
                         PacketInfo& info) {
    const std::size_t total = header.total_length.host();
    const std::size_t end = info.l3_offset + total;
    const std::uint16_t fragment = header.fragment.host();
    if ((fragment & (kIpv4OffsetMask | kIpv4MoreFragments)) == 0)
        return parse_transport(frame, end, info);
    const auto offset = static_cast<std::uint16_t>((fragment & kIpv4OffsetMask) * 8);
    const bool last = (fragment & kIpv4MoreFragments) == 0;
    info.fragment = {header.identification.host(),    offset, 0, 0,
                     static_cast<std::uint8_t>(last), 0};
    if (offset == 0) return parse_first_fragment(frame, end, total - header_bytes, info);
    info.traits = kTraitLaterFragment | kTraitNoPorts;
    return judge_fragment(info, total - header_bytes);
}

}  // namespace

Reason parse_ipv4(const Frame& frame, PacketInfo& info) {
    const Byte* const at = frame.data + info.l3_offset;
    const std::size_t left = frame.length - std::size_t{info.l3_offset};
    if (left < sizeof(Ipv4Header)) return Reason::truncated;
    const auto header = load_header<Ipv4Header>(at);
    if (header.version_length >> 4 != 4) return Reason::ip_version;
    const std::size_t header_bytes = std::size_t{header.version_length & 0x0fU} * 4;
    if (header_bytes < sizeof(Ipv4Header) || header_bytes > left) return Reason::ip_header_length;
    const std::size_t total = header.total_length.host();
    if (total < header_bytes || total > left) return Reason::ip_total_length;
    if (!ipv4_checksum_holds(at, header_bytes)) return Reason::ip_checksum;
    const Reason addresses =
        judge_addresses_v4(header.source.host(), header.destination.host(), header.protocol);
    if (addresses != Reason::live) return addresses;

    info.ip_version = 4;
    info.protocol = header.protocol;
    info.client = mapped_from(at + offsetof(Ipv4Header, source));
    info.vip = mapped_from(at + offsetof(Ipv4Header, destination));
    info.l4_offset = static_cast<std::uint16_t>(info.l3_offset + header_bytes);
    const Reason parsed = parse_behind_ipv4(frame, header, header_bytes, info);
    const bool nameless = header.source.host() == 0 && header.protocol == kProtocolUdp;
    return nameless ? judge_nameless(parsed, info) : parsed;
}

Reason parse_ipv6(const Frame& frame, PacketInfo& info) {
    const Byte* const at = frame.data + info.l3_offset;
    const std::size_t left = frame.length - std::size_t{info.l3_offset};
    if (left < sizeof(Ipv6Header)) return Reason::truncated;
    const auto header = load_header<Ipv6Header>(at);
    if (at[0] >> 4 != 6) return Reason::ip_version;
    const std::size_t total = sizeof(Ipv6Header) + header.payload_length.host();
    if (total > left) return Reason::ip_total_length;
    const Reason addresses = judge_addresses_v6(header.source, header.destination);
    if (addresses != Reason::live) return addresses;

    info.ip_version = 6;
    info.client = header.source;
    info.vip = header.destination;
    const std::size_t end = info.l3_offset + total;
    const ExtensionChain chain =
        walk_extensions(frame.data, info.l3_offset + sizeof(Ipv6Header), end, header.next_header);
    info.traits = chain.traits;
    if (chain.reason != Reason::live)
        return (chain.traits & kTraitFirstFragment) != 0 ? Reason::fragment_tiny : chain.reason;
    info.protocol = chain.protocol;
    info.l4_offset = static_cast<std::uint16_t>(chain.offset);
    if (chain.traits == 0) return parse_transport(frame, end, info);
    info.fragment = chain.fragment;
    if (chain.traits == kTraitFirstFragment)
        return parse_first_fragment(frame, end, end - chain.fragment_data, info);
    info.traits |= kTraitNoPorts;
    return judge_fragment(info, end - chain.fragment_data);
}

ExtensionChain walk_extensions(const Byte* data, std::size_t at, std::size_t end,
                               std::uint8_t next_header) {
    ExtensionChain chain{Reason::live, next_header, 0, at, {}, 0};
    const std::size_t first = at;
    bool fragmented = false;
    for (std::size_t headers = 0; is_extension(chain.protocol); ++headers) {
        const std::uint8_t header = chain.protocol;
        const bool misplaced = (header == kProtocolHopByHop && chain.offset != first) ||
                               (header == kProtocolFragment && fragmented);
        const bool fits = chain.offset + 8 <= end &&
                          chain.offset + extension_bytes(header, data + chain.offset) <= end;
        if (headers == kExtensionHeadersMax || misplaced || !fits ||
            is_source_route(header, data + chain.offset)) {
            chain.reason = Reason::ip_extension_headers;
            return chain;
        }
        chain.protocol = data[chain.offset];
        if (header == kProtocolFragment) {
            fragmented = true;
            read_fragment_header(data, chain);
        }
        chain.offset += extension_bytes(header, data + chain.offset);
        // what follows is the middle of something
        if ((chain.traits & kTraitLaterFragment) != 0) return chain;
    }
    return chain;
}

}  // namespace nlb
