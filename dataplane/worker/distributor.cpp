// One bulk operation per lane and burst.
#include "dataplane/worker/distributor.hpp"

#include <algorithm>
#include <rte_ethdev.h>

#include "dataplane/worker/reclassify.hpp"

namespace nlb::dataplane {
namespace {

void enqueue(Lane& from, const Lane& to, rte_ring* ring, rte_mbuf** buffers, std::uint32_t count) {
    const std::uint32_t taken =
        rte_ring_mp_enqueue_burst(ring, reinterpret_cast<void**>(buffers), count, nullptr);
    if (taken != 0) to.bell->ring();
    if (taken == count) return;
    from.counters.reasons[static_cast<std::size_t>(Reason::output_full)] += count - taken;
    rte_pktmbuf_free_bulk(buffers + taken, count - taken);
}

// Of frames that go inside only what may still go there: the others are freed. How many are left.
std::uint32_t refuse_fenced(Lane& lane, rte_mbuf** buffers, std::uint32_t count) {
    std::uint32_t left = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const FrameNote& note = note_of(buffers[i]);
        if (!is_accepted_for_vip(note.reason)) {
            buffers[left++] = buffers[i];
            continue;
        }
        reclassify(lane.counters, note.reason, Reason::fenced, note.rule);
        rte_pktmbuf_free(buffers[i]);
    }
    return left;
}

std::uint32_t send_from(Lane& lane, rte_ring* ring, std::uint16_t port, bool fence_holds) {
    if (rte_ring_empty(ring) != 0) return 0;
    std::array<rte_mbuf*, kBurstMax> frames;
    const std::uint32_t found = rte_ring_sc_dequeue_burst(
        ring, reinterpret_cast<void**>(frames.data()), kBurstMax, nullptr);
    const bool outside = port == lane.outside_port;
    const std::uint32_t count =
        outside || fence_holds ? found : refuse_fenced(lane, frames.data(), found);
    const std::uint32_t sent =
        rte_eth_tx_burst(port, lane.queue, frames.data(), static_cast<std::uint16_t>(count));
    for (std::uint32_t i = sent; i < count; ++i)
        reclassify(lane.counters, note_of(frames[i]).reason, Reason::output_full,
                   note_of(frames[i]).rule);
    if (outside) lane.counters.tx_packets -= count - sent;  // who handed them over counted them
    if (sent < count) rte_pktmbuf_free_bulk(frames.data() + sent, count - sent);
    return found;
}

}  // namespace

void spread(Lane& lane, Burst& burst, rte_mbuf** buffers, Ring Lane::*ring) {
    std::array<std::uint64_t, kLanesMax> slots{};
    const auto lanes = static_cast<std::uint16_t>(lane.peers.size());
    std::uint64_t away = 0;
    for (std::uint32_t i = 0; i < burst.count; ++i) {
        const Frame& frame = burst.frames[i];
        const std::uint16_t to =
            flow_lane({frame.data, frame.length}, lane.spread_key, lanes).value_or(lane.number);
        slots[to] |= std::uint64_t{1} << i;
        if (to != lane.number) away |= std::uint64_t{1} << i;
    }
    if (away == 0) return;
    std::array<rte_mbuf*, kBurstMax> some;
    for (std::uint16_t to = 0; to < lanes; ++to) {
        if (to == lane.number || slots[to] == 0) continue;
        std::uint32_t count = 0;
        for (const std::uint32_t i : Slots(slots[to])) some[count++] = buffers[i];
        enqueue(lane, *lane.peers[to], (lane.peers[to]->*ring).get(), some.data(), count);
    }
    std::uint32_t kept = 0;
    for (const std::uint32_t i : Slots(slots[lane.number])) {
        buffers[kept] = buffers[i];
        burst.frames[kept++] = burst.frames[i];
    }
    burst.count = kept;
}

void note_reasons(const Burst& burst, rte_mbuf** buffers, std::uint64_t slots) {
    for (const std::uint32_t i : Slots(slots)) {
        note_of(buffers[i]).reason = burst.reasons[i];
        note_of(buffers[i]).rule = burst.rule_at(i);
    }
}

std::uint16_t hand_over(const Lane& lane, std::uint16_t port, rte_mbuf** buffers,
                        std::uint16_t count) {
    rte_ring* const ring =
        (port == lane.outside_port ? lane.sender->to_outside : lane.sender->to_inside).get();
    const auto taken = static_cast<std::uint16_t>(
        rte_ring_mp_enqueue_burst(ring, reinterpret_cast<void**>(buffers), count, nullptr));
    if (taken != 0) lane.sender->bell->ring();
    return taken;
}

std::uint32_t send_for_lanes(Lane& lane, bool fence_holds) {
    return send_from(lane, lane.to_inside.get(), lane.inside_port, fence_holds) +
           send_from(lane, lane.to_outside.get(), lane.outside_port, fence_holds);
}

}  // namespace nlb::dataplane
