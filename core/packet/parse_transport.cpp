// TCP, UDP, ICMP and the flow that an ICMP error quotes. Checksums of payloads are the server's
// business.
#include "core/packet/headers.hpp"
#include "core/packet/parse_network.hpp"
#include "core/packet/session_protocols.hpp"
#include "core/packet/transport_headers.hpp"

namespace nlb {
namespace {

// RFC 792 promises eight quoted bytes; the ports are the first four.
constexpr std::size_t kQuotedPortBytes = 4;

Reason parse_tcp(const Byte* at, std::size_t left, PacketInfo& info) {
    if (!is_whole_tcp(at, left)) return Reason::transport_header;
    const auto header = load_header<TcpHeader>(at);
    info.client_port = header.source.host();
    info.vip_port = header.destination.host();
    info.tcp_flags = header.flags;
    if (is_session_port(kProtocolTcpBit, info.vip_port))
        info.session_role = is_plain_syn(header.flags) ? SessionRole::begins : SessionRole::control;
    return Reason::live;
}

Reason parse_udp(const Byte* at, std::size_t left, PacketInfo& info) {
    const bool fragment = (info.traits & kTraitFirstFragment) != 0;
    if (!(fragment ? is_udp_header(at, left) : is_whole_udp(at, left)))
        return Reason::transport_header;
    const auto header = load_header<UdpHeader>(at);
    info.client_port = header.source.host();
    info.vip_port = header.destination.host();
    if (is_session_port(kProtocolUdpBit, info.vip_port)) {
        info.traits |= kTraitSession;
        if (is_ike_initiation(info.vip_port, at + sizeof header, left - sizeof header))
            info.session_role = SessionRole::begins;
    }
    return Reason::live;
}

// The least that each of these has (RFC 2784 2.1, RFC 4303 2, RFC 4302 2).
std::size_t least_bytes(std::uint8_t protocol) {
    return protocol == kProtocolGre              ? 4
           : protocol == kProtocolEsp            ? 8
           : protocol == kProtocolAuthentication ? 12
                                                 : 0;
}

Reason parse_portless(std::size_t left, PacketInfo& info) {
    info.traits |= kTraitNoPorts;
    if (!is_session_packet(info.protocol, 0)) return Reason::live;
    info.traits |= kTraitSession;
    return left < least_bytes(info.protocol) ? Reason::transport_header : Reason::live;
}

// The packet that an error is about, as far as it is quoted: it went from a VIP to the client.
struct Quoted {
    IpAddress source;
    IpAddress destination;
    std::uint8_t protocol = 0;
    bool later_fragment = false;
    std::size_t l4_offset = 0;
};

bool read_quoted_v4(const Byte* data, std::size_t at, std::size_t end, Quoted& quoted) {
    if (end - at < sizeof(Ipv4Header)) return false;
    const auto header = load_header<Ipv4Header>(data + at);
    const std::size_t bytes = std::size_t{header.version_length & 0x0fU} * 4;
    if (header.version_length >> 4 != 4 || bytes < sizeof(Ipv4Header) || bytes > end - at)
        return false;
    quoted.source = mapped_from(data + at + offsetof(Ipv4Header, source));
    quoted.destination = mapped_from(data + at + offsetof(Ipv4Header, destination));
    quoted.protocol = header.protocol;
    quoted.later_fragment = (header.fragment.host() & kIpv4OffsetMask) != 0;
    quoted.l4_offset = at + bytes;
    return true;
}

bool read_quoted_v6(const Byte* data, std::size_t at, std::size_t end, Quoted& quoted) {
    if (end - at < sizeof(Ipv6Header) || data[at] >> 4 != 6) return false;
    const auto header = load_header<Ipv6Header>(data + at);
    const ExtensionChain chain =
        walk_extensions(data, at + sizeof(Ipv6Header), end, header.next_header);
    if (chain.reason != Reason::live) return false;
    quoted.source = header.source;
    quoted.destination = header.destination;
    quoted.protocol = chain.protocol;
    quoted.later_fragment = (chain.traits & kTraitLaterFragment) != 0;
    quoted.l4_offset = chain.offset;
    return true;
}

// The error takes on the quoted flow's name. One whose quoted source is not the address it was sent
// to is about no flow of that address: it keeps its own name and goes where the rest goes.
Reason parse_quoted(const Byte* data, std::size_t at, std::size_t end, PacketInfo& info) {
    Quoted quoted;
    const bool readable = info.ip_version == 4 ? read_quoted_v4(data, at, end, quoted)
                                               : read_quoted_v6(data, at, end, quoted);
    if (!readable) return Reason::transport_header;
    info.traits |= kTraitNoPorts;
    if (quoted.source != info.vip) return Reason::live;
    info.traits |= kTraitIcmpError;
    info.client = quoted.destination;
    info.protocol = quoted.protocol;
    if (is_session_packet(quoted.protocol, 0)) info.traits |= kTraitSession;
    if (quoted.later_fragment ||
        (quoted.protocol != kProtocolTcp && quoted.protocol != kProtocolUdp))
        return Reason::live;
    if (end - quoted.l4_offset < kQuotedPortBytes) return Reason::transport_header;
    info.traits &= static_cast<std::uint8_t>(~kTraitNoPorts);
    info.vip_port = load_big_endian<std::uint16_t>(data + quoted.l4_offset);
    info.client_port = load_big_endian<std::uint16_t>(data + quoted.l4_offset + 2);
    if (is_session_packet(quoted.protocol, info.vip_port)) info.traits |= kTraitSession;
    return Reason::live;
}

Reason parse_icmp(const Byte* data, std::size_t end, PacketInfo& info) {
    const std::size_t at = info.l4_offset;
    if (end - at < sizeof(IcmpHeader)) return Reason::transport_header;
    const std::uint8_t type = data[at];
    if (type == kIcmpEchoRequest) info.traits |= kTraitEchoRequest;
    if (is_icmp_error(type)) return parse_quoted(data, at + sizeof(IcmpHeader), end, info);
    info.traits |= kTraitNoPorts;
    return Reason::live;
}

Reason parse_icmpv6(const Byte* data, std::size_t end, PacketInfo& info) {
    const std::size_t at = info.l4_offset;
    if (end - at < sizeof(IcmpHeader)) return Reason::transport_header;
    const std::uint8_t type = data[at];
    if (is_icmpv6_error(type)) {
        const PacketInfo plain = info;
        const Reason reason = parse_quoted(data, at + sizeof(IcmpHeader), end, info);
        if (reason == Reason::live || is_defined_icmpv6_error(type)) return reason;
        info = plain;  // it has its body elsewhere: it goes where the rest goes
    }
    if (type == kIcmpv6EchoRequest) info.traits |= kTraitEchoRequest;
    if (type == kIcmpv6NeighbourSolicitation || type == kIcmpv6NeighbourAdvertisement)
        info.traits |= kTraitNeighbour;
    info.traits |= kTraitNoPorts;
    return Reason::live;
}

}  // namespace

Reason parse_transport(const Frame& frame, std::size_t end, PacketInfo& info) {
    const Byte* const at = frame.data + info.l4_offset;
    const std::size_t left = end - info.l4_offset;
    if (info.protocol == kProtocolTcp) return parse_tcp(at, left, info);
    if (info.protocol == kProtocolUdp) return parse_udp(at, left, info);
    if (info.protocol == kProtocolIcmp && info.ip_version == 4)
        return parse_icmp(frame.data, end, info);
    if (info.protocol == kProtocolIcmpv6 && info.ip_version == 6)
        return parse_icmpv6(frame.data, end, info);
    return parse_portless(left, info);
}

}  // namespace nlb
