#include "core/packet/udp_datagram.hpp"

#include <algorithm>

#include "core/packet/frame_builder.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/parse_network.hpp"

namespace nlb {
namespace {

constexpr std::size_t kFrameBytesMin = 60;

}  // namespace

std::optional<UdpDatagram> read_udp(std::span<const Byte> bytes) {
    if (bytes.size() > UINT16_MAX) return std::nullopt;
    const auto length = static_cast<std::uint16_t>(bytes.size());
    const Frame whole{const_cast<Byte*>(bytes.data()), length, length};  // the parser only reads
    const LinkLayer link = parse_link(whole);
    if (link.reason != Reason::live) return std::nullopt;
    PacketInfo info{};
    info.l3_offset = link.l3_offset;
    Reason parsed = Reason::ethertype;
    if (link.ethertype == kEthertypeIpv4) parsed = parse_ipv4(whole, info);
    if (link.ethertype == kEthertypeIpv6) parsed = parse_ipv6(whole, info);
    if (parsed != Reason::live || info.protocol != kProtocolUdp || info.traits != 0)
        return std::nullopt;
    // The parser has seen that all of the datagram is there.
    const auto header = load_header<UdpHeader>(bytes.data() + info.l4_offset);
    return UdpDatagram{
        load_header<EthernetHeader>(bytes.data()).source,
        info.client,
        info.vip,
        info.client_port,
        info.vip_port,
        bytes.subspan(info.l4_offset, header.length.host()).subspan(sizeof(UdpHeader))};
}

std::vector<Byte> build_udp_answer(const UdpDatagram& asked, std::span<const Byte> payload) {
    FrameSpec spec;
    spec.source_mac = {};
    spec.destination_mac = asked.station;
    spec.source = asked.destination;
    spec.destination = asked.source;
    spec.protocol = kProtocolUdp;
    spec.source_port = asked.destination_port;
    spec.destination_port = asked.source_port;
    spec.payload.assign(payload.begin(), payload.end());
    std::vector<Byte> frame = build_frame(spec);
    frame.resize(std::max(frame.size(), kFrameBytesMin));
    return frame;
}

}  // namespace nlb
