// Headers from the inside out: transport, network, link.
#include "core/packet/frame_builder.hpp"

#include "core/base/assert.hpp"
#include "core/packet/checksum.hpp"

namespace nlb {
namespace {

constexpr std::size_t kPacketBytesMax = 65535;

template <class Header>
void append(std::vector<Byte>& bytes, const Header& header) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof header);
    store_header(bytes.data() + at, header);
}

void append_run(std::vector<Byte>& bytes, std::span<const Byte> run) {
    bytes.insert(bytes.end(), run.begin(), run.end());
}

// Writes the checksum of `bytes` at `offset`. ICMP for IPv4 has no pseudo header.
void seal(std::vector<Byte>& bytes, const FrameSpec& spec, std::size_t offset) {
    const std::uint64_t pseudo =
        spec.protocol == kProtocolIcmp
            ? 0
            : pseudo_header_sum(spec.source, spec.destination, spec.protocol, bytes.size());
    std::uint16_t checksum = checksum_finish(checksum_add(pseudo, bytes.data(), bytes.size()));
    // RFC 768: zero means none
    if (spec.protocol == kProtocolUdp && checksum == 0) checksum = 0xffff;
    store_big_endian(bytes.data() + offset, checksum);
}

std::vector<Byte> build_transport(const FrameSpec& spec) {
    std::vector<Byte> bytes;
    switch (spec.protocol) {
        case kProtocolTcp:
            append(bytes, TcpHeader{be16{spec.source_port}, be16{spec.destination_port},
                                    be32{spec.sequence}, be32{spec.acknowledgement}, 5 << 4,
                                    spec.tcp_flags, be16{65535}, be16{0}, be16{0}});
            append_run(bytes, spec.payload);
            seal(bytes, spec, offsetof(TcpHeader, checksum));
            break;
        case kProtocolUdp:
            append(
                bytes,
                UdpHeader{be16{spec.source_port}, be16{spec.destination_port},
                          be16{static_cast<std::uint16_t>(sizeof(UdpHeader) + spec.payload.size())},
                          be16{0}});
            append_run(bytes, spec.payload);
            seal(bytes, spec, offsetof(UdpHeader, checksum));
            break;
        case kProtocolIcmp:
        case kProtocolIcmpv6: {
            const bool echo =
                spec.icmp_type == kIcmpEchoRequest && spec.protocol == kProtocolIcmpv6;
            append(bytes, IcmpHeader{echo ? kIcmpv6EchoRequest : spec.icmp_type, spec.icmp_code,
                                     be16{0}, be32{spec.icmp_rest}});
            append_run(bytes, spec.payload);
            seal(bytes, spec, offsetof(IcmpHeader, checksum));
            break;
        }
        default:
            append_run(bytes, spec.payload);
    }
    return bytes;
}

}  // namespace

std::vector<Byte> build_packet(const FrameSpec& spec) {
    NLB_ASSERT(spec.source.is_v4() == spec.destination.is_v4());
    const std::vector<Byte> transport = build_transport(spec);
    NLB_ASSERT(transport.size() + sizeof(Ipv6Header) <= kPacketBytesMax);
    const auto length = static_cast<std::uint16_t>(transport.size());
    std::vector<Byte> packet;
    if (spec.source.is_v4()) {
        append(packet,
               Ipv4Header{0x45, 0, be16{static_cast<std::uint16_t>(sizeof(Ipv4Header) + length)},
                          be16{0}, be16{0}, spec.hop_limit, spec.protocol, be16{0},
                          be32{spec.source.as_v4()}, be32{spec.destination.as_v4()}});
        store_big_endian(packet.data() + offsetof(Ipv4Header, checksum),
                         checksum_of(packet.data(), packet.size()));
    } else {
        append(packet, Ipv6Header{be32{std::uint32_t{6} << 28}, be16{length}, spec.protocol,
                                  spec.hop_limit, spec.source, spec.destination});
    }
    append_run(packet, transport);
    return packet;
}

std::vector<Byte> build_link(const FrameSpec& spec, std::uint16_t ethertype,
                             std::span<const Byte> payload) {
    std::vector<Byte> frame;
    append(frame, spec.destination_mac);
    append(frame, spec.source_mac);
    for (const std::uint16_t vlan : spec.vlans) {
        append(frame, be16{kEthertypeVlan});
        append(frame, be16{vlan});
    }
    append(frame, be16{ethertype});
    append_run(frame, payload);
    return frame;
}

std::vector<Byte> build_frame(const FrameSpec& spec) {
    return build_link(spec, spec.source.is_v4() ? kEthertypeIpv4 : kEthertypeIpv6,
                      build_packet(spec));
}

std::vector<Byte> build_arp(const ArpSpec& spec) {
    std::vector<Byte> body;
    append(body, ArpPacket{be16{kArpEthernet}, be16{kEthertypeIpv4}, sizeof(MacAddress), 4,
                           be16{spec.operation}, spec.sender_mac, be32{spec.sender_ip},
                           spec.target_mac, be32{spec.target_ip}});
    FrameSpec link;
    link.source_mac = spec.source_mac;
    link.destination_mac = spec.destination_mac;
    link.vlans = spec.vlans;
    return build_link(link, kEthertypeArp, body);
}

std::vector<Byte> build_neighbour_message(const NeighbourSpec& spec) {
    FrameSpec frame;
    frame.source_mac = spec.source_mac;
    frame.destination_mac = spec.destination_mac;
    frame.source = spec.source;
    frame.destination = spec.destination;
    frame.protocol = kProtocolIcmpv6;
    frame.icmp_type = spec.type;
    frame.icmp_rest = spec.flags;
    frame.hop_limit = 255;
    append(frame.payload, spec.target);
    const bool asks = spec.type == kIcmpv6NeighbourSolicitation;
    if (spec.link_address != MacAddress{})
        append(frame.payload,
               LinkAddressOption{asks ? kOptionSourceLinkAddress : kOptionTargetLinkAddress, 1,
                                 spec.link_address});
    return build_frame(frame);
}

}  // namespace nlb
