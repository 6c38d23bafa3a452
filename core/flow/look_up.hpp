// May a packet of a TCP flow go without a look-up of its descriptor? Here once for a packet, and
// once for all buckets of a rule together; tests/unit/core/flow/look_up_test.cpp holds over all
// combinations of the facts and flags that the first is right (the look-up would change nothing)
// and that the fast path, which works with the second, agrees with it. It looks nothing up.
//
// A look-up is paid for when a descriptor could change what becomes of the packet, or when the
// packet changes a descriptor that somebody relies on. Sessions (core/flow/sessions.hpp) are always
// looked up.
#pragma once

#include <concepts>
#include <cstdint>

#include "core/base/types.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/reasons.hpp"

namespace nlb {

// What is known of a packet and its bucket beforehand, by the tables and by the FlowIndex.
// Functions, because a worker works out only what it is asked for.
template <class Facts>
concept LookUpFacts = requires(const Facts& packet) {
    { packet.flags() } -> std::same_as<std::uint8_t>;    // TCP's; 0 of an ICMP error about the flow
    { packet.owned() } -> std::same_as<bool>;            // this host owns the bucket
    { packet.dirty_elsewhere() } -> std::same_as<bool>;  // another host has descriptors in it
    { packet.held() } -> std::same_as<bool>;             // this host has; always while reindexing
    { packet.opening() } -> std::same_as<bool>;          // this burst may have opened a flow in it
    { packet.reindexing() } -> std::same_as<bool>;       // which flows are watched is not known
    { packet.watched() } -> std::same_as<bool>;          // the packet's own flow may be watched
};

// Reason::live: look it up. Otherwise no descriptor can matter, and the packet is settled:
// `owner` (this host owns the bucket, which is clean), `tracked_elsewhere` (the flow is not tracked
// here, and may be where the bucket is dirty) or `not_owner` (rejection() in
// core/packet/ownership.hpp knows whether somebody is). opening() counts only where owned().
// Requires: held() where watched() or reindexing().
template <LookUpFacts Facts>
[[nodiscard, gnu::always_inline]] constexpr Reason settle_without_look_up(const Facts& packet) {
    if (!packet.owned()) return packet.held() ? Reason::live : Reason::not_owner;
    if (is_plain_syn(packet.flags())) return Reason::live;
    const bool held = packet.held() || packet.opening();
    if (packet.dirty_elsewhere()) return held ? Reason::live : Reason::tracked_elsewhere;
    // A clean bucket of ours: the packet is accepted whatever a descriptor says; the rest only
    // keeps the descriptor true.
    if (!held) return Reason::owner;
    const bool ends = (packet.flags() & (kTcpRst | kTcpFin)) != 0;
    return ends || packet.opening() || packet.reindexing() || packet.watched() ? Reason::live
                                                                               : Reason::owner;
}

// Of a packet whose flow turned out to be tracked: its descriptor need not be read, as the packet
// neither begins nor ends the flow and nobody watches for it. It would be the fourth line of memory
// to wait for.
template <class IsWatched>
[[nodiscard]] constexpr bool leaves_descriptor_alone(std::uint8_t flags,
                                                     const IsWatched& is_watched) {
    return (flags & kTcpBeginsOrEnds) == 0 && !is_watched();
}

// All buckets of a rule at once, for packets that come before any of their burst opens a flow. Who
// works with it (core/fastpath/rule_outcome.hpp) takes out of `clean` what opens meanwhile, and
// sends on to track what begins or ends a flow in a clean bucket.
struct LookUpMasks {
    BucketMask clean = 0;     // accepted without a look-up, unless the packet begins or ends a flow
    BucketMask watched = 0;   // of the clean ones: those in which some flow is watched
    BucketMask to_track = 0;  // track decides about each packet
};
[[nodiscard]] constexpr LookUpMasks look_up_masks(BucketMask own, BucketMask dirty_elsewhere,
                                                  BucketMask held, BucketMask watched,
                                                  bool reindexing) {
    const BucketMask clean = reindexing ? 0 : own & ~dirty_elsewhere;
    return {clean, clean & watched, (own | held) & ~clean};
}

}  // namespace nlb
