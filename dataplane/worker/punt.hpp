// The cluster's own frames on their way between a lane and main: heartbeats up, if the policer
// admits them, and whatever main wants to send down. It does not verify them: main's control plane
// does.
#pragma once

#include <cstdint>
#include <rte_mbuf.h>

#include "core/packet/burst.hpp"
#include "dataplane/worker/lane.hpp"

namespace nlb::dataplane {

// Frames that a flood could be made of do not crowd out the cluster's own: neither in the ring to
// main nor behind it. One of another VLAN shares the budget of those without a seal, so that the
// control plane can name it; so do claims of virtual addresses and answers of servers. Datagrams
// for remote control have a budget of their own. Requires: the packet's output is control. Thread,
// here and below: the lane's worker.
[[nodiscard]] bool admits(Lane& lane, const Burst& packets, std::uint32_t slot, Instant now);

// How long the frame may wait until main looks for it. Requires: it was admitted.
[[nodiscard]] Duration may_wait(Lane& lane, const Burst& packets, std::uint32_t slot);

// Gives the buffer to main, with the time at which it came and its reason, and wakes main unless it
// looks within `wait` anyhow; one that finds no room is freed and counted as lost.
void punt(Lane& lane, rte_mbuf* buffer, Reason reason, Instant now, Duration wait = Duration{});
// A copy of it, if the pool has a buffer; the frame itself goes on inside.
void punt_copy(Lane& lane, rte_mbuf* buffer, Reason reason, Instant now);

// Sends what main left for the outside port, and its questions for the inside one
// (Reason::inside_answer); how many frames there were. Requires: a lane that has
// a ring from main also has a queue.
std::uint32_t send_for_main(Lane& lane);

}  // namespace nlb::dataplane
