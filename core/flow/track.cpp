// The table of descriptors (docs/packet-path.md) and their ends, without any connection table.
#include "core/flow/track.hpp"

#include "core/base/assert.hpp"
#include "core/clients/client_table.hpp"
#include "core/flow/sessions.hpp"
#include "core/packet/ownership.hpp"

namespace nlb {
namespace {

// Workers read the clock once per burst, so a descriptor may have been seen "later" than the
// sweep's now.
std::uint32_t age_s(const Descriptor& descriptor, std::uint32_t now_s) {
    const auto age = static_cast<std::int32_t>(now_s - descriptor.seen_s);
    return age < 0 ? 0 : static_cast<std::uint32_t>(age);
}

// One FIN leaves a flow as it is: a client that has said all it wants may still download for hours.
void note_fin(Descriptor& found, std::uint8_t side, std::uint32_t now_s) {
    if (found.state == FlowState::closing) return;
    constexpr std::uint8_t kBoth = kMarkClientFin | kMarkServerFin;
    found.marks |= side;
    if ((found.marks & kBoth) != kBoth) return;
    found.state = FlowState::closing;
    found.seen_s = now_s;
}

TrackDecision decide_syn(bool owned, Reason rejected, Descriptor* found, std::uint32_t now_s) {
    if (!owned) {
        if (found == nullptr) return {rejected, DescriptorChange::none};
        return {Reason::moved_flow, DescriptorChange::erase};
    }
    if (found == nullptr) return {Reason::new_flow, DescriptorChange::insert};
    // A tuple whose both ends have closed is used again. An established one stays so, whatever RST
    // came before: forged packets must not shorten its life. If the client did restart, the server
    // says so by its answer.
    if (found->state == FlowState::closing && (found->marks & kMarkReset) == 0)
        return {Reason::new_flow, DescriptorChange::replace};
    if (found->state == FlowState::half_open) found->seen_s = now_s;
    return {Reason::owner, DescriptorChange::none};
}

// A line of memory that is not written need not be written back: at a million flows that is most of
// a look-up. An established flow becomes stale that much earlier.
bool is_seen_of_late(const Descriptor& descriptor, const Tables& tables, std::uint32_t now_s) {
    if (descriptor.seen_s == now_s) return true;
    return descriptor.state == FlowState::established &&
           age_s(descriptor, now_s) < stale_after_s(tables.tcp_idle_s) / 8;
}

// An RST whose sequence number nobody here can judge (RFC 5961 3.2). A half-open flow has little to
// lose; an established one closes, unless its client goes on.
DescriptorChange note_reset(Descriptor& found, std::uint32_t now_s) {
    if (found.state == FlowState::half_open) return DescriptorChange::erase;
    if (found.state != FlowState::established) return DescriptorChange::none;
    found.state = FlowState::closing;
    found.seen_s = now_s;
    const bool watched = (found.marks & kMarkStale) != 0;
    found.marks &= static_cast<std::uint8_t>(~kMarkStale);
    found.marks |= kMarkReset;
    return watched ? DescriptorChange::none : DescriptorChange::reset;
}

bool is_revived_by(std::uint8_t flags, const Descriptor& found) {
    return (found.marks & kMarkReset) != 0 && (flags & (kTcpAck | kTcpSyn)) == kTcpAck;
}

DescriptorChange revive(Descriptor& found, std::uint32_t now_s) {
    found.state = FlowState::established;
    found.seen_s = now_s;
    found.marks &= static_cast<std::uint8_t>(~kMarkReset);
    return DescriptorChange::seen;
}

// Who forges a SYN does not hear the server's answer, and cannot acknowledge it (RFC 6528).
bool has_heard_server(std::uint8_t flags, const Byte* segment, const Descriptor& found) {
    return (flags & kTcpAck) != 0 && (found.marks & kMarkAnswered) != 0 &&
           load_big_endian<std::uint32_t>(segment + offsetof(TcpHeader, acknowledgement)) ==
               found.answer;
}

DescriptorChange update(std::uint8_t flags, const Byte* segment, Descriptor& found,
                        const Tables& tables, std::uint32_t now_s) {
    if ((flags & kTcpRst) != 0) return note_reset(found, now_s);
    DescriptorChange change = DescriptorChange::none;
    if (found.state == FlowState::half_open && has_heard_server(flags, segment, found)) {
        found.state = FlowState::established;
        change = DescriptorChange::opened;
    } else if (is_revived_by(flags, found)) {
        change = revive(found, now_s);
    }
    if (found.state != FlowState::closing && !is_seen_of_late(found, tables, now_s))
        found.seen_s = now_s;
    if ((found.marks & kMarkStale) != 0) {
        found.marks &= static_cast<std::uint8_t>(~kMarkStale);
        change = DescriptorChange::seen;
    }
    if ((flags & kTcpFin) != 0 && found.state == FlowState::established)
        note_fin(found, kMarkClientFin, now_s);
    return change;
}

}  // namespace

void reindex(const FlowKey& key, Descriptor& descriptor, const Tables& tables,
             FlowIndex& flow_index) {
    NLB_ASSERT(flow_index.is_reindexing());
    const FlowPlace place = place_of(key, tables);
    if (place.rule == kNoRule ||
        (place.rule == descriptor.rule && place.bucket == descriptor.bucket))
        return;
    const Descriptor former = descriptor;
    descriptor.rule = place.rule;
    descriptor.bucket = place.bucket;
    flow_index.on_reindexed(former, descriptor);
}

bool is_expired(const Descriptor& descriptor, const Tables& tables, std::uint32_t now_s) {
    const std::uint32_t age = age_s(descriptor, now_s);
    switch (descriptor.state) {
        case FlowState::half_open:
            return age > tables.half_open_s;
        case FlowState::closing:
            return age > tables.closing_s;
        case FlowState::ipsec:
            return age > tables.ipsec_idle_s;
        case FlowState::gre:
            return age > kGreIdle_s;
        case FlowState::established:
            break;
    }
    return age > expires_after_s(tables.tcp_idle_s);
}

bool is_stale(const Descriptor& descriptor, const Tables& tables, std::uint32_t now_s) {
    if (descriptor.state != FlowState::established || (descriptor.marks & kMarkStale) != 0)
        return false;
    return age_s(descriptor, now_s) > stale_after_s(tables.tcp_idle_s);
}

bool is_guest_of_ours(const FlowKey& key, const FlowPlace& place, const BurstContext& context) {
    if (context.clients == nullptr || !is_sticky(context.tables, place.rule)) return false;
    const ClientScene scene(context.tables, place.rule, place.bucket, context.now);
    return context.clients->is_guest_here(
        client_name(context.tables, place.rule, place.bucket, key.client), scene);
}

TrackDecision decide_tracked(const PacketInfo& info, const Byte* segment, const Tables& tables,
                             Descriptor* found, std::uint32_t now_s) {
    const bool owned = owns(tables, info.rule, info.bucket);
    const Reason rejected = rejection(tables, info.rule, info.bucket);
    const bool about_the_flow = (info.traits & kTraitIcmpError) != 0;
    if (!about_the_flow && is_plain_syn(info.tcp_flags))
        return decide_syn(owned, rejected, found, now_s);
    if (found != nullptr && ends_flows(tables, info.rule, info.bucket))
        return {rejected, about_the_flow ? DescriptorChange::none : DescriptorChange::erase};
    if (found != nullptr) {
        // Anybody can quote a flow; only its own packets change its descriptor.
        const DescriptorChange change =
            about_the_flow ? DescriptorChange::none
                           : update(info.tcp_flags, segment, *found, tables, now_s);
        return {acceptance(tables, info.rule, info.bucket), change};
    }
    if (!owned) return {rejected, DescriptorChange::none};
    return {is_dirty_elsewhere(tables, info.rule, info.bucket) ? Reason::tracked_elsewhere
                                                               : Reason::owner,
            DescriptorChange::none};
}

namespace {

// What the server answers to a SYN says which acknowledgement comes from its client. A flow that
// was reset begins anew; of an established one this is a copy.
DescriptorChange note_answer(const Byte* segment, Descriptor& found, std::uint32_t now_s) {
    const bool reset = (found.marks & kMarkReset) != 0;
    if (found.state != FlowState::half_open && !reset) return DescriptorChange::none;
    found.answer = answer_to(segment);
    found.marks = kMarkAnswered;
    if (!reset) return DescriptorChange::none;
    found.state = FlowState::half_open;
    found.seen_s = now_s;
    return DescriptorChange::reopened;
}

}  // namespace

std::uint32_t answer_to(const Byte* segment) {
    return load_big_endian<std::uint32_t>(segment + offsetof(TcpHeader, sequence)) + 1;
}

DescriptorChange decide_reply(std::uint8_t tcp_flags, const Byte* segment, Descriptor& found,
                              std::uint32_t now_s) {
    if ((tcp_flags & kTcpRst) != 0) return DescriptorChange::erase;
    if ((tcp_flags & kTcpSyn) != 0) return note_answer(segment, found, now_s);
    // A server that ends a flow which we never saw opened has accepted it: it is established from
    // here on. One that was reset was not, if its server goes on.
    DescriptorChange change = DescriptorChange::none;
    if (found.state == FlowState::half_open) {
        found.state = FlowState::established;
        change = DescriptorChange::opened;
    } else if ((found.marks & kMarkReset) != 0) {
        change = revive(found, now_s);
    }
    note_fin(found, kMarkServerFin, now_s);
    return change;
}

}  // namespace nlb
