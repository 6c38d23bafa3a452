// What a packet of a rule with a time-out asks of the client table, and what its answer means for a
// flow's descriptor.
#include "core/flow/track_sticky.hpp"

namespace nlb {
namespace {

bool opens(const PacketInfo& info) {
    if ((info.traits & kTraitIcmpError) != 0) return false;
    return info.protocol != kProtocolTcp || is_plain_syn(info.tcp_flags);
}

bool ends(const PacketInfo& info) {
    return (info.traits & kTraitIcmpError) == 0 && info.protocol == kProtocolTcp &&
           (info.tcp_flags & (kTcpFin | kTcpRst)) != 0;
}

}  // namespace

Standing standing_of(const PacketInfo& info, const BurstContext& context) {
    const ClientScene scene(context.tables, info.rule, info.bucket, context.now);
    const bool owned = scene.owned();
    const Standing by_bucket = owned ? Standing::ours : Standing::not_ours;
    if (context.clients == nullptr) return by_bucket;
    const bool asks = opens(info) || ends(info) ||
                      (owned && !context.clients->is_free_of_commitments(info.rule, info.bucket)) ||
                      (!owned && info.protocol != kProtocolTcp);
    if (!asks) return by_bucket;
    const ClientName client = client_name(context.tables, info.rule, info.bucket, info.client);
    if (opens(info)) return context.clients->on_opening(client, scene);
    if (ends(info)) context.clients->on_end(client, scene);
    if (owned)
        return context.clients->serves_elsewhere(client, scene) ? Standing::elsewhere
                                                                : Standing::ours;
    // An error about a datagram goes where the datagram went; TCP's goes by the descriptor.
    return info.protocol != kProtocolTcp && context.clients->is_guest_here(client, scene)
               ? Standing::guest
               : Standing::not_ours;
}

TrackDecision decide_sticky(const PacketInfo& info, const Byte* segment, const Tables& tables,
                            Standing standing, Descriptor* found, std::uint32_t now_s) {
    if (standing == Standing::elsewhere) {
        // What the other host is to answer from here on must not be answered here by an older
        // descriptor of the same ports.
        if (opens(info))
            return found == nullptr
                       ? TrackDecision{Reason::client_elsewhere, DescriptorChange::none}
                       : TrackDecision{Reason::moved_flow, DescriptorChange::erase};
        if (found == nullptr) return {Reason::client_elsewhere, DescriptorChange::none};
        return decide_tracked(info, segment, tables, found, now_s);
    }
    if (found == nullptr) return {Reason::client_guest, DescriptorChange::insert};
    if (found->state == FlowState::closing && (found->marks & kMarkReset) == 0)
        return {Reason::client_guest, DescriptorChange::replace};
    if (found->state == FlowState::half_open) found->seen_s = now_s;
    return {Reason::client_guest, DescriptorChange::none};
}

}  // namespace nlb
