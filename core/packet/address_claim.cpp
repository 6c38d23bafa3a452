#include "core/packet/address_claim.hpp"

#include <algorithm>

#include "core/packet/burst.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/frame_builder.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/parse_network.hpp"

namespace nlb {
namespace {

constexpr std::size_t kFrameBytesMin = 60;
constexpr std::uint8_t kHopLimit = 255;  // RFC 4861 7.1.2: no router has passed it on
constexpr MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};
constexpr IpAddress kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

MacAddress source_of(std::span<const Byte> frame) {
    return load_header<EthernetHeader>(frame.data()).source;
}

// Every ARP packet says who its sender is; a probe, which has no address yet, claims nothing.
std::optional<AddressClaim> read_arp(std::span<const Byte> frame, std::size_t at) {
    if (frame.size() - at < sizeof(ArpPacket)) return std::nullopt;
    const auto packet = load_header<ArpPacket>(frame.data() + at);
    if (packet.hardware.host() != kArpEthernet || packet.protocol.host() != kEthertypeIpv4 ||
        packet.hardware_bytes != sizeof(MacAddress) || packet.protocol_bytes != 4 ||
        packet.sender_ip.raw == 0)
        return std::nullopt;
    return AddressClaim{IpAddress::v4(packet.sender_ip.host()), packet.sender_mac,
                        source_of(frame)};
}

std::optional<MacAddress> target_link_address(std::span<const Byte> options) {
    while (options.size() >= sizeof(LinkAddressOption)) {
        const auto option = load_header<LinkAddressOption>(options.data());
        if (option.length == 0 || std::size_t{option.length} * 8 > options.size()) break;
        if (option.type == kOptionTargetLinkAddress && option.length == 1) return option.mac;
        options = options.subspan(std::size_t{option.length} * 8);
    }
    return std::nullopt;
}

std::optional<AddressClaim> read_advertisement(std::span<const Byte> frame, std::size_t at) {
    if (frame.size() - at < sizeof(Ipv6Header)) return std::nullopt;
    const auto ip = load_header<Ipv6Header>(frame.data() + at);
    const std::span<const Byte> body = frame.subspan(at + sizeof ip);
    const std::size_t bytes = ip.payload_length.host();
    if (ip.next_header != kProtocolIcmpv6 || ip.hop_limit != kHopLimit || bytes > body.size() ||
        bytes < sizeof(NeighbourMessage))
        return std::nullopt;
    const auto message = load_header<NeighbourMessage>(body.data());
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, bytes);
    if (message.type != kIcmpv6NeighbourAdvertisement || message.code != 0 ||
        checksum_finish(checksum_add(pseudo, body.data(), bytes)) != 0)
        return std::nullopt;
    const MacAddress source = source_of(frame);
    const auto named = target_link_address(body.first(bytes).subspan(sizeof message));
    return AddressClaim{message.target, named.value_or(source), source};
}

std::vector<Byte> announce_v4(std::uint32_t address, const MacAddress& holder) {
    ArpSpec arp;
    arp.source_mac = {};
    arp.sender_mac = holder;
    arp.sender_ip = arp.target_ip = address;
    return build_arp(arp);
}

std::vector<Byte> announce_v6(const IpAddress& address, const MacAddress& holder) {
    NeighbourSpec message;
    message.source_mac = {};
    message.destination_mac = kAllNodesMac;
    message.type = kIcmpv6NeighbourAdvertisement;
    message.flags = kNeighbourOverride;
    message.source = message.target = address;
    message.destination = kAllNodes;
    message.link_address = holder;
    return build_neighbour_message(message);
}

}  // namespace

std::optional<AddressClaim> read_address_claim(std::span<const Byte> bytes) {
    if (bytes.size() < sizeof(EthernetHeader) || bytes.size() > UINT16_MAX) return std::nullopt;
    const auto length = static_cast<std::uint16_t>(bytes.size());
    const Frame whole{const_cast<Byte*>(bytes.data()), length, length};  // the parser only reads
    const LinkLayer link = parse_link(whole);
    if (link.reason != Reason::live) return std::nullopt;
    if (link.ethertype == kEthertypeArp) return read_arp(bytes, link.l3_offset);
    if (link.ethertype == kEthertypeIpv6) return read_advertisement(bytes, link.l3_offset);
    return std::nullopt;
}

std::vector<Byte> build_address_announcement(const IpAddress& address, const MacAddress& holder) {
    std::vector<Byte> frame =
        address.is_v4() ? announce_v4(address.as_v4(), holder) : announce_v6(address, holder);
    frame.resize(std::max(frame.size(), kFrameBytesMin));
    return frame;
}

}  // namespace nlb
