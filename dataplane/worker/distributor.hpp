// Several cores behind few queues: a lane that has a queue spreads what it receives over all lanes
// of the cluster, by flow, and sends for the lanes that have none. Rings keep the order of each
// flow. It decides nothing about a packet but which lane settles it.
#pragma once

#include "core/packet/burst.hpp"
#include "dataplane/worker/lane.hpp"

namespace nlb::dataplane {

// Gives frames of other lanes' flows into the ring of theirs that `ring` names, and closes the gaps
// in the burst. Frames that find no room are freed and counted as output_full. Requires:
// burst.frames and `buffers` hold what was received. Thread: the lane's worker.
void spread(Lane& lane, Burst& burst, rte_mbuf** buffers, Ring Lane::*ring);

// Tells the lane that will send these frames what they were counted as.
void note_reasons(const Burst& burst, rte_mbuf** buffers, std::uint64_t slots);
// Through the lane that sends for this one: how many found room there. Requires: each buffer's note
// says what it was counted as.
[[nodiscard]] std::uint16_t hand_over(const Lane& lane, std::uint16_t port, rte_mbuf** buffers,
                                      std::uint16_t count);

// Sends what was handed over: inside only what the fence still allows. What is not sent is freed
// and counted anew. How many there were.
std::uint32_t send_for_lanes(Lane& lane, bool fence_holds);

}  // namespace nlb::dataplane
