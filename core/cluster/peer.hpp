// What a host knows of another one, by its frames and by the maps that name it: plain values, and
// the one meaning that each flag of a heartbeat has. The objects beside this file decide what
// follows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/host_map.hpp"
#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

[[nodiscard]] constexpr bool says_goodbye(std::uint8_t flags) {
    return (flags & kFlagGoodbye) != 0;
}
[[nodiscard]] constexpr bool says_deaf(std::uint8_t flags) {
    return (flags & kFlagDeaf) != 0;
}
// Its cores answer nothing, and it says so: nobody waits for it.
[[nodiscard]] constexpr bool has_withdrawn(std::uint8_t flags) {
    return says_goodbye(flags) || says_deaf(flags);
}
// It is on its way out: an epoch without it follows.
[[nodiscard]] constexpr bool takes_no_bucket(std::uint8_t flags) {
    return has_withdrawn(flags) || (flags & kFlagLeaving) != 0;
}
// It has listened for long enough to begin alone at any moment, or has done so.
[[nodiscard]] constexpr bool may_begin(std::uint8_t flags, MemberState state) {
    return (flags & kFlagListened) != 0 || state == MemberState::member;
}

struct Peer {
    Incarnation incarnation;
    // Of its newest heartbeat, which is what it is acknowledged. Only heartbeats count as hearing
    // it, because only they say what it hears and owns.
    std::uint64_t sequence = 0;
    std::uint64_t other_sequence = 0;  // of its newest frame of another kind
    Duration last_rx{};                // of its newest heartbeat, in listening time
    Instant first_seen = kLongAgo;     // of this incarnation
    Instant acknowledged = kLongAgo;   // when my newest frame that it acknowledged was sent
    // It was silent for T*P and is heard again: until it acknowledges a frame of mine above this
    // sequence, what is heard may be a recording, or late.
    std::optional<std::uint64_t> must_acknowledge_above;
    Instant proven_again = kLongAgo;  // when it did
    bool heard = false;      // at least one frame of this incarnation, or a map that names it
    bool forgotten = false;  // not heard since this host was deaf: it is not acknowledged
    bool stated = false;     // at least one heartbeat: what follows is its own word
    MemberState state = MemberState::join;
    std::uint8_t flags = 0;  // kFlag*
    FrameVersions spoken;    // that it can speak; its control plane may be another since (R10)
    Epoch epoch;
    HostSet view;
    bool buried_me = false;  // its report names my incarnation as buried
    std::uint64_t config_digest = 0;
    std::uint8_t slots = 0;  // rules + 1 of that configuration
    std::uint64_t generation = 0;
    // As its configuration numbers the rules, and as mine does: see rules_numbered_by().
    std::array<RuleReport, kRuleSlots> stated_rules{};
    std::array<RuleReport, kRuleSlots> rules{};
    StagedReport staged;
    HostMap<PeerReport> hears;  // by the id of whom it hears; not its candidates
};

// Buckets of another configuration are no buckets of mine: R13 keeps its host out, R9 ends the
// meeting of two that serve. A member that has not changed over yet owns nothing, and has said what
// it will offer.
[[nodiscard]] inline std::array<RuleReport, kRuleSlots> rules_numbered_by(
    std::uint64_t config_digest, const Peer& peer) {
    if (peer.config_digest == config_digest) return peer.stated_rules;
    std::array<RuleReport, kRuleSlots> rules{};
    if (peer.staged.digest != config_digest) return rules;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        rules[slot] = rule_of_offer(peer.staged.offers[slot]);
    return rules;
}

// An incarnation that has not yet proved that it is not a recording.
struct Candidate {
    Incarnation incarnation;
    std::uint64_t sequence = 0;
    std::uint64_t my_sequence = 0;  // mine at first sight
    Duration last_rx{};             // in listening time, of a frame with a growing sequence
    bool hears_me = false;          // by its newest heartbeat; a recording cannot say so
    bool deaf = false;              // by its newest frame: its cores are fenced
};

}  // namespace nlb
