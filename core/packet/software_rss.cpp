// The hash is made of sums and exclusive ors of source and destination, which both directions
// share.
#include "core/packet/software_rss.hpp"

#include "core/base/endian.hpp"
#include "core/packet/headers.hpp"

namespace nlb {
namespace {

struct Ends {
    std::uint64_t source_high = 0;
    std::uint64_t source_low = 0;
    std::uint64_t destination_high = 0;
    std::uint64_t destination_low = 0;
    std::uint8_t protocol = 0;
    bool fragment = false;
    std::span<const Byte> rest;  // behind the IP header
};

std::optional<Ends> read_ipv4(std::span<const Byte> packet) {
    if (packet.size() < sizeof(Ipv4Header)) return {};
    const auto header = load_header<Ipv4Header>(packet.data());
    const std::size_t bytes = std::size_t{header.version_length & 0xfU} * 4;
    if (header.version_length >> 4 != 4 || bytes < sizeof header || bytes > packet.size())
        return {};
    const bool fragment = (header.fragment.host() & (kIpv4MoreFragments | kIpv4OffsetMask)) != 0;
    return Ends{0,        header.source.host(), 0, header.destination.host(), header.protocol,
                fragment, packet.subspan(bytes)};
}

std::optional<Ends> read_ipv6(std::span<const Byte> packet) {
    if (packet.size() < sizeof(Ipv6Header)) return {};
    const auto header = load_header<Ipv6Header>(packet.data());
    const auto word = [](const IpAddress& address, std::size_t at) {
        return load_big_endian<std::uint64_t>(address.bytes.data() + at);
    };
    return Ends{word(header.source, 0),       word(header.source, 8), word(header.destination, 0),
                word(header.destination, 8),  header.next_header,     false,
                packet.subspan(sizeof header)};
}

// The IP packet behind at most two VLAN tags.
std::optional<Ends> read_frame(std::span<const Byte> frame) {
    std::size_t at = offsetof(EthernetHeader, ethertype);
    for (std::size_t tags = 0; tags <= kVlanTagsMax && at + 2 <= frame.size(); ++tags, at += 4) {
        const auto ethertype = load_big_endian<std::uint16_t>(frame.data() + at);
        if (ethertype == kEthertypeIpv4) return read_ipv4(frame.subspan(at + 2));
        if (ethertype == kEthertypeIpv6) return read_ipv6(frame.subspan(at + 2));
        if (ethertype != kEthertypeVlan && ethertype != kEthertypeServiceVlan) return {};
    }
    return {};
}

bool is_error_of(const Ends& ends) {
    if (ends.rest.size() <= sizeof(IcmpHeader)) return false;
    const Byte type = ends.rest[0];
    return (ends.protocol == kProtocolIcmpv6 && is_icmpv6_error(type)) ||
           (ends.protocol == kProtocolIcmp && is_icmp_error(type));
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Uint128 product = static_cast<Uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::optional<std::uint16_t> flow_lane(std::span<const Byte> frame, const FlowLaneKey& key,
                                       std::uint16_t lanes) {
    std::optional<Ends> ends = read_frame(frame);
    if (ends && is_error_of(*ends)) {
        const auto quoted = ends->rest.subspan(sizeof(IcmpHeader));
        if (const auto inner =
                ends->protocol == kProtocolIcmp ? read_ipv4(quoted) : read_ipv6(quoted))
            ends = inner;
    }
    if (!ends || ends->fragment) return {};
    std::uint64_t ports = 0;
    if ((ends->protocol == kProtocolTcp || ends->protocol == kProtocolUdp) &&
        ends->rest.size() >= 4) {
        const std::uint64_t source = load_big_endian<std::uint16_t>(ends->rest.data());
        const std::uint64_t destination = load_big_endian<std::uint16_t>(ends->rest.data() + 2);
        ports = (source + destination) << 32 | (source ^ destination);
    }
    const std::uint64_t sums =
        fold(ends->source_low + ends->destination_low + key.addresses,
             (ends->source_high + ends->destination_high) ^ 0xa0761d6478bd642fULL ^ key.ports);
    const std::uint64_t ors =
        (ends->source_low ^ ends->destination_low) + (ends->source_high ^ ends->destination_high);
    const std::uint64_t hash =
        fold(sums ^ ports ^ key.ports, ors ^ ends->protocol ^ 0xe7037ed1a0b428dbULL);
    return static_cast<std::uint16_t>(((hash >> 32) * lanes) >> 32);
}

}  // namespace nlb
