// What a host knows of another one: by its frames, and by the maps that name it. Plain values;
// membership's rooms decide what follows.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

struct Peer {
    Incarnation incarnation;
    std::uint64_t sequence = 0;
    Duration last_rx{};               // in listening time
    Instant first_seen = kLongAgo;    // of this incarnation
    Instant acknowledged = kLongAgo;  // send time of my newest heartbeat that it acknowledged
    Instant heard_again = kLongAgo;   // buried and heard again since
    // it may have listened long before I began to: it owes me no patience
    bool found_when_new = false;
    // at least one frame of this incarnation, or a map that names it
    bool heard = false;
    bool stated = false;  // at least one heartbeat: what follows is its own word
    MemberState state = MemberState::join;
    std::uint8_t flags = 0;  // kFlag*
    Epoch epoch;
    HostSet view;
    bool buried_me = false;  // its report names my incarnation as buried
    std::uint64_t config_digest = 0;
    std::uint64_t generation = 0;
    std::array<RuleReport, kRuleSlots> stated_rules{};  // as its configuration numbers them
    std::array<RuleReport, kRuleSlots> rules{};         // as mine does; see rules_as_numbered_here
    StagedReport staged;
    std::map<HostId, PeerReport> hears;  // by the id of whom it hears; not its candidates
};

// An incarnation that has not yet proved that it is not a replay.
struct Candidate {
    Incarnation incarnation;
    std::uint64_t sequence = 0;
    std::uint64_t my_sequence = 0;  // at first sight
    Instant first_seen;
    Duration last_rx{};  // in listening time, of a frame with a growing sequence
    bool found_when_new = false;
    // by its newest frame: it may begin alone at any moment, or has done so
    bool has_listened = false;
    bool deaf = false;  // by its newest frame: its cores are fenced
};

}  // namespace nlb
