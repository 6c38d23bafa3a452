// Where a lane's frames come from: queues of its ports, and rings in which other lanes left what
// this one has to decide. It fills bursts; it looks into no packet.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/types.hpp"
#include "dataplane/worker/frame_burst.hpp"
#include "dataplane/worker/lane.hpp"

namespace nlb::dataplane {

// Frees what other lanes have left here, while no port may be used. Thread: the lane's worker.
void discard_handed_over(Lane& lane);

// In the order in which a poll asks.
enum class Source : std::uint8_t {
    heartbeats,           // the outside port's queue for them alone
    outside,              // the lane's queue of the outside port
    outside_handed_over,  // by other lanes, which received them
    inside_handed_over,
    inside,  // the lane's queue of the inside port
};
inline constexpr std::array kSources{Source::heartbeats, Source::outside,
                                     Source::outside_handed_over, Source::inside_handed_over,
                                     Source::inside};
[[nodiscard]] constexpr Side side_of(Source source) {
    return source >= Source::inside_handed_over ? Side::inside : Side::outside;
}

// The three steps of receive(), which knows where to look.
[[nodiscard]] std::uint32_t receive_outside(Lane& lane, std::uint16_t queue, FrameBurst& burst,
                                            std::uint16_t most);
[[nodiscard]] std::uint32_t receive_inside(Lane& lane, FrameBurst& burst, std::uint16_t most);
[[nodiscard]] std::uint32_t take_from(rte_ring* ring, FrameBurst& burst);

// Fills the burst from that source, and counts what came from a port. How many frames the source
// gave, at most `most` of a port and kBurstMax of a ring. Fewer are in the burst where other lanes
// have to decide some of them. Requires: most <= kBurstMax. Thread: the lane's worker.
[[nodiscard]] inline std::uint32_t receive(Lane& lane, Source source, FrameBurst& burst,
                                           std::uint16_t most) {
    burst.packets.count = 0;
    const auto from_ring = [&burst](rte_ring* ring) -> std::uint32_t {
        return ring == nullptr || rte_ring_empty(ring) != 0 ? 0 : take_from(ring, burst);
    };
    switch (source) {
        case Source::heartbeats:
            return lane.heartbeat_queue == kNoQueue
                       ? 0
                       : receive_outside(lane, lane.heartbeat_queue, burst, most);
        case Source::outside:
            return lane.queue == kNoQueue ? 0 : receive_outside(lane, lane.queue, burst, most);
        case Source::outside_handed_over:
            return lane.peers.size() <= 1 ? 0 : from_ring(lane.steered.get());
        case Source::inside_handed_over:
            return from_ring(lane.rss.from_inside.get());
        case Source::inside:
            return lane.queue == kNoQueue ? 0 : receive_inside(lane, burst, most);
    }
    return 0;
}

}  // namespace nlb::dataplane
