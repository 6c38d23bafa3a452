// Descriptors of TCP flows and of sessions (core/flow/sessions.hpp): they keep a flow on its host
// when its bucket moves (docs/packet-path.md). UDP has none. A packet pays for a look-up only when
// a descriptor could change what happens to it, or when the descriptor could not otherwise be kept
// true; see needs_look_up(). Which worker a flow's packets reach is not decided here.
#pragma once

#include <array>
#include <cstdint>

#include "core/flow/flow.hpp"
#include "core/flow/flow_index.hpp"
#include "core/flow/sessions.hpp"
#include "core/flow/track_decision.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/counters.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/stages.hpp"

namespace nlb {

// A SYN that opens a flow. With ACK, RST or FIN it opens none.
[[nodiscard]] constexpr bool is_plain_syn(std::uint8_t flags) {
    return (flags & (kTcpSyn | kTcpAck | kTcpRst | kTcpFin)) == kTcpSyn;
}

// Established packets in clean buckets are not looked up, so a descriptor's `seen_s` grows old
// while its flow speaks. What the sweep finds unseen for half of tcp_idle becomes stale: the
// flow_index watches for it, its next packet is looked up, and all is well for as long again. So a
// flow that sends a packet at least each tcp_idle never expires, and a silent one does after
// tcp_idle at the earliest and somewhat more than 1.5 tcp_idle at the latest.
[[nodiscard]] constexpr std::uint32_t stale_after_s(std::uint32_t tcp_idle_s) {
    return tcp_idle_s / 2;
}
// A sweep may find a stale descriptor that much too late.
inline constexpr std::uint32_t kSweepDelayMost_s = 20;
[[nodiscard]] constexpr std::uint32_t expires_after_s(std::uint32_t tcp_idle_s) {
    return tcp_idle_s + stale_after_s(tcp_idle_s) + kSweepDelayMost_s;
}

// For the sweep over all descriptors: erase the expired, mark the stale (kMarkStale) and tell
// FlowIndex::on_stale.
[[nodiscard]] bool is_expired(const Descriptor& descriptor, const Tables& tables,
                              std::uint32_t now_s);
// And not marked yet.
[[nodiscard]] bool is_stale(const Descriptor& descriptor, const Tables& tables,
                            std::uint32_t now_s);

// What to do with a packet of a TCP flow whose descriptor was looked up; `found` may be nullptr,
// and is updated. Requires: info.rule and info.bucket are set.
[[nodiscard]] TrackDecision decide_tracked(const PacketInfo& info, const Tables& tables,
                                           Descriptor* found, std::uint32_t now_s);
// The same for a FIN or RST from the server. Requires: found is not nullptr.
[[nodiscard]] DescriptorChange decide_reply(std::uint8_t tcp_flags, Descriptor& found,
                                            std::uint32_t now_s);

// Gives a descriptor its place by tables of another layout. A flow to an address that is virtual no
// more stays where it was: it ends by idle time.
void reindex(const FlowKey& key, Descriptor& descriptor, const Tables& tables,
             FlowIndex& flow_index);

[[nodiscard]] inline FlowKey flow_key_of(const PacketInfo& info) {
    return {info.client, info.vip, info.client_port, info.vip_port, info.protocol, {}};
}

// What needs_look_up() weighs besides the packet. `opening` grows: buckets in which this burst may
// open flows, as the flow_index does not know them yet.
struct LookUpContext {
    const Tables& tables;
    const FlowIndex& flow_index;
    BucketMask opening = 0;
};

// Requires: the packet is of a TCP flow to a virtual address. True: look it up. False: no
// descriptor can matter, and `reason` says what becomes of it.
inline bool needs_look_up(const PacketInfo& info, LookUpContext& look_up, Reason& reason) {
    const Tables& tables = look_up.tables;
    const BucketMask bit = BucketMask{1} << info.bucket;
    const bool held = ((look_up.flow_index.held()[info.rule] | look_up.opening) & bit) != 0;
    if ((tables.own[info.rule] & bit) == 0) {
        if (held) return true;
        reason = rejection(tables, info.rule, info.bucket);
        return false;
    }
    if (is_plain_syn(info.tcp_flags)) {
        look_up.opening |= bit;
        return true;
    }
    if ((tables.dirty_elsewhere[info.rule] & bit) != 0) {
        if (held) return true;
        reason = Reason::tracked_elsewhere;
        return false;
    }
    // A clean bucket of ours: accepted whatever the descriptor says; the rest only keeps the
    // descriptor true.
    const bool ends = (info.tcp_flags & (kTcpRst | kTcpFin)) != 0;
    const bool pays = ends || (look_up.opening & bit) != 0 || look_up.flow_index.is_reindexing();
    if (held &&
        (pays || look_up.flow_index.may_be_watched(info.rule, info.bucket, flow_key_of(info))))
        return true;
    reason = Reason::owner;
    return false;
}

// A packet of a tracked flow that neither begins nor ends it, and that nobody watches for: its
// descriptor says nothing that matters, and would be the fourth line of memory to wait for.
[[nodiscard]] inline bool changes_nothing(const PacketInfo& info, const FlowKey& key,
                                          const FlowIndex& flow_index) {
    return (info.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) == 0 &&
           !flow_index.may_be_watched(info.rule, info.bucket, key);
}

// Half-open descriptors give way when there are too many of them, or when the table is nearly full.
template <Connections Table>
[[nodiscard]] bool lacks_room(Table& connections) {
    return connections.is_nearly_full() ||
           connections.flow_index().half_open() >= connections.half_open_most();
}

// Before a descriptor is made where there is no room. Two at once, so that a number above the bound
// shrinks although a look for one may have been in vain.
template <Connections Table>
void make_room(Table& connections, Counters& counters) {
    for (int turn = 0; turn < 2 && lacks_room(connections); ++turn)
        counters.half_open_evicted += connections.evict_half_open() ? 1 : 0;
}

template <Connections Table>
[[nodiscard]] Reason apply(const TrackDecision& decision, const PacketInfo& info,
                           const FlowKey& key, const Descriptor* found, Table& connections,
                           std::uint32_t now_s, Counters& counters) {
    switch (decision.change) {
        case DescriptorChange::none:
            return decision.reason;
        case DescriptorChange::opened:
            connections.flow_index().on_opened(key, *found);
            return decision.reason;
        case DescriptorChange::seen:
            connections.flow_index().on_seen(key, *found);
            return decision.reason;
        case DescriptorChange::erase:
            connections.erase(key);
            return decision.reason;
        case DescriptorChange::replace:
            connections.erase(key);
            break;
        case DescriptorChange::insert:
            break;
    }
    const Descriptor made{now_s, info.rule, info.bucket, first_state(info), 0};
    if (lacks_room(connections)) {
        // A flood: what gives way to it had no time to be answered, nor would this one have.
        if (made.state == FlowState::half_open && !connections.may_evict()) return Reason::syn_shed;
        make_room(connections, counters);
    }
    if (connections.insert(key, made) != nullptr) return decision.reason;
    ++counters.table_full;
    return Reason::untracked_flow;
}

// Sessions are few: each of their packets is looked up.
template <Connections Table>
[[nodiscard]] Reason track_session(const PacketInfo& info, const BurstContext& context,
                                   Table& connections, Counters& counters) {
    const FlowKey key = session_key_of(info);
    const std::uint32_t now_s = seconds_of(context.now);
    Descriptor* const found = connections.find(key);
    const TrackDecision decision = decide_session(info, context.tables, found, now_s);
    return apply(decision, info, key, found, connections, now_s, counters);
}

// Settles what is still live: packets of TCP flows and sessions to virtual addresses, with their
// ICMP errors.
template <Connections Table>
void track(Burst& burst, const BurstContext& context, Table& connections, Counters& counters) {
    const std::uint64_t live = slots_of(burst, Reason::live) & ~burst.sticky;
    if (live == 0) return;
    const std::uint32_t now_s = seconds_of(context.now);
    LookUpContext look_up{context.tables, connections.flow_index()};
    std::array<FlowKey, kBurstMax> keys;
    std::array<const FlowKey*, kBurstMax> key_pointers;
    std::array<std::uint8_t, kBurstMax> slots;
    std::size_t count = 0;
    for (const std::uint32_t i : Slots(live)) {
        if ((burst.info[i].traits & kTraitSession) != 0) {
            burst.reasons[i] = track_session(burst.info[i], context, connections, counters);
            continue;
        }
        if (!needs_look_up(burst.info[i], look_up, burst.reasons[i])) continue;
        keys[count] = flow_key_of(burst.info[i]);
        key_pointers[count] = &keys[count];
        slots[count++] = static_cast<std::uint8_t>(i);
    }
    if (count == 0) return;
    std::array<Descriptor*, kBurstMax> found;
    connections.find_bulk(key_pointers.data(), count, found.data());
    // bit k: that the flow is tracked is all that its packet needs to know
    std::uint64_t untouched = 0;
    for (std::size_t k = 0; k < count; ++k) {
        if (found[k] != nullptr &&
            changes_nothing(burst.info[slots[k]], keys[k], connections.flow_index()))
            untouched |= std::uint64_t{1} << k;
        else
            __builtin_prefetch(found[k]);  // of nullptr it does nothing
    }
    // a pointer is good until the next insert or erase: the rest of the burst looks up one by one
    bool changed = false;
    for (std::size_t k = 0; k < count; ++k) {
        const PacketInfo& info = burst.info[slots[k]];
        if ((untouched >> k & 1U) != 0 && !changed) {
            burst.reasons[slots[k]] = acceptance(context.tables, info.rule, info.bucket);
            continue;
        }
        Descriptor* const descriptor = changed ? connections.find(keys[k]) : found[k];
        const TrackDecision decision = decide_tracked(info, context.tables, descriptor, now_s);
        burst.reasons[slots[k]] =
            apply(decision, info, keys[k], descriptor, connections, now_s, counters);
        if (decision.change >= DescriptorChange::insert) changed = true;
        if (info.session_role == SessionRole::begins)
            changed |= begin_tunnel(info, context.tables, connections, now_s);
    }
    if (changed) counters.connections = connections.flow_index().counts();
}

// Another host owns the bucket, but this client of a rule with a time-out was left to us.
[[nodiscard]] bool is_guest_of_ours(const FlowKey& key, const FlowPlace& place,
                                    const BurstContext& context);

// A server's own connection from a virtual address (active FTP): what the client answers finds its
// host although the bucket moves, or was another host's until now. On a host that does not serve
// the client it stays untracked: the answers would go to the owner too.
template <Connections Table>
void track_opening(const PacketInfo& info, const BurstContext& context, Table& connections,
                   Counters& counters) {
    const FlowKey key = flow_key_of(info);
    const FlowPlace place = place_of(key, context.tables);
    if (place.rule == kNoRule || !context.fence_holds) return;
    if ((context.tables.own[place.rule] >> place.bucket & 1U) == 0 &&
        !is_guest_of_ours(key, place, context))
        return;
    if (const Descriptor* const found = connections.find(key); found != nullptr) {
        if (found->state != FlowState::closing) return;
        connections.erase(key);
    }
    make_room(connections, counters);
    const Descriptor opened{seconds_of(context.now), place.rule, place.bucket, FlowState::half_open,
                            0};
    if (connections.insert(key, opened) == nullptr) ++counters.table_full;
}

// SYN, FIN and RST from inside, and answers that establish a session. Everything else from inside
// needs no descriptor.
template <Connections Table>
void track_replies(Burst& burst, const BurstContext& context, Table& connections,
                   Counters& counters) {
    for (std::uint32_t i = 0; i < burst.count; ++i) {
        const PacketInfo& info = burst.info[i];
        if (burst.reasons[i] == Reason::sent && is_session_packet(info.protocol, info.vip_port))
            confirm_session(burst.frames[i], info, connections);
        if (burst.reasons[i] != Reason::sent || info.protocol != kProtocolTcp) continue;
        if (is_plain_syn(info.tcp_flags) && (info.traits & kTraitIcmpError) == 0)
            track_opening(info, context, connections, counters);
        if ((info.tcp_flags & (kTcpFin | kTcpRst)) == 0) continue;
        const FlowKey key = flow_key_of(info);
        Descriptor* const found = connections.find(key);
        if (found == nullptr) continue;
        switch (decide_reply(info.tcp_flags, *found, seconds_of(context.now))) {
            case DescriptorChange::opened:
                connections.flow_index().on_opened(key, *found);
                break;
            case DescriptorChange::erase:
                connections.erase(key);
                break;
            default:
                break;
        }
    }
}

}  // namespace nlb
