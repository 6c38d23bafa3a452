// RFC 826 and RFC 4861, from the asker's side.
#include "core/packet/inside_neighbours.hpp"

#include <algorithm>
#include <cstring>

#include "core/packet/address_probe.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/parse_network.hpp"

namespace nlb {
namespace {

constexpr std::size_t kFrameBytesMin = 60;

// The probe of address_probe.hpp, with an asker: the port's link-local address and its MAC.
std::vector<Byte> solicitation(const IpAddress& target, const MacAddress& port) {
    std::vector<Byte> frame = build_address_probe(target, port);
    constexpr std::size_t kIp = sizeof(EthernetHeader);
    constexpr std::size_t kMessage = kIp + sizeof(Ipv6Header);
    constexpr std::size_t kOption = kMessage + sizeof(NeighbourMessage);
    constexpr std::size_t kBytes = sizeof(NeighbourMessage) + sizeof(LinkAddressOption);
    frame.resize(kMessage + kBytes);
    auto ip = load_header<Ipv6Header>(frame.data() + kIp);
    ip.source = link_local_of(port);
    ip.payload_length = be16{kBytes};
    store_header(frame.data() + kIp, ip);
    store_header(frame.data() + kOption, LinkAddressOption{kOptionSourceLinkAddress, 1, port});
    auto message = load_header<NeighbourMessage>(frame.data() + kMessage);
    message.checksum = be16{0};
    store_header(frame.data() + kMessage, message);
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, kBytes);
    message.checksum = be16{checksum_finish(checksum_add(pseudo, frame.data() + kMessage, kBytes))};
    store_header(frame.data() + kMessage, message);
    return frame;
}

bool is_station(const MacAddress& mac) {
    return !mac.is_group() && mac != MacAddress{};
}

std::optional<InsideAnswer> read_arp(const Frame& frame, std::size_t at, const MacAddress& port) {
    if (frame.length - at < sizeof(ArpPacket)) return std::nullopt;
    const auto packet = load_header<ArpPacket>(frame.data + at);
    if (!answers_inside_question(packet, port) || !is_station(packet.sender_mac))
        return std::nullopt;
    return InsideAnswer{IpAddress::v4(packet.sender_ip.host()), packet.sender_mac};
}

std::optional<InsideAnswer> read_advertisement(const Frame& frame, std::size_t l3_offset,
                                               const MacAddress& port) {
    PacketInfo info{};
    info.l3_offset = static_cast<std::uint16_t>(l3_offset);
    if (parse_ipv6(frame, info) != Reason::live || info.protocol != kProtocolIcmpv6)
        return std::nullopt;
    const auto ip = load_header<Ipv6Header>(frame.data + l3_offset);
    const std::size_t end = l3_offset + sizeof(Ipv6Header) + ip.payload_length.host();
    const std::size_t option = info.l4_offset + sizeof(NeighbourMessage);
    if (end > frame.length || option + sizeof(LinkAddressOption) > end) return std::nullopt;
    const auto message = load_header<NeighbourMessage>(frame.data + info.l4_offset);
    const auto link = load_header<LinkAddressOption>(frame.data + option);
    if (!answers_inside_question(message.type, ip.destination, port) ||
        link.type != kOptionTargetLinkAddress || link.length != 1 || !is_station(link.mac))
        return std::nullopt;
    return InsideAnswer{message.target, link.mac};
}

}  // namespace

IpAddress link_local_of(const MacAddress& mac) {
    IpAddress address{{0xfe, 0x80}};
    std::copy_n(mac.bytes.begin(), 3, address.bytes.begin() + 8);
    std::copy_n(mac.bytes.begin() + 3, 3, address.bytes.begin() + 13);
    address.bytes[8] ^= 0x02;
    address.bytes[11] = 0xff;
    address.bytes[12] = 0xfe;
    return address;
}

std::vector<Byte> build_inside_question(const IpAddress& target, const MacAddress& port) {
    std::vector<Byte> frame =
        target.is_v4() ? build_address_probe(target, port) : solicitation(target, port);
    store_header(frame.data() + kSourceMacOffset, port);
    frame.resize(std::max(frame.size(), kFrameBytesMin));
    return frame;
}

bool answers_inside_question(const ArpPacket& packet, const MacAddress& port) {
    return packet.operation.host() == kArpReply && packet.target_ip.raw == 0 &&
           packet.target_mac == port;
}

bool answers_inside_question(std::uint8_t type, const IpAddress& destination,
                             const MacAddress& port) {
    return type == kIcmpv6NeighbourAdvertisement && destination == link_local_of(port);
}

std::optional<InsideAnswer> read_inside_answer(const Frame& frame, const MacAddress& port) {
    const LinkLayer link = parse_link(frame);
    if (link.reason != Reason::live) return std::nullopt;
    if (link.ethertype == kEthertypeArp) return read_arp(frame, link.l3_offset, port);
    if (link.ethertype == kEthertypeIpv6) return read_advertisement(frame, link.l3_offset, port);
    return std::nullopt;
}

}  // namespace nlb
