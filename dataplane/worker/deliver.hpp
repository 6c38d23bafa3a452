// The last step of a burst in either direction: each packet goes where its reason says (inside,
// outside, to main, to another lane, held, nowhere), and its buffer with it. It decides nothing
// anew but what finds no room.
#pragma once

#include "core/base/types.hpp"
#include "core/packet/burst.hpp"
#include "dataplane/worker/frame_burst.hpp"
#include "dataplane/worker/lane.hpp"

namespace nlb::dataplane {

// Afterwards no buffer of the burst is the caller's. Packets that find no room are freed and
// reclassified as output_full, heartbeats that the policer refuses as heartbeat_shed. Requires:
// each packet has a reason and was counted under it. Thread: the lane's worker.
void deliver(Lane& lane, FrameBurst& burst, const PortAddresses& ports, Instant now);

}  // namespace nlb::dataplane
