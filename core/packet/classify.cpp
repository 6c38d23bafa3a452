// The classify stage: whose address it is, which port rule covers it, and which bucket its client
// falls in. It knows nothing of ownership; only `icmp: all` looks at the fence, as no bucket
// decides there.
#include "core/packet/headers.hpp"
#include "core/packet/session_protocols.hpp"
#include "core/packet/stages.hpp"
#include "core/tables/address_table.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/rule_lookup.hpp"

namespace nlb {
namespace {

std::uint8_t protocol_bit(const PacketInfo& info) {
    if ((info.traits & kTraitNoPorts) != 0) return 0;
    return info.protocol == kProtocolTcp ? kProtocolTcpBit : kProtocolUdpBit;
}

RuleId rule_of(const PacketInfo& info, RuleMemory& memory) {
    const std::uint8_t bit = protocol_bit(info);
    if (bit == 0) return kDefaultRule;
    return memory.rule_of(rule_key(info.vip_index, bit, info.vip_port));
}

// A virtual address: rule and bucket. The default rule belongs to one host, whatever the bucket.
// `sticky`: the track_sticky stage decides about it (core/flow/track_sticky.hpp); sessions are
// never sticky.
Reason classify_virtual(PacketInfo& info, const BurstContext& context, RuleMemory& memory,
                        bool& sticky) {
    const Tables& tables = context.tables;
    if ((info.traits & kTraitLaterFragment) != 0) return Reason::fragment_unmatched;
    const bool session = (info.traits & kTraitSession) != 0;
    info.rule =
        session ? find_session_rule(tables, info.vip_index, info.protocol) : rule_of(info, memory);
    if (is_disabled(tables, info.rule)) return Reason::rule_disabled;
    sticky = is_sticky(tables, info.rule) && !session && info.session_role == SessionRole::none;
    const Affinity affinity =
        session ? session_affinity_of(tables, info.rule) : affinity_of(tables, info.rule);
    info.hash = client_hash(tables.hash_key, affinity, info.client, info.client_port);
    info.bucket = bucket_of(info.hash);
    if ((info.traits & kTraitEchoRequest) == 0 || tables.icmp == IcmpMode::one) return Reason::live;
    return context.fence_holds ? Reason::echo_all : Reason::fenced;
}

bool is_multicast(const PacketInfo& info) {
    return info.ip_version == 4 ? info.vip.bytes[12] >> 4 == 14 : info.vip.bytes[0] == 0xff;
}

// Who has no IPv4 address yet asks everybody (the parser lets nobody else through): an answer could
// not go back to a host whose address is 0.0.0.0.
bool is_nameless(const PacketInfo& info) {
    return info.ip_version == 4 && info.client.as_v4() == 0 && (info.traits & kTraitIcmpError) == 0;
}

bool is_limited_broadcast(const PacketInfo& info) {
    return info.ip_version == 4 && info.vip.as_v4() == 0xffff'ffff;
}

// A switch that snoops asks who is in the cluster's group. Control planes look closer; whoever asks
// is a multicast packet among others.
bool is_group_query(const Frame& frame, const PacketInfo& info, const Tables& tables) {
    return tables.mode == LinkMode::igmp && info.ip_version == 4 &&
           info.protocol == kProtocolIgmp && info.l4_offset < frame.length &&
           frame.data[info.l4_offset] == kIgmpQuery;
}

// A whole datagram: what comes in fragments is nobody's request, and goes by the port rules.
bool is_remote_control_packet(const PacketInfo& info, const Tables& tables) {
    return info.protocol == kProtocolUdp && info.traits == 0 &&
           is_remote_control(tables, kProtocolUdpBit, info.vip_port);
}

bool is_for_inside_stack(const Frame& frame, const PacketInfo& info, const BurstContext& context) {
    return is_link_local(info.vip) && is_mac(frame.data, context.ports.station(context.tables));
}

Reason classify_packet(const Frame& frame, PacketInfo& info, const BurstContext& context,
                       RuleMemory& memory, bool& sticky) {
    const Tables& tables = context.tables;
    // For an ICMP error `client` is whom the flow is with, not who sent the error.
    if ((info.traits & kTraitIcmpError) == 0 && is_subnet_broadcast(tables, info.client))
        return Reason::martian_broadcast;
    if (is_multicast(info))
        return is_group_query(frame, info, tables) ? Reason::igmp_query : Reason::multicast;
    if (is_limited_broadcast(info)) return Reason::broadcast;
    const AddressEntry* const entry = find_address(tables, info.vip);
    if (is_nameless(info) && (entry == nullptr || entry->kind != AddressKind::broadcast))
        return Reason::martian_unspecified;
    if (entry == nullptr)
        return is_for_inside_stack(frame, info, context) ? Reason::link_local
                                                         : Reason::not_our_address;
    switch (entry->kind) {
        case AddressKind::vip:
            if (is_remote_control_packet(info, tables)) return Reason::remote_control;
            break;
        case AddressKind::dedicated_mine:
            return is_remote_control_packet(info, tables) ? Reason::remote_control
                                                          : Reason::dedicated;
        case AddressKind::dedicated_other:
            return Reason::other_host;
        case AddressKind::broadcast:
            return Reason::broadcast;
    }
    info.vip_index = static_cast<std::uint8_t>(entry - tables.addresses.data());
    return classify_virtual(info, context, memory, sticky);
}

}  // namespace

void classify(Burst& burst, const BurstContext& context) {
    burst.sticky &= burst.on_fast_path;
    if (burst.on_fast_path == all_slots(burst)) return;
    RuleMemory memory(context.tables);
    for (const std::uint32_t i : off_fast_path(burst)) {
        if (burst.reasons[i] != Reason::live) continue;
        bool sticky = false;
        burst.reasons[i] = classify_packet(burst.frames[i], burst.info[i], context, memory, sticky);
        burst.sticky |= std::uint64_t{sticky} << i;
    }
}

}  // namespace nlb
