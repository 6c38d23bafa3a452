// What a port gives is usually one segment with one reference; a frame that is not is made so.
#include "dataplane/worker/receive.hpp"

#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "dataplane/worker/frame_buffer.hpp"
#include "dataplane/worker/software_rss.hpp"

namespace nlb::dataplane {
namespace {

// A frame that no single buffer can hold is too large. The bytes of all frames.
std::uint64_t receive_unusual(FrameBurst& burst, Counters& counters) {
    std::uint64_t bytes = 0;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < burst.packets.count; ++i) {
        rte_mbuf* const buffer = burst.buffers[i];
        bytes += buffer->pkt_len;
        if (buffer->nb_segs > 1 && rte_pktmbuf_linearize(buffer) != 0) {
            ++counters.reasons[static_cast<std::size_t>(Reason::too_large)];
            rte_pktmbuf_free(buffer);
            continue;
        }
        burst.buffers[kept] = buffer;
        burst.packets.frames[kept++] = frame_of(*buffer);
    }
    burst.packets.count = kept;
    return bytes;
}

struct Received {
    std::uint32_t frames;
    std::uint64_t bytes;
};

// Fills the burst from a queue, but for what is too large.
Received receive_from(std::uint16_t port, std::uint16_t queue, FrameBurst& burst,
                      std::uint16_t most, Counters& counters) {
    const std::uint32_t count = rte_eth_rx_burst(port, queue, burst.buffers.data(), most);
    burst.packets.count = count;
    if (count == 0) return {0, 0};
    std::uint64_t bytes = 0;
    // of all buffers together: no data offset and no number of segments is greater than it says
    std::uint64_t words = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const rte_mbuf& buffer = *burst.buffers[i];
        words |= layout_of(buffer);
        bytes += buffer.data_len;
        const Frame frame{rte_pktmbuf_mtod(&buffer, Byte*), buffer.data_len, kAnswerRoom};
        rte_prefetch0(frame.data);  // the stages come to it when the whole burst has passed here
        burst.packets.frames[i] = frame;
    }
    // The buffers of a queue are of one pool, and so of one length.
    const bool usual = (words & kSegments) == kOneSegment &&
                       (words & kDataOffset) + kAnswerRoom <= burst.buffers[0]->buf_len;
    return {count, usual ? bytes : receive_unusual(burst, counters)};
}

}  // namespace

std::uint32_t receive_outside(Lane& lane, std::uint16_t queue, FrameBurst& burst,
                              std::uint16_t most) {
    const auto [count, bytes] = receive_from(lane.outside_port, queue, burst, most, lane.counters);
    if (count == 0) return 0;
    ++lane.counters.bursts;
    lane.counters.rx_packets += count;
    lane.counters.rx_bytes += bytes;
    burst.packets.handed_over = false;
    if (lane.rss.spreads) spread(lane, burst, Side::outside);
    return count;
}

std::uint32_t receive_inside(Lane& lane, FrameBurst& burst, std::uint16_t most) {
    const std::uint32_t count =
        receive_from(lane.inside_port, lane.queue, burst, most, lane.counters).frames;
    if (count == 0) return 0;
    ++lane.counters.bursts;
    lane.counters.inside_packets += count;
    if (lane.rss.spreads) spread(lane, burst, Side::inside);
    return count;
}

void discard_handed_over(Lane& lane) {
    for (rte_ring* const ring :
         {lane.steered.get(), lane.rss.from_inside.get(), lane.rss.to_outside.get(),
          lane.rss.to_inside.get(), lane.from_main}) {
        if (ring == nullptr || rte_ring_empty(ring) != 0) continue;
        std::array<rte_mbuf*, kBurstMax> frames;
        const std::uint32_t count = rte_ring_sc_dequeue_burst(
            ring, reinterpret_cast<void**>(frames.data()), kBurstMax, nullptr);
        lane.counters.reasons[static_cast<std::size_t>(Reason::output_full)] += count;
        rte_pktmbuf_free_bulk(frames.data(), count);
    }
}

std::uint32_t take_from(rte_ring* ring, FrameBurst& burst) {
    burst.packets.count = rte_ring_sc_dequeue_burst(
        ring, reinterpret_cast<void**>(burst.buffers.data()), kBurstMax, nullptr);
    for (std::uint32_t i = 0; i < burst.packets.count; ++i)
        burst.packets.frames[i] = frame_of(*burst.buffers[i]);
    burst.packets.handed_over = true;
    return burst.packets.count;
}

}  // namespace nlb::dataplane
