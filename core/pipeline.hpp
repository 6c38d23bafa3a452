// The life of a packet, and the only place where the order of the stages is stated.
// Worker cores, `nlb explain` and the golden tests call the same two functions.
#pragma once

#include "core/burst.hpp"
#include "core/counters.hpp"
#include "core/flow.hpp"
#include "core/snapshot.hpp"
#include "core/stages.hpp"
#include "core/track.hpp"

namespace nlb {

// Outside to inside. Afterwards no packet is live; frames whose output is `outside` have become their own answers.
// Requires: burst.frames[0..count) are set.
template <Connections Table>
void settle_ingress(Burst& burst, const Snapshot& snapshot, Table& connections, Counters& counters) {
    parse(burst);
    answer_neighbours(burst, snapshot);
    classify(burst, snapshot);
    locate(burst, snapshot);
    track(burst, snapshot, connections, counters);
    count_ingress(burst, counters);
}

// Inside to outside: every frame leaves with the station's source address, or not at all.
// Requires: burst.frames[0..count) are set.
template <Connections Table>
void settle_egress(Burst& burst, const Snapshot& snapshot, Table& connections, Counters& counters) {
    mask(burst, snapshot);
    track_replies(burst, snapshot, connections);
    count_egress(burst, counters);
}

}  // namespace nlb
