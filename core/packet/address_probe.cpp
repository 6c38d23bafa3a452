#include "core/packet/address_probe.hpp"

#include <algorithm>
#include <cstring>

#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"

namespace nlb {
namespace {

constexpr std::size_t kFrameBytesMin = 60;
constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr std::uint8_t kHopLimit = 255;  // RFC 4861 4.3: no router has passed it on

template <class Header>
void append(std::vector<Byte>& frame, const Header& header) {
    const auto* const bytes = reinterpret_cast<const Byte*>(&header);
    frame.insert(frame.end(), bytes, bytes + sizeof header);
}

std::vector<Byte> arp_probe(std::uint32_t target, const MacAddress& sender) {
    std::vector<Byte> frame;
    append(frame, EthernetHeader{kBroadcast, {}, be16{kEthertypeArp}});
    ArpPacket arp{};
    arp.hardware = be16{kArpEthernet};
    arp.protocol = be16{kEthertypeIpv4};
    arp.hardware_bytes = 6;
    arp.protocol_bytes = 4;
    arp.operation = be16{kArpRequest};
    arp.sender_mac = sender;
    arp.target_ip = be32{target};
    append(frame, arp);
    return frame;
}

// RFC 4291 2.7.1.
IpAddress solicited_node(const IpAddress& target) {
    IpAddress group{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff}};
    std::copy(target.bytes.begin() + 13, target.bytes.end(), group.bytes.begin() + 13);
    return group;
}

std::vector<Byte> neighbour_probe(const IpAddress& target) {
    const IpAddress group = solicited_node(target);
    MacAddress destination{{0x33, 0x33}};
    std::copy(group.bytes.begin() + 12, group.bytes.end(), destination.bytes.begin() + 2);
    std::vector<Byte> frame;
    append(frame, EthernetHeader{destination, {}, be16{kEthertypeIpv6}});
    Ipv6Header ip{};
    ip.version_class_flow = be32{0x6000'0000U};
    ip.payload_length = be16{sizeof(NeighbourMessage)};
    ip.next_header = kProtocolIcmpv6;
    ip.hop_limit = kHopLimit;
    ip.destination = group;
    append(frame, ip);
    NeighbourMessage message{};
    message.type = kIcmpv6NeighbourSolicitation;
    message.target = target;
    const std::uint64_t pseudo =
        pseudo_header_sum(IpAddress{}, group, kProtocolIcmpv6, sizeof message);
    message.checksum = be16{checksum_finish(
        checksum_add(pseudo, reinterpret_cast<const Byte*>(&message), sizeof message))};
    append(frame, message);
    return frame;
}

}  // namespace

std::vector<Byte> build_address_probe(const IpAddress& target, const MacAddress& sender) {
    std::vector<Byte> frame =
        target.is_v4() ? arp_probe(target.as_v4(), sender) : neighbour_probe(target);
    frame.resize(std::max(frame.size(), kFrameBytesMin));
    return frame;
}

}  // namespace nlb
