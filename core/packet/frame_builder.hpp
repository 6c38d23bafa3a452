// Frames from what a person would say about them, for `nlb explain`, golden cases and tests:
// lengths and checksums are right. It builds well-formed frames only; whoever wants broken ones
// breaks them afterwards.
#pragma once

#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/packet/headers.hpp"

namespace nlb {

struct FrameSpec {
    MacAddress source_mac{{0x02, 0xc1, 0, 0, 0, 1}};
    MacAddress destination_mac{{0x02, 0xbf, 192, 0, 2, 80}};  // of the cluster 192.0.2.80
    std::vector<std::uint16_t> vlans;  // outermost first; at most kVlanTagsMax are understood again
    IpAddress source;
    IpAddress destination;  // of the same family as `source`
    std::uint8_t protocol = kProtocolTcp;
    std::uint16_t source_port = 0;  // TCP and UDP
    std::uint16_t destination_port = 0;
    std::uint8_t tcp_flags = kTcpSyn;
    // TCP's; as they are, each side acknowledges the other's first packet
    std::uint32_t sequence = 1;
    std::uint32_t acknowledgement = 2;
    // ICMP and ICMPv6; an echo request of either family may say kIcmpEchoRequest
    std::uint8_t icmp_type = kIcmpEchoRequest;
    std::uint8_t icmp_code = 0;
    // the four bytes behind the checksum: identifier and sequence, next hop's MTU, ...
    std::uint32_t icmp_rest = 0;
    std::uint8_t hop_limit = 64;
    // behind the transport header; for other protocols behind the IP header
    std::vector<Byte> payload;
};

// Requires: both addresses of one family, and a packet of at most 65,535 bytes.
[[nodiscard]] std::vector<Byte> build_frame(const FrameSpec& spec);
// The IP packet alone: what an ICMP error quotes.
[[nodiscard]] std::vector<Byte> build_packet(const FrameSpec& spec);
// Ethernet and VLAN headers before `payload`.
[[nodiscard]] std::vector<Byte> build_link(const FrameSpec& spec, std::uint16_t ethertype,
                                           std::span<const Byte> payload);

// An ARP packet in its frame; a request is broadcast.
struct ArpSpec {
    MacAddress source_mac{{0x02, 0xc1, 0, 0, 0, 1}};
    MacAddress destination_mac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    std::uint16_t operation = kArpRequest;
    MacAddress sender_mac{{0x02, 0xc1, 0, 0, 0, 1}};
    std::uint32_t sender_ip = 0;
    MacAddress target_mac;
    std::uint32_t target_ip = 0;
    std::vector<std::uint16_t> vlans;
};
[[nodiscard]] std::vector<Byte> build_arp(const ArpSpec& spec);

// A neighbour solicitation or advertisement with, when `link_address` is not zero, the option that
// belongs to it.
struct NeighbourSpec {
    MacAddress source_mac{{0x02, 0xc1, 0, 0, 0, 1}};
    MacAddress destination_mac{{0x33, 0x33, 0xff, 0, 0, 0x80}};
    std::uint8_t type = kIcmpv6NeighbourSolicitation;
    std::uint32_t flags = 0;
    IpAddress source;
    IpAddress destination;
    IpAddress target;
    MacAddress link_address;
};
[[nodiscard]] std::vector<Byte> build_neighbour_message(const NeighbourSpec& spec);

}  // namespace nlb
