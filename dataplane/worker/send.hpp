// The last step of a frame on a lane with a queue: into its port. It frees nothing and counts
// nothing.
#pragma once

#include <cstdint>
#include <rte_ethdev.h>

#include "dataplane/worker/lane.hpp"

namespace nlb::dataplane {

// How many of the frames the port took; the others are still the caller's. Requires: the lane has a
// queue. Thread: the lane's worker.
[[nodiscard]] inline std::uint32_t send_burst(const Lane& lane, Side to, rte_mbuf** frames,
                                              std::uint32_t count) {
    const std::uint32_t sent =
        rte_eth_tx_burst(lane.port(to), lane.queue, frames, static_cast<std::uint16_t>(count));
    Doorbell* const tap = to == Side::outside ? lane.outside_tap : lane.inside_tap;
    if (tap != nullptr && sent != 0) tap->ring();
    return sent;
}

}  // namespace nlb::dataplane
