#include "tests/fuzz/frame_mutator.hpp"

#include <algorithm>

#include "core/packet/checksum.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::fuzz {
namespace {

using namespace nlb::test;

template <class Value, std::size_t kCount>
const Value& one_of(const std::array<Value, kCount>& values, Prng& chance) {
    return values[chance.below(kCount)];
}

constexpr std::array<std::uint16_t, 10> kPorts{80, 53, 8443, 150, 8080, 500, 4500, 1723, 40000, 0};
constexpr std::array<std::uint8_t, 12> kProtocols{kProtocolTcp,
                                                  kProtocolTcp,
                                                  kProtocolUdp,
                                                  kProtocolUdp,
                                                  kProtocolIcmp,
                                                  kProtocolIcmpv6,
                                                  kProtocolFragment,
                                                  kProtocolRouting,
                                                  kProtocolHopByHop,
                                                  47,
                                                  50,
                                                  51};
constexpr std::array<std::uint16_t, 8> kEthertypes{
    kEthertypeIpv4, kEthertypeIpv6,        kEthertypeArp,       kEthertypeReverseArp,
    kEthertypeVlan, kEthertypeServiceVlan, kEthertypeHeartbeat, 0x0026};
constexpr std::array<std::uint8_t, 8> kIcmpTypes{0, 3, 8, 11, 1, 2, 128, 135};

IpAddress address(bool is_v4, Prng& chance) {
    const auto host = static_cast<HostId>(1 + chance.below(kHosts));
    switch (chance.below(6)) {
        case 0:
            return is_v4 ? IpAddress::v4(kVip) : kVip6;
        case 1:
            return is_v4 ? IpAddress::v4(kSecondVip) : kVip6;
        case 2:
            return is_v4 ? IpAddress::v4(dedicated(host)) : dedicated6(host);
        case 3:
            return is_v4 ? IpAddress::v4(kSubnetBroadcast)
                         : IpAddress{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
        default:
            return is_v4 ? IpAddress::v4(kClient + static_cast<std::uint32_t>(chance.below(64)))
                         : v6(1, static_cast<std::uint16_t>(chance.below(64)));
    }
}

// The cluster's in each mode, a host's, everybody's, and seldom a stranger's.
MacAddress receiver(Prng& chance) {
    const IpAddress primary = IpAddress::v4(kVip);
    const auto host = static_cast<HostId>(1 + chance.below(kHosts));
    switch (chance.below(12)) {
        case 0:
            return masked_mac(host, primary);
        case 1:
            return kOutsideMac;
        case 2:
            return kClientMac;
        case 3:
            return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
        default:
            return cluster_mac(static_cast<LinkMode>(chance.below(3)), primary);
    }
}

// None, the one that some clusters are in, or any.
std::uint16_t vlan(Prng& chance) {
    const std::uint64_t kind = chance.below(4);
    if (kind == 0) return static_cast<std::uint16_t>(chance.below(65536));
    return kind == 1 ? std::uint16_t{0} : kFuzzedVlan;
}

FrameSpec random_spec(Prng& chance) {
    FrameSpec spec;
    const bool is_v4 = chance.chance(500'000);
    const bool to_vip = chance.chance(700'000);
    spec.source =
        to_vip ? (is_v4 ? IpAddress::v4(kClient + static_cast<std::uint32_t>(chance.below(64)))
                        : kClient6)
               : address(is_v4, chance);
    spec.destination = to_vip ? (is_v4 ? IpAddress::v4(kVip) : kVip6) : address(is_v4, chance);
    spec.protocol = one_of(kProtocols, chance);
    spec.source_port = one_of(kPorts, chance);
    spec.destination_port = one_of(kPorts, chance);
    spec.tcp_flags = static_cast<std::uint8_t>(chance.below(64));
    spec.icmp_type = one_of(kIcmpTypes, chance);
    spec.hop_limit = chance.chance(500'000) ? 255 : 64;
    spec.destination_mac = receiver(chance);
    for (std::uint64_t tags = chance.below(8); tags > 5; --tags) spec.vlans.push_back(vlan(chance));
    spec.payload.resize(chance.below(40));
    return spec;
}

std::vector<Byte> random_arp(Prng& chance) {
    ArpSpec spec;
    spec.operation = static_cast<std::uint16_t>(1 + chance.below(2));
    spec.sender_ip = address(true, chance).as_v4();
    spec.target_ip = address(true, chance).as_v4();
    if (chance.chance(300'000))
        spec.sender_mac = spec.source_mac = cluster_mac(LinkMode::unicast, IpAddress::v4(kVip));
    return build_arp(spec);
}

std::vector<Byte> random_neighbour_message(Prng& chance) {
    NeighbourSpec spec;
    spec.type = static_cast<std::uint8_t>(kIcmpv6RouterSolicitation + chance.below(5));
    spec.source = chance.chance(100'000) ? IpAddress{} : address(false, chance);
    spec.destination = address(false, chance);
    spec.target = address(false, chance);
    if (chance.chance(700'000)) spec.link_address = MacAddress{{0x02, 0xbf, 0xc0, 0, 2, 0x50}};
    return build_neighbour_message(spec);
}

std::size_t network_offset(const std::vector<Byte>& frame) {
    std::size_t at = 14;
    while (at + 4 <= frame.size() && at < 14 + 4 * 3) {
        const auto type = load_big_endian<std::uint16_t>(frame.data() + at - 2);
        if (type != kEthertypeVlan && type != kEthertypeServiceVlan) break;
        at += 4;
    }
    return at;
}

// Lengths as the frame has them, and a checksum that holds: otherwise nearly every change ends in
// the first checks.
void put_right(std::vector<Byte>& frame) {
    const std::size_t at = network_offset(frame);
    if (frame.size() < at + sizeof(Ipv4Header)) return;
    const auto length = static_cast<std::uint16_t>(frame.size() - at);
    const std::size_t header = (frame[at] & 15U) * 4U;
    if (frame[at] >> 4 == 4 && header >= sizeof(Ipv4Header) && header <= length) {
        store_big_endian(frame.data() + at + 2, length);
        store_big_endian(frame.data() + at + 10, std::uint16_t{0});
        store_big_endian(frame.data() + at + 10, checksum_of(frame.data() + at, header));
    } else if (frame[at] >> 4 == 6 && length >= sizeof(Ipv6Header)) {
        store_big_endian(frame.data() + at + 4,
                         static_cast<std::uint16_t>(length - sizeof(Ipv6Header)));
    }
}

// An 802.1Q tag behind the addresses.
void insert_tag(std::vector<Byte>& frame, Prng& chance) {
    const auto type = chance.chance(700'000) ? kEthertypeVlan : kEthertypeServiceVlan;
    const std::array<Byte, 4> tag{static_cast<Byte>(type >> 8), static_cast<Byte>(type), 0,
                                  static_cast<Byte>(chance.next())};
    if (frame.size() >= 14) frame.insert(frame.begin() + 12, tag.begin(), tag.end());
}

// An extension header before what follows the IPv6 header; a fragment's offset and flag are of
// chance.
void insert_extension(std::vector<Byte>& frame, Prng& chance) {
    const std::size_t at = network_offset(frame);
    if (frame.size() < at + sizeof(Ipv6Header) || frame[at] >> 4 != 6) return;
    constexpr std::array<std::uint8_t, 6> kHeaders{
        kProtocolHopByHop,           kProtocolRouting,        kProtocolFragment,
        kProtocolDestinationOptions, kProtocolAuthentication, 135};
    std::array<Byte, 8> extension{frame[at + 6]};
    if (chance.chance(300'000))
        for (std::size_t i = 1; i < extension.size(); ++i)
            extension[i] = static_cast<Byte>(chance.next());
    frame[at + 6] = one_of(kHeaders, chance);
    frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at + sizeof(Ipv6Header)),
                 extension.begin(), extension.end());
}

// An ICMP error that quotes the frame's packet as if a server had sent it, cut short.
void quote(std::vector<Byte>& frame, Prng& chance) {
    const std::size_t at = network_offset(frame);
    if (frame.size() <= at) return;
    FrameSpec error;
    const bool is_v4 = frame[at] >> 4 == 4;
    error.source = is_v4 ? IpAddress::v4(kRouter) : v6(0, 1);
    error.destination = is_v4 ? IpAddress::v4(kVip) : kVip6;
    error.protocol = is_v4 ? kProtocolIcmp : kProtocolIcmpv6;
    error.icmp_type = is_v4 ? 3 : 2;
    error.payload.assign(frame.begin() + static_cast<std::ptrdiff_t>(at), frame.end());
    error.payload.resize(std::min<std::size_t>(error.payload.size(), chance.below(72)));
    frame = build_frame(error);
}

// A word of the network or transport header becomes one that means something.
void put_a_number_that_matters(std::vector<Byte>& frame, Prng& chance) {
    const std::size_t at = network_offset(frame);
    if (frame.size() < at + 24) return;
    const std::size_t transport =
        at + (frame[at] >> 4 == 4 ? (frame[at] & 15U) * 4U : sizeof(Ipv6Header));
    switch (chance.below(5)) {
        case 0:
            store_big_endian(frame.data() + at - 2, one_of(kEthertypes, chance));
            break;
        case 1:
            frame[at + (frame[at] >> 4 == 4 ? 9 : 6)] = one_of(kProtocols, chance);
            break;
        case 2:
            if (frame[at] >> 4 == 4)
                store_big_endian(frame.data() + at + 6,
                                 static_cast<std::uint16_t>(chance.next() & 0x3fff));
            break;
        default:
            if (transport + 4 <= frame.size())
                store_big_endian(frame.data() + transport + 2 * chance.below(2),
                                 one_of(kPorts, chance));
    }
}

}  // namespace

std::vector<Byte> random_frame(Prng& chance) {
    const std::uint64_t kind = chance.below(10);
    if (kind == 0) return random_arp(chance);
    if (kind == 1) return random_neighbour_message(chance);
    return build_frame(random_spec(chance));
}

void change_frame(std::vector<Byte>& frame, Prng& chance, std::size_t max_size) {
    switch (chance.below(10)) {
        case 0:
            frame = random_frame(chance);
            break;
        case 1:
            insert_tag(frame, chance);
            break;
        case 2:
            insert_extension(frame, chance);
            break;
        case 3:
            quote(frame, chance);
            break;
        case 4:
        case 5:
            put_a_number_that_matters(frame, chance);
            break;
        case 6:
            frame.resize(chance.below(frame.size() + 1));
            break;
        default:
            mutate(frame, max_size);
    }
    if (frame.size() > max_size) frame.resize(max_size);
    if (chance.chance(800'000)) put_right(frame);
}

}  // namespace nlb::fuzz
