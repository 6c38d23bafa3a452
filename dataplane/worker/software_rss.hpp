// Software RSS: several cores behind few queues. A lane that has a queue spreads what it receives
// over all lanes of the cluster, by flow (core/packet/software_rss.hpp), and sends for the lanes
// that have none. Rings keep the order of each flow. It decides nothing about a packet but which
// lane settles it. Only receive.cpp and deliver.cpp call it for packets.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.hpp"
#include "core/packet/software_rss.hpp"
#include "dataplane/frames/buffers.hpp"
#include "dataplane/worker/frame_burst.hpp"

namespace nlb::dataplane {

struct Lane;
enum class Side : std::uint8_t { outside, inside };

// A lane's part of it. Where every lane has a queue all of this is empty.
struct SoftwareRss {
    bool spreads = false;        // this lane has a queue, and others have not
    FlowLaneKey key;             // the same on all lanes of the cluster
    Ring from_inside;            // frames from inside that other lanes received for this one
    Ring to_outside, to_inside;  // of a lane that spreads: what it sends for others
    Lane* sender = nullptr;      // who sends for this lane; nullptr: itself
};

// Makes those of `lanes` that have a queue, the first `queues`, serve all. `name` is the cluster's
// number: rings have names of their own in the process; their memory is of NUMA node `socket`.
// Requires: 0 < queues < lanes.size(), no worker runs. Thread: main.
Status share_queues(const std::vector<std::unique_ptr<Lane>>& lanes, std::uint16_t queues,
                    std::uint16_t name, int socket);

// Gives frames of other lanes' flows to these lanes, and closes the gaps in the burst. Frames that
// find no room are freed and counted as output_full. Requires: lane.rss.spreads; frames and buffers
// of the burst are what was received from that side. Thread: the lane's worker.
void spread(Lane& lane, FrameBurst& burst, Side from);

// Gives the frames of these slots to the lane that sends for this one, with what they were counted
// as: how many found room there. Requires: lane.rss.sender; `chosen` has the buffers of `slots`.
// Thread: the lane's worker.
[[nodiscard]] std::uint32_t hand_over(const Lane& lane, Side to, const FrameBurst& burst,
                                      std::uint64_t slots, const ChosenBuffers& chosen);

// Sends what other lanes handed over: inside only what the fence still allows. What is not sent is
// freed and reclassified. How many there were. Requires: lane.rss.spreads. Thread: the lane's
// worker.
std::uint32_t send_for_lanes(Lane& lane, bool fence_holds);

}  // namespace nlb::dataplane
