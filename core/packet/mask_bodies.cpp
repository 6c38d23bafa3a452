// Rewriting of link addresses in bodies, in place and without changing any length.
#include "core/packet/mask_bodies.hpp"

#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/inside_neighbours.hpp"
#include "core/tables/address_table.hpp"

namespace nlb {
namespace {

// RFC 4727 reserves 253 for experiments; receivers ignore options they do not know (RFC 4861 4.6).
constexpr std::uint8_t kOptionIgnored = 253;

// The first dedicated IPv4 address of this host, or 0.0.0.0.
be32 own_address_v4(const Tables& tables) {
    for (std::size_t i = tables.vip_count; i < tables.address_count; ++i) {
        const AddressEntry& entry = tables.addresses[i];
        if (entry.kind == AddressKind::dedicated_mine && entry.address.is_v4())
            return be32{entry.address.as_v4()};
    }
    return be32{0};
}

bool has_message(const Frame& frame, const PacketInfo& info, std::size_t end) {
    return info.l4_offset != 0 && end <= frame.length && info.l4_offset + sizeof(IcmpHeader) <= end;
}

// Where the options of a message start, and which link addresses they name.
std::size_t options_offset(std::uint8_t type) {
    switch (type) {
        case kIcmpv6RouterSolicitation:
            return 8;
        case kIcmpv6RouterAdvertisement:
            return 16;
        case kIcmpv6NeighbourSolicitation:
        case kIcmpv6NeighbourAdvertisement:
            return 24;
        case kIcmpv6Redirect:
            return 40;
        default:
            return 0;
    }
}

struct OptionRewrite {
    const Tables& tables;
    MacAddress station;
    MacAddress former;
    IpAddress source;
    IpAddress target;  // of neighbour messages
    std::uint8_t type;
};

// A redirect names another router's address, unless that is the inside device's.
LinkAddressOption masked_option(const LinkAddressOption& option, const OptionRewrite& rewrite) {
    LinkAddressOption masked = option;
    const bool question = option.type == kOptionSourceLinkAddress;
    if (rewrite.type == kIcmpv6Redirect) {
        if (option.mac == rewrite.former) masked.mac = rewrite.station;
        return masked;
    }
    const bool virtual_address =
        is_virtual(rewrite.tables, question ? rewrite.source : rewrite.target);
    masked.mac = virtual_address ? rewrite.tables.cluster_mac : rewrite.station;
    if (virtual_address && question && rewrite.tables.mode != LinkMode::unicast)
        masked = {kOptionIgnored, 1, {}};
    return masked;
}

// Changes the options from `at` to `end` and the message's checksum with them. False: malformed.
bool mask_options(Byte* message, std::size_t at, std::size_t end, const OptionRewrite& rewrite) {
    auto header = load_header<IcmpHeader>(message);
    while (at < end) {
        Byte* const option_bytes = message + at;
        if (end - at < 2 || option_bytes[1] == 0 || std::size_t{option_bytes[1]} * 8 > end - at)
            return false;
        if ((option_bytes[0] == kOptionSourceLinkAddress ||
             option_bytes[0] == kOptionTargetLinkAddress) &&
            option_bytes[1] == 1) {
            const auto option = load_header<LinkAddressOption>(option_bytes);
            store_header(option_bytes, masked_option(option, rewrite));
            Byte before[sizeof option];
            store_header(before, option);
            header.checksum =
                be16{checksum_adjust(header.checksum.host(), before, option_bytes, sizeof option)};
        }
        at += std::size_t{option_bytes[1]} * 8;
    }
    store_header(message, header);
    return true;
}

}  // namespace

Reason mask_arp(Frame& frame, std::size_t at, const MacAddress& former,
                const BurstContext& context) {
    const Tables& tables = context.tables;
    if (frame.length - at < sizeof(ArpPacket)) return Reason::inside_malformed;
    auto packet = load_header<ArpPacket>(frame.data + at);
    if (packet.hardware_bytes != sizeof(MacAddress) || packet.protocol_bytes != 4)
        return Reason::inside_malformed;
    if (answers_inside_question(packet, context.ports.inside)) return Reason::inside_answer;
    const bool request = packet.operation.host() == kArpRequest;
    const bool from_virtual = is_virtual(tables, IpAddress::v4(packet.sender_ip.host()));
    if (request && packet.sender_ip.raw == 0 &&
        is_virtual(tables, IpAddress::v4(packet.target_ip.host())))
        return Reason::inside_virtual_probe;
    const MacAddress station = context.ports.station(tables);
    if (packet.target_mac == former) packet.target_mac = station;
    packet.sender_mac = from_virtual ? tables.cluster_mac : station;
    if (from_virtual && request && tables.mode != LinkMode::unicast) {
        if (packet.sender_ip == packet.target_ip) return Reason::inside_virtual_probe;
        packet.sender_mac = station;
        packet.sender_ip = own_address_v4(tables);
    }
    store_header(frame.data + at, packet);
    return Reason::sent;
}

Reason mask_reverse_arp(Frame& frame, std::size_t at, const MacAddress& former,
                        const BurstContext& context) {
    if (frame.length - at < sizeof(ArpPacket)) return Reason::inside_malformed;
    auto packet = load_header<ArpPacket>(frame.data + at);
    if (packet.hardware_bytes != sizeof(MacAddress) || packet.protocol_bytes != 4)
        return Reason::inside_malformed;
    packet.sender_mac = context.ports.station(context.tables);
    if (packet.target_mac == former) packet.target_mac = packet.sender_mac;
    store_header(frame.data + at, packet);
    return Reason::sent;
}

Reason mask_neighbour_options(Frame& frame, const PacketInfo& info, const MacAddress& former,
                              const BurstContext& context) {
    const auto ip = load_header<Ipv6Header>(frame.data + info.l3_offset);
    const std::size_t end = info.l3_offset + sizeof(Ipv6Header) + ip.payload_length.host();
    if (!has_message(frame, info, end) || (info.traits & kTraitLaterFragment) != 0)
        return Reason::sent;
    Byte* const message = frame.data + info.l4_offset;
    const std::size_t bytes = end - info.l4_offset;
    const std::uint8_t type = message[0];
    if (answers_inside_question(type, ip.destination, context.ports.inside))
        return Reason::inside_answer;
    const std::size_t options = options_offset(type);
    if (options == 0) return Reason::sent;
    if (bytes < options) return Reason::inside_malformed;
    OptionRewrite rewrite{
        context.tables, context.ports.station(context.tables), former, ip.source, {}, type};
    if (options >= sizeof(NeighbourMessage))
        rewrite.target = load_header<NeighbourMessage>(message).target;
    constexpr IpAddress kUnspecified{};
    if (type == kIcmpv6NeighbourSolicitation && ip.source == kUnspecified &&
        is_virtual(context.tables, rewrite.target))
        return Reason::inside_virtual_probe;
    return mask_options(message, options, end - info.l4_offset, rewrite) ? Reason::sent
                                                                         : Reason::inside_malformed;
}

}  // namespace nlb
