// A receive queue for heartbeats alone, where the adapter can tell them from other frames: a flood
// that overflows the queues of clients then loses none of them. Where it cannot, heartbeats stay
// where they are. Thread: main.
#pragma once

#include <cstdint>

#include "core/base/result.hpp"

namespace nlb::dataplane {

// Whether the driver knows rules (rte_flow) at all. Requires: the port is started.
[[nodiscard]] bool knows_flow_rules(std::uint16_t port);
// Frames of the heartbeats' ethertype go to `queue`, and nothing else does: where flows are spread,
// they are spread over the queues before it. Requires: the port is started, with that receive queue
// as its last; queue >= 1.
Status give_heartbeats_queue(std::uint16_t port, std::uint16_t queue);

}  // namespace nlb::dataplane
