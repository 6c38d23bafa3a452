// The track stage: descriptors of TCP flows and of sessions (core/flow/sessions.hpp) keep a flow on
// its host when its bucket moves (docs/packet-path.md has their table). UDP has none. Which packets
// pay for a look-up is said in core/flow/look_up.hpp; which worker a flow's packets reach is not
// decided here. Thread of all: the worker whose table it is.
#pragma once

#include <array>
#include <cstdint>

#include "core/flow/flow.hpp"
#include "core/flow/flow_index.hpp"
#include "core/flow/flow_place.hpp"
#include "core/flow/look_up.hpp"
#include "core/flow/sessions.hpp"
#include "core/flow/track_decision.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/counters.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/ownership.hpp"

namespace nlb {

// Established packets in clean buckets are not looked up, so a descriptor's `seen_s` grows old
// while its flow speaks. What the sweep finds unseen for half of tcp_idle becomes stale: the flow
// index watches for it, its next packet is looked up, and that is enough for as long again. So a
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
// FlowIndex::on_stale. Seconds as in Descriptor::seen_s.
[[nodiscard]] bool is_expired(const Descriptor& descriptor, const Tables& tables,
                              std::uint32_t now_s);
// The sweep erases it too: the operator has disabled its rule on this host. Requires: the
// descriptor's rule is numbered by these tables, so nothing is being reindexed.
[[nodiscard]] inline bool is_cut(const Descriptor& descriptor, const Tables& tables) {
    return ends_flows(tables, descriptor.rule, descriptor.bucket);
}
// Stale, and not marked yet.
[[nodiscard]] bool is_stale(const Descriptor& descriptor, const Tables& tables,
                            std::uint32_t now_s);

// Where a packet's TCP header lies. Requires: the parser found a whole one there if it is read,
// that is, if info.tcp_flags are not 0.
[[nodiscard]] inline const Byte* segment_of(const Frame& frame, const PacketInfo& info) {
    return frame.data + info.l4_offset;
}

// What to do with a packet of a TCP flow whose descriptor was looked up; `found` may be nullptr,
// and is updated. Anybody can forge a client's packets, so they alone make no descriptor lasting
// (what the client acknowledges must be what the server has said) and end none. Requires: info.rule
// and info.bucket are set; `segment` as segment_of() gives it.
[[nodiscard]] TrackDecision decide_tracked(const PacketInfo& info, const Byte* segment,
                                           const Tables& tables, Descriptor* found,
                                           std::uint32_t now_s);
// Whether a packet of the server changes its flow's descriptor: it answers a SYN, or ends the flow.
[[nodiscard]] constexpr bool is_telling_reply(std::uint8_t tcp_flags) {
    return (tcp_flags & (kTcpFin | kTcpRst)) != 0 ||
           (tcp_flags & (kTcpSyn | kTcpAck)) == (kTcpSyn | kTcpAck);
}
// The same for a packet from the server. Requires: is_telling_reply(tcp_flags).
[[nodiscard]] DescriptorChange decide_reply(std::uint8_t tcp_flags, const Byte* segment,
                                            Descriptor& found, std::uint32_t now_s);
// Of a flow that a server begins: what its client will acknowledge.
[[nodiscard]] std::uint32_t answer_to(const Byte* segment);

// Gives a descriptor its rule and bucket by tables of another layout. A flow to an address that is
// virtual no more keeps what it had: it ends by idle time. Requires: flow_index.is_reindexing().
void reindex(const FlowKey& key, Descriptor& descriptor, const Tables& tables,
             FlowIndex& flow_index);

[[nodiscard]] inline FlowKey flow_key_of(const PacketInfo& info) {
    return {info.client, info.vip, info.client_port, info.vip_port, info.protocol, {}};
}

// What needs_look_up() weighs besides the packet. `opening` grows: buckets in which this burst may
// open flows, as the flow index does not know them yet.
struct LookUpContext {
    const Tables& tables;
    const FlowIndex& flow_index;
    BucketMask opening = 0;
};

// The facts of core/flow/look_up.hpp about one packet of a burst.
class PacketFacts {
public:
    PacketFacts(const PacketInfo& info, const LookUpContext& context)
        : info_(info), context_(context) {}
    [[nodiscard]] std::uint8_t flags() const { return info_.tcp_flags; }
    [[nodiscard]] bool owned() const { return owns(context_.tables, info_.rule, info_.bucket); }
    [[nodiscard]] bool dirty_elsewhere() const {
        return is_dirty_elsewhere(context_.tables, info_.rule, info_.bucket);
    }
    [[nodiscard]] bool held() const { return has(context_.flow_index.held()[info_.rule]); }
    [[nodiscard]] bool opening() const { return has(context_.opening); }
    [[nodiscard]] bool reindexing() const { return context_.flow_index.is_reindexing(); }
    [[nodiscard]] bool watched() const {
        return context_.flow_index.may_be_watched(info_.rule, info_.bucket, flow_key_of(info_));
    }

private:
    [[nodiscard]] bool has(BucketMask buckets) const { return (buckets >> info_.bucket & 1U) != 0; }
    const PacketInfo& info_;
    const LookUpContext& context_;
};

// True: look it up. False: no descriptor can matter, and `reason` says what becomes of the packet.
// Requires: it is of a TCP flow to a virtual address, with info.rule and info.bucket set.
[[gnu::always_inline]] inline bool needs_look_up(const PacketInfo& info, LookUpContext& look_up,
                                                 Reason& reason) {
    const Reason settled = settle_without_look_up(PacketFacts(info, look_up));
    if (settled == Reason::live) {
        if (is_plain_syn(info.tcp_flags) && owns(look_up.tables, info.rule, info.bucket))
            look_up.opening |= BucketMask{1} << info.bucket;
        return true;
    }
    reason =
        settled == Reason::not_owner ? rejection(look_up.tables, info.rule, info.bucket) : settled;
    return false;
}

// Flows of which a descriptor was inserted or erased since their burst was looked up, as a filter:
// it may say so of others, which are then looked up again.
class ChangedFlows {
public:
    void add(const PacketInfo& info) { words_[slot_of(info) / 64] |= bit_of(info); }
    void add_all() { words_.fill(~std::uint64_t{0}); }
    [[nodiscard]] bool may_contain(const PacketInfo& info) const {
        return (words_[slot_of(info) / 64] & bit_of(info)) != 0;
    }

private:
    static constexpr std::size_t kSlots = 256;
    // Packets of one flow have one hash and one port.
    [[nodiscard]] static std::size_t slot_of(const PacketInfo& info) {
        static_assert(kSlots == 1U << 8);
        return (info.hash ^ info.client_port * std::uint32_t{0x9e37'79b1}) >> 24;
    }
    [[nodiscard]] static std::uint64_t bit_of(const PacketInfo& info) {
        return std::uint64_t{1} << slot_of(info) % 64;
    }
    std::array<std::uint64_t, kSlots / 64> words_{};
};

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
        case DescriptorChange::reset:
            connections.flow_index().on_reset(key, *found);
            return decision.reason;
        case DescriptorChange::reopened:
            connections.flow_index().on_reopened();
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
    const Descriptor made{now_s, info.rule, info.bucket, first_state(info), 0, 0};
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
        const PacketInfo& info = burst.info[slots[k]];
        if (found[k] != nullptr && !ends_flows(context.tables, info.rule, info.bucket) &&
            leaves_descriptor_alone(info.tcp_flags, [&] {
                return connections.flow_index().may_be_watched(info.rule, info.bucket, keys[k]);
            }))
            untouched |= std::uint64_t{1} << k;
        else
            __builtin_prefetch(found[k]);  // of nullptr it does nothing
    }
    bool changed = false;
    ChangedFlows changes;
    const std::uint64_t evicted_before = counters.half_open_evicted;
    for (std::size_t k = 0; k < count; ++k) {
        const PacketInfo& info = burst.info[slots[k]];
        const bool again = changed && changes.may_contain(info);
        if ((untouched >> k & 1U) != 0 && !again) {
            burst.reasons[slots[k]] = acceptance(context.tables, info.rule, info.bucket);
            continue;
        }
        Descriptor* const descriptor = again ? connections.find(keys[k]) : found[k];
        const TrackDecision decision = decide_tracked(
            info, segment_of(burst.frames[slots[k]], info), context.tables, descriptor, now_s);
        burst.reasons[slots[k]] =
            apply(decision, info, keys[k], descriptor, connections, now_s, counters);
        if (decision.change >= DescriptorChange::insert) {
            changed = true;
            changes.add(info);
        }
        if (info.session_role == SessionRole::begins &&
            begin_tunnel(info, context.tables, connections, now_s)) {
            changed = true;
            changes.add_all();
        }
        // whose place a new flow took is not known
        if (counters.half_open_evicted != evicted_before) changes.add_all();
    }
    if (changed) counters.connections = connections.flow_index().counts();
}

// Another host owns the bucket, but this client of a rule with a time-out was left to us.
[[nodiscard]] bool is_guest_of_ours(const FlowKey& key, const FlowPlace& place,
                                    const BurstContext& context);

// A server's own connection from a virtual address (active FTP): what the client answers finds its
// host although the bucket moves, or was another host's until now. On a host that does not serve
// the client it stays untracked, and `answered_elsewhere` says so: the owner gets the answers.
template <Connections Table>
[[nodiscard]] Reason track_opening(const PacketInfo& info, const Byte* segment,
                                   const BurstContext& context, Table& connections,
                                   Counters& counters) {
    const FlowKey key = flow_key_of(info);
    const FlowPlace place = place_of(key, context.tables);
    if (place.rule == kNoRule || !context.fence_holds) return Reason::sent;
    const Descriptor* const found = connections.find(key);
    const bool goes_on = found != nullptr && found->state != FlowState::closing;
    if (!owns(context.tables, place.rule, place.bucket) && !is_guest_of_ours(key, place, context))
        return goes_on ? Reason::sent : Reason::answered_elsewhere;
    if (goes_on) return Reason::sent;
    if (found != nullptr) connections.erase(key);
    make_room(connections, counters);
    const Descriptor opened{seconds_of(context.now), place.rule,    place.bucket,
                            FlowState::half_open,    kMarkAnswered, answer_to(segment)};
    if (connections.insert(key, opened) == nullptr) ++counters.table_full;
    return Reason::sent;
}

// SYN, SYN-ACK, FIN and RST from inside, and answers that establish a session. Everything else from
// inside needs no descriptor.
template <Connections Table>
void track_replies(Burst& burst, const BurstContext& context, Table& connections,
                   Counters& counters) {
    for (const std::uint32_t i : off_fast_path(burst)) {
        const PacketInfo& info = burst.info[i];
        if (burst.reasons[i] == Reason::sent && is_session_packet(info.protocol, info.vip_port))
            confirm_session(burst.frames[i], info, connections);
        if (burst.reasons[i] != Reason::sent || info.protocol != kProtocolTcp) continue;
        if (is_plain_syn(info.tcp_flags) && (info.traits & kTraitIcmpError) == 0)
            burst.reasons[i] = track_opening(info, segment_of(burst.frames[i], info), context,
                                             connections, counters);
        if (!is_telling_reply(info.tcp_flags)) continue;
        const FlowKey key = flow_key_of(info);
        Descriptor* const found = connections.find(key);
        if (found == nullptr) continue;
        switch (decide_reply(info.tcp_flags, segment_of(burst.frames[i], info), *found,
                             seconds_of(context.now))) {
            case DescriptorChange::opened:
                connections.flow_index().on_opened(key, *found);
                break;
            case DescriptorChange::seen:
                connections.flow_index().on_seen(key, *found);
                break;
            case DescriptorChange::reopened:
                connections.flow_index().on_reopened();
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
