// The IPv6 half: neighbour solicitations are answered in place, advertisements are let in (RFC
// 4861 4.3, 4.4, 7.1, 7.2.4, 7.2.3). Router messages and redirects are ordinary packets here.
#include <algorithm>

#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/neighbours.hpp"
#include "core/tables/address_table.hpp"

namespace nlb {
namespace {

constexpr IpAddress kUnspecified{};
constexpr IpAddress kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};
constexpr std::array<Byte, 13> kSolicitedNodePrefix{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
constexpr std::uint8_t kHopLimit = 255;

struct Message {
    Ipv6Header ip;
    NeighbourMessage body;
    bool has_link_address = false;  // the option that belongs to the message's type
    MacAddress link_address;
};

bool is_group(const IpAddress& address) {
    return address.bytes[0] == 0xff;
}

bool is_solicited_node(const IpAddress& address) {
    return std::equal(kSolicitedNodePrefix.begin(), kSolicitedNodePrefix.end(),
                      address.bytes.begin());
}

// False: an option of length 0, or one that ends behind the message.
bool read_options(const Byte* data, std::size_t at, std::size_t end, std::uint8_t wanted,
                  Message& message) {
    while (at < end) {
        if (end - at < 2 || data[at + 1] == 0 || std::size_t{data[at + 1]} * 8 > end - at)
            return false;
        if (data[at] == wanted && data[at + 1] == 1) {
            message.has_link_address = true;
            message.link_address = load_header<LinkAddressOption>(data + at).mac;
        }
        at += std::size_t{data[at + 1]} * 8;
    }
    return true;
}

// What both messages must be (RFC 4861 7.1). An answer follows from it, so unlike elsewhere the
// checksum is proven.
bool read_message(const Frame& frame, const PacketInfo& info, Message& message) {
    message.ip = load_header<Ipv6Header>(frame.data + info.l3_offset);
    const std::size_t end = info.l3_offset + sizeof(Ipv6Header) + message.ip.payload_length.host();
    const std::size_t length = end - info.l4_offset;
    if (length < sizeof(NeighbourMessage) || message.ip.hop_limit != kHopLimit) return false;
    message.body = load_header<NeighbourMessage>(frame.data + info.l4_offset);
    if (message.body.code != 0 || is_group(message.body.target)) return false;
    const std::uint64_t pseudo =
        pseudo_header_sum(message.ip.source, message.ip.destination, kProtocolIcmpv6, length);
    if (checksum_finish(checksum_add(pseudo, frame.data + info.l4_offset, length)) != 0)
        return false;
    const bool asks = message.body.type == kIcmpv6NeighbourSolicitation;
    return read_options(frame.data, info.l4_offset + sizeof(NeighbourMessage), end,
                        asks ? kOptionSourceLinkAddress : kOptionTargetLinkAddress, message);
}

Reason write_advertisement(Frame& frame, std::size_t l3_offset, const Message& question,
                           const MacAddress& mac, const MacAddress& station) {
    constexpr std::size_t kMessageBytes = sizeof(NeighbourMessage) + sizeof(LinkAddressOption);
    const std::size_t l4_offset = l3_offset + sizeof(Ipv6Header);
    if (l4_offset + kMessageBytes > frame.capacity) return Reason::no_room;
    // Somebody who has no address yet asks for a duplicate: all nodes hear the answer, and nobody
    // solicited it.
    const bool probe = question.ip.source == kUnspecified;
    auto ethernet = load_header<EthernetHeader>(frame.data);
    if (probe)
        ethernet.destination = kAllNodesMac;
    else
        ethernet.destination = question.has_link_address && !question.link_address.is_group()
                                   ? question.link_address
                                   : ethernet.source;
    ethernet.source = station;
    store_header(frame.data, ethernet);

    Ipv6Header ip{be32{std::uint32_t{6} << 28}, be16{kMessageBytes}, kProtocolIcmpv6, kHopLimit,
                  question.body.target,         question.ip.source};
    if (probe) ip.destination = kAllNodes;
    store_header(frame.data + l3_offset, ip);
    const std::uint32_t flags = kNeighbourOverride | (probe ? 0 : kNeighbourSolicited);
    NeighbourMessage body{kIcmpv6NeighbourAdvertisement, 0, be16{0}, be32{flags},
                          question.body.target};
    const LinkAddressOption option{kOptionTargetLinkAddress, 1, mac};
    store_header(frame.data + l4_offset + sizeof body, option);
    store_header(frame.data + l4_offset, body);
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, kMessageBytes);
    body.checksum =
        be16{checksum_finish(checksum_add(pseudo, frame.data + l4_offset, kMessageBytes))};
    store_header(frame.data + l4_offset, body);
    frame.length = static_cast<std::uint16_t>(l4_offset + kMessageBytes);
    return Reason::nd_answered;
}

Reason settle_solicitation(Frame& frame, const PacketInfo& info, const Message& message,
                           const BurstContext& context) {
    if (message.ip.source == kUnspecified &&
        (message.has_link_address || !is_solicited_node(message.ip.destination)))
        return Reason::nd_malformed;
    // Inside stacks know best which link-local addresses are theirs. What they answer is masked
    // like all that leaves.
    if (is_link_local(message.body.target)) {
        if (is_group(message.ip.destination)) return Reason::multicast;
        return is_mac(frame.data, context.ports.station(context.tables)) ? Reason::link_local
                                                                         : Reason::nd_not_ours;
    }
    const AnswerChoice choice = choose_answer(message.body.target, context, Reason::nd_not_ours);
    if (!choice.answer) return choice.reason;
    return write_advertisement(frame, info.l3_offset, message, choice.mac,
                               context.ports.station(context.tables));
}

Reason settle_advertisement(const Frame& frame, const Message& message,
                            const BurstContext& context) {
    const Tables& tables = context.tables;
    const bool to_group = is_group(message.ip.destination);
    if (to_group && (message.body.flags.host() & kNeighbourSolicited) != 0)
        return Reason::nd_malformed;
    if (is_virtual(tables, message.body.target)) return Reason::virtual_announcement;
    if (to_group) return Reason::neighbour_reply;
    const AddressEntry* const entry = find_address(tables, message.ip.destination);
    const bool to_station = is_mac(frame.data, context.ports.station(tables));
    if (entry == nullptr && is_link_local(message.ip.destination) && to_station)
        return Reason::link_local;
    if (entry == nullptr || entry->kind == AddressKind::broadcast) return Reason::nd_not_ours;
    return entry->kind == AddressKind::dedicated_other ? Reason::other_host
                                                       : Reason::neighbour_reply;
}

}  // namespace

Reason settle_neighbour_message(Frame& frame, const PacketInfo& info, const BurstContext& context) {
    Message message{};
    // RFC 6980: neighbour discovery is never fragmented.
    if ((info.traits & (kTraitFirstFragment | kTraitLaterFragment)) != 0)
        return Reason::nd_malformed;
    if (!read_message(frame, info, message)) return Reason::nd_malformed;
    if (message.body.type == kIcmpv6NeighbourSolicitation)
        return settle_solicitation(frame, info, message, context);
    return settle_advertisement(frame, message, context);
}

}  // namespace nlb
