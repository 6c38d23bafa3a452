// The mask stage: what leaves a host carries the station's source address and nothing else. A
// single frame with the cluster MAC as its source would teach the switch a port and end the
// flooding that the cluster lives on. Payload stays as it is, DHCP's client hardware address too: a
// DHCP client inside has to ask for answers by broadcast, as cluster addresses are not leased
// anyway.
#include <utility>

#include "core/packet/headers.hpp"
#include "core/packet/mask_bodies.hpp"
#include "core/packet/parse_network.hpp"
#include "core/packet/stages.hpp"
#include "core/tables/address_table.hpp"

namespace nlb {
namespace {

// From inside the source is the VIP and the destination the client.
void name_from_client(PacketInfo& info) {
    if ((info.traits & kTraitIcmpError) != 0) return;
    std::swap(info.client, info.vip);
    std::swap(info.client_port, info.vip_port);
}

void begin_info(PacketInfo& info) {
    info = {};
    info.rule = kNoRule;
}

// What of a packet did not parse is no flow's.
void name_parsed(PacketInfo& info, Reason parsed) {
    if (parsed != Reason::live) info.protocol = 0;
    name_from_client(info);
}

// For explain and traces, of a frame that the fast path has settled.
void describe_usual(const Frame& frame, PacketInfo& info) {
    info.l3_offset = sizeof(EthernetHeader);
    const bool v4 =
        load_big_endian<std::uint16_t>(frame.data + info.l3_offset - 2) == kEthertypeIpv4;
    name_parsed(info, v4 ? parse_ipv4(frame, info) : parse_ipv6(frame, info));
}

// A server may send what it likes; only what concerns the cluster is looked at, and what does not
// parse passes.
Reason mask_ip(Frame& frame, PacketInfo& info, std::uint16_t ethertype, const MacAddress& former,
               const BurstContext& context) {
    const Reason parsed =
        ethertype == kEthertypeIpv4 ? parse_ipv4(frame, info) : parse_ipv6(frame, info);
    if (info.ip_version == 6 && info.protocol == kProtocolIcmpv6) {
        const Reason reason = mask_neighbour_options(frame, info, former, context);
        if (reason != Reason::sent) return reason;
    }
    // Behind the fence another host answers; an answer of ours that was late would be the second
    // one.
    if (!context.fence_holds && info.ip_version != 0 && is_virtual(context.tables, info.client))
        return Reason::fenced;
    name_parsed(info, parsed);
    return Reason::sent;
}

Reason mask_body(Frame& frame, PacketInfo& info, const MacAddress& former,
                 const BurstContext& context) {
    const LinkLayer link = parse_link(frame);
    // Tagged deeper than we read: no body of it can be masked.
    if (link.reason != Reason::live) return Reason::inside_malformed;
    info.l3_offset = link.l3_offset;
    switch (link.ethertype) {
        case kEthertypeHeartbeat:
            return Reason::inside_control;
        case kEthertypeArp:
            return mask_arp(frame, info.l3_offset, former, context);
        case kEthertypeReverseArp:
            return mask_reverse_arp(frame, info.l3_offset, former, context);
        case kEthertypeIpv4:
        case kEthertypeIpv6:
            return mask_ip(frame, info, link.ethertype, former, context);
        default:
            return Reason::sent;
    }
}

Reason mask_frame(Frame& frame, PacketInfo& info, const BurstContext& context) {
    if (frame.length < sizeof(EthernetHeader)) return Reason::inside_malformed;
    const auto former = load_header<MacAddress>(frame.data + kSourceMacOffset);
    const Reason reason = mask_body(frame, info, former, context);
    // What does not leave stays as the server sent it: a trace shows it so.
    if (reason == Reason::sent)
        put_mac(frame.data + kSourceMacOffset, context.ports.source(context.tables));
    return reason;
}

}  // namespace

void mask(Burst& burst, const BurstContext& context) {
    const bool no_tables = context.tables.self == kNoHost;
    if (burst.describe_all)
        for (const std::uint32_t i : Slots(burst.on_fast_path)) {
            begin_info(burst.info[i]);
            describe_usual(burst.frames[i], burst.info[i]);
        }
    for (const std::uint32_t i : off_fast_path(burst)) {
        PacketInfo& info = burst.info[i];
        begin_info(info);
        burst.reasons[i] =
            no_tables ? Reason::no_tables : mask_frame(burst.frames[i], info, context);
    }
}

}  // namespace nlb
