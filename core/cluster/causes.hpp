// Why something happened, as values; controlplane/agent/cause_words.hpp has the words for people.
#pragma once

#include <cstdint>
#include <utility>

#include "core/base/types.hpp"

namespace nlb {

// Why this host gave up its map and its lease.
enum class ResetCause : std::uint8_t {
    none,
    tables_of_unknown_origin,  // the dataplane served by tables that this control plane did not
                               // make
    lapsed_while_away,         // R10: the lease ended before the control plane was back
    lease_lapsed,              // R2
    unacknowledged,            // R3: no peer acknowledges what this host sends
    link_down,
    deaf,          // R12
    split_brain,   // R9: two lineages met and this one gives way
    buried,        // R5: the others have buried this host while it was frozen
    reload_stuck,  // too few members are left to end a reload that has taken everything back
};

// What the cluster, or this host, still waits for.
enum class Unconverged : std::uint8_t {
    no,
    stopped,
    emptying,            // the map is being emptied after a reset
    duplicate_id,        // R13: another living host uses this id
    deaf,                // R12
    not_admitted,        // a joiner that no epoch counts in yet
    somebody_may_serve,  // R6: a beginner that sees signs of others
    member_gone,
    member_behind,       // a member does not state the epoch yet
    member_serves_past,  // R14: a member's cores still go by the former epoch
    member_moves,        // a member has not moved its buckets yet
    reload,              // the next configuration takes over
    moving,              // this host has not moved its buckets yet
};

// `host`: through whom.
using UnconvergedBecause = std::pair<Unconverged, HostId>;

}  // namespace nlb
