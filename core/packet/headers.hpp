// The headers as they lie on the wire, and the numbers in them (RFC 791, 768, 792, 826, 4443, 4861,
// 8200, 9293; IEEE 802.1Q). They are copied in and out, never pointed at, so that neither alignment
// nor aliasing matters; every member has alignment 1, so no struct is padded. It checks nothing:
// bounds are the caller's.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/base/endian.hpp"
#include "core/base/types.hpp"

namespace nlb {

inline constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEthertypeArp = 0x0806;
inline constexpr std::uint16_t kEthertypeReverseArp = 0x8035;
inline constexpr std::uint16_t kEthertypeVlan = 0x8100;         // 802.1Q
inline constexpr std::uint16_t kEthertypeServiceVlan = 0x88a8;  // 802.1ad
inline constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;
inline constexpr std::uint16_t kEthertypeHeartbeat = 0x88b5;
inline constexpr std::size_t kVlanTagsMax = 2;
inline constexpr std::size_t kVlanTagBytes = 4;
inline constexpr std::uint16_t kVlanIdMask = 0x0fff;  // of a tag's second half

inline constexpr std::uint8_t kProtocolHopByHop = 0;
inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolIgmp = 2;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolRouting = 43;
inline constexpr std::uint8_t kProtocolFragment = 44;
inline constexpr std::uint8_t kProtocolGre = 47;
inline constexpr std::uint8_t kProtocolEsp = 50;
inline constexpr std::uint8_t kProtocolAuthentication = 51;
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;
inline constexpr std::uint8_t kProtocolDestinationOptions = 60;

// The longest IP packet, its header included (RFC 791; RFC 8200 without jumbograms).
inline constexpr std::size_t kDatagramBytesMax = 65535;

inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpAck = 0x10;
// What a packet with one of these says begins or ends a flow (or tries to).
inline constexpr std::uint8_t kTcpBeginsOrEnds = kTcpSyn | kTcpFin | kTcpRst;

// A SYN that opens a flow. With ACK, RST or FIN it opens none.
[[nodiscard]] constexpr bool is_plain_syn(std::uint8_t flags) {
    return (flags & (kTcpSyn | kTcpAck | kTcpRst | kTcpFin)) == kTcpSyn;
}

inline constexpr std::uint8_t kIgmpQuery = 0x11;
inline constexpr std::uint16_t kBootpServerPort = 67;  // of DHCP too

inline constexpr std::uint8_t kIcmpEchoRequest = 8;
// Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792): these quote the
// packet that they are about.
[[nodiscard]] constexpr bool is_icmp_error(std::uint8_t type) {
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}
inline constexpr std::uint8_t kIcmpv6EchoRequest = 128;
inline constexpr std::uint8_t kIcmpv6RouterSolicitation = 133;
inline constexpr std::uint8_t kIcmpv6RouterAdvertisement = 134;
inline constexpr std::uint8_t kIcmpv6NeighbourSolicitation = 135;
inline constexpr std::uint8_t kIcmpv6NeighbourAdvertisement = 136;
inline constexpr std::uint8_t kIcmpv6Redirect = 137;
// Types below 128 are errors, and quote the packet that they are about (RFC 4443 2.1, 2.4); so do
// 100 and 101, for experiments, and 127.
[[nodiscard]] constexpr bool is_icmpv6_error(std::uint8_t type) {
    return type < 128;
}
// Unreachable, too big, time exceeded, parameter problem: of these it is known where the quoted
// packet lies.
[[nodiscard]] constexpr bool is_defined_icmpv6_error(std::uint8_t type) {
    return type >= 1 && type <= 4;
}

inline constexpr std::uint8_t kOptionSourceLinkAddress = 1;
inline constexpr std::uint8_t kOptionTargetLinkAddress = 2;

struct EthernetHeader {
    MacAddress destination;
    MacAddress source;
    be16 ethertype;
};
static_assert(sizeof(EthernetHeader) == 14);

struct ArpPacket {
    be16 hardware;
    be16 protocol;
    std::uint8_t hardware_bytes;
    std::uint8_t protocol_bytes;
    be16 operation;
    MacAddress sender_mac;
    be32 sender_ip;
    MacAddress target_mac;
    be32 target_ip;
};
static_assert(sizeof(ArpPacket) == 28);
inline constexpr std::uint16_t kArpEthernet = 1;
inline constexpr std::uint16_t kArpRequest = 1;
inline constexpr std::uint16_t kArpReply = 2;

struct Ipv4Header {
    std::uint8_t version_length;
    std::uint8_t service;
    be16 total_length;
    be16 identification;
    be16 fragment;
    std::uint8_t time_to_live;
    std::uint8_t protocol;
    be16 checksum;
    be32 source;
    be32 destination;
};
static_assert(sizeof(Ipv4Header) == 20);
inline constexpr std::uint16_t kIpv4MoreFragments = 0x2000;
inline constexpr std::uint16_t kIpv4OffsetMask = 0x1fff;

struct Ipv6Header {
    be32 version_class_flow;
    be16 payload_length;
    std::uint8_t next_header;
    std::uint8_t hop_limit;
    IpAddress source;
    IpAddress destination;
};
static_assert(sizeof(Ipv6Header) == 40);

struct Ipv6FragmentHeader {
    std::uint8_t next_header;
    std::uint8_t reserved;
    be16 offset_more;
    be32 identification;
};
static_assert(sizeof(Ipv6FragmentHeader) == 8);
inline constexpr std::uint16_t kIpv6OffsetMask = 0xfff8;

struct TcpHeader {
    be16 source;
    be16 destination;
    be32 sequence;
    be32 acknowledgement;
    std::uint8_t data_offset;
    std::uint8_t flags;
    be16 window;
    be16 checksum;
    be16 urgent;
};
static_assert(sizeof(TcpHeader) == 20);

struct UdpHeader {
    be16 source;
    be16 destination;
    be16 length;
    be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8);

struct IcmpHeader {
    std::uint8_t type;
    std::uint8_t code;
    be16 checksum;
    be32 rest;
};
static_assert(sizeof(IcmpHeader) == 8);

// A neighbour solicitation or advertisement up to its options (RFC 4861 4.3, 4.4).
struct NeighbourMessage {
    std::uint8_t type;
    std::uint8_t code;
    be16 checksum;
    be32 flags;
    IpAddress target;
};
static_assert(sizeof(NeighbourMessage) == 24);
inline constexpr std::uint32_t kNeighbourSolicited = 0x4000'0000;
inline constexpr std::uint32_t kNeighbourOverride = 0x2000'0000;

struct LinkAddressOption {
    std::uint8_t type;
    std::uint8_t length;  // in units of 8 bytes
    MacAddress mac;
};
static_assert(sizeof(LinkAddressOption) == 8);

// Requires: sizeof(Header) readable (writable) bytes at `at`.
template <class Header>
[[nodiscard]] inline Header load_header(const Byte* at) {
    static_assert(std::is_trivially_copyable_v<Header>);
    Header header;
    std::memcpy(&header, at, sizeof header);
    return header;
}
template <class Header>
inline void store_header(Byte* at, const Header& header) {
    static_assert(std::is_trivially_copyable_v<Header>);
    std::memcpy(at, &header, sizeof header);
}

// For the stages that every packet passes: a whole EthernetHeader copied to look at six bytes of it
// stalls on its own stores.
inline constexpr std::size_t kSourceMacOffset = 6;
[[nodiscard]] inline bool is_mac(const Byte* at, const MacAddress& mac) {
    return std::memcmp(at, mac.bytes.data(), sizeof mac) == 0;
}
// A MAC as one number, to compare several with at once; of no other use.
[[nodiscard]] inline std::uint64_t mac_word(const MacAddress& mac) {
    std::uint64_t word = 0;
    std::memcpy(&word, mac.bytes.data(), sizeof mac);
    return word;
}
// Requires: eight readable bytes at `at`.
[[nodiscard]] inline std::uint64_t mac_word_at(const Byte* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    constexpr bool kLittle = std::endian::native == std::endian::little;
    return word & (kLittle ? 0x0000'ffff'ffff'ffffULL : 0xffff'ffff'ffff'0000ULL);
}
inline void put_mac(Byte* at, const MacAddress& mac) {
    std::memcpy(at, mac.bytes.data(), sizeof mac);
}

// Requires: four readable bytes at `at`, an IPv4 address in network order.
[[nodiscard]] inline IpAddress mapped_from(const Byte* at) {
    IpAddress address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(&address.bytes[12], at, 4);
    return address;
}

}  // namespace nlb
