// The answer_neighbours stage, and its ARP half (RFC 826, 5227).
#include "core/packet/neighbours.hpp"

#include "core/packet/headers.hpp"
#include "core/packet/stages.hpp"
#include "core/tables/address_table.hpp"

namespace nlb {
namespace {

IpAddress address_of(be32 ip) {
    return IpAddress::v4(ip.host());
}

bool is_well_formed(const ArpPacket& packet) {
    const std::uint16_t operation = packet.operation.host();
    return packet.hardware.host() == kArpEthernet && packet.protocol.host() == kEthertypeIpv4 &&
           packet.hardware_bytes == sizeof(MacAddress) && packet.protocol_bytes == 4 &&
           (operation == kArpRequest || operation == kArpReply);
}

void write_reply(Frame& frame, std::size_t at, const ArpPacket& request, const MacAddress& mac,
                 const MacAddress& station) {
    auto ethernet = load_header<EthernetHeader>(frame.data);
    // Some foreign clusters ask with a multicast sender; an answer sent there would reach everybody
    // but serve nobody.
    ethernet.destination = request.sender_mac.is_group() ? ethernet.source : request.sender_mac;
    ethernet.source = station;
    store_header(frame.data, ethernet);
    ArpPacket reply = request;
    reply.operation = be16{kArpReply};
    reply.sender_mac = mac;
    reply.sender_ip = request.target_ip;
    reply.target_mac = request.sender_mac;
    reply.target_ip = request.sender_ip;
    store_header(frame.data + at, reply);
}

// What an inside stack may learn from: answers to one of our addresses, to a request that was sent
// without a sender (core/packet/mask.cpp), and announcements.
bool is_for_inside(const Frame& frame, const ArpPacket& packet, const BurstContext& context) {
    if (packet.target_ip == packet.sender_ip) return true;
    if (packet.target_ip.raw == 0) return is_mac(frame.data, context.ports.station(context.tables));
    const AddressEntry* const entry = find_address(context.tables, address_of(packet.target_ip));
    return entry != nullptr &&
           (entry->kind == AddressKind::vip || entry->kind == AddressKind::dedicated_mine);
}

Reason settle(Frame& frame, const PacketInfo& info, const BurstContext& context,
              std::uint64_t station) {
    if (mac_word_at(frame.data + kSourceMacOffset) == station) return Reason::own_frame;
    if ((info.traits & kTraitArp) != 0) return settle_arp(frame, info, context);
    if ((info.traits & kTraitNeighbour) != 0) return settle_neighbour_message(frame, info, context);
    return Reason::live;
}

}  // namespace

AnswerChoice choose_answer(const IpAddress& target, const BurstContext& context,
                           Reason unknown_target) {
    const Tables& tables = context.tables;
    const AddressEntry* const entry = find_address(tables, target);
    if (entry == nullptr) return {false, {}, unknown_target};
    switch (entry->kind) {
        case AddressKind::dedicated_mine:
            return {true, context.ports.station(tables), Reason::live};
        case AddressKind::dedicated_other:
            return {false, {}, Reason::other_host};
        case AddressKind::broadcast:
            return {false, {}, unknown_target};
        case AddressKind::vip:
            break;
    }
    if (!context.fence_holds) return {false, {}, Reason::fenced};
    if (!is_default_host(tables)) return {false, {}, Reason::not_default_host};
    return {true, tables.cluster_mac, Reason::live};
}

Reason settle_arp(Frame& frame, const PacketInfo& info, const BurstContext& context) {
    const std::size_t at = info.l3_offset;
    if (frame.length - at < sizeof(ArpPacket)) return Reason::arp_malformed;
    const auto packet = load_header<ArpPacket>(frame.data + at);
    if (!is_well_formed(packet)) return Reason::arp_malformed;
    const bool announcement = packet.sender_ip == packet.target_ip;
    const bool claims_virtual = is_virtual(context.tables, address_of(packet.sender_ip));
    if (claims_virtual && (announcement || packet.operation.host() == kArpReply))
        return Reason::virtual_announcement;
    if (announcement || packet.operation.host() == kArpReply)
        return is_for_inside(frame, packet, context) ? Reason::neighbour_reply
                                                     : Reason::arp_not_ours;

    const AnswerChoice choice =
        choose_answer(address_of(packet.target_ip), context, Reason::arp_not_ours);
    if (!choice.answer) return choice.reason;
    write_reply(frame, at, packet, choice.mac, context.ports.station(context.tables));
    return Reason::arp_answered;
}

void answer_neighbours(Burst& burst, const BurstContext& context) {
    if (burst.on_fast_path == all_slots(burst)) return;
    const bool no_tables = context.tables.self == kNoHost;
    const std::uint64_t station = mac_word(context.ports.station(context.tables));
    for (const std::uint32_t i : off_fast_path(burst)) {
        if (burst.reasons[i] != Reason::live) continue;
        burst.reasons[i] = no_tables ? Reason::no_tables
                                     : settle(burst.frames[i], burst.info[i], context, station);
    }
}

}  // namespace nlb
