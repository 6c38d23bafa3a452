// One bulk operation per lane and burst.
#include "dataplane/worker/software_rss.hpp"

#include <array>
#include <fmt/format.h>
#include <sys/random.h>

#include "core/base/assert.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/worker/lane.hpp"
#include "dataplane/worker/reclassify.hpp"
#include "dataplane/worker/send.hpp"

namespace nlb::dataplane {
namespace {

FlowLaneKey random_key() {
    FlowLaneKey key;
    NLB_ASSERT(getrandom(&key, sizeof key, 0) == sizeof key);
    return key;
}

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

std::uint32_t send_from(Lane& lane, rte_ring* ring, Side to, bool fence_holds) {
    if (rte_ring_empty(ring) != 0) return 0;
    std::array<rte_mbuf*, kBurstMax> frames;
    const std::uint32_t found = rte_ring_sc_dequeue_burst(
        ring, reinterpret_cast<void**>(frames.data()), kBurstMax, nullptr);
    const std::uint32_t count =
        to == Side::outside || fence_holds ? found : refuse_fenced(lane, frames.data(), found);
    const std::uint32_t sent = send_burst(lane, to, frames.data(), count);
    for (std::uint32_t i = sent; i < count; ++i)
        reclassify(lane.counters, note_of(frames[i]).reason, Reason::output_full,
                   note_of(frames[i]).rule);
    // Who handed them over counted them.
    if (to == Side::outside) lane.counters.tx_packets -= count - sent;
    if (sent < count) rte_pktmbuf_free_bulk(frames.data() + sent, count - sent);
    return found;
}

}  // namespace

Status share_queues(const std::vector<std::unique_ptr<Lane>>& lanes, std::uint16_t queues,
                    std::uint16_t name, int socket) {
    NLB_ASSERT(queues > 0 && queues < lanes.size());
    const FlowLaneKey key = random_key();
    for (const auto& lane : lanes) {
        lane->rss.key = key;
        lane->rss.spreads = lane->queue != kNoQueue;
        if (!lane->rss.spreads) lane->rss.sender = lanes[lane->number % queues].get();
        for (auto [ring, what] : {std::pair{&lane->rss.from_inside, "in"},
                                  {&lane->rss.to_outside, "out"},
                                  {&lane->rss.to_inside, "give"}}) {
            auto made = make_ring(fmt::format("nlb {} {} {}", what, name, lane->number),
                                  kRingDescriptors, socket);
            if (!made) return made.error();
            *ring = std::move(made.value());
        }
    }
    return Done{};
}

void spread(Lane& lane, FrameBurst& burst, Side from) {
    Burst& packets = burst.packets;
    std::array<std::uint64_t, kLanesMax> slots{};
    const auto lanes = static_cast<std::uint16_t>(lane.peers.size());
    std::uint64_t away = 0;
    for (std::uint32_t i = 0; i < packets.count; ++i) {
        const Frame& frame = packets.frames[i];
        const std::uint16_t to =
            flow_lane({frame.data, frame.length}, lane.rss.key, lanes).value_or(lane.number);
        slots[to] |= std::uint64_t{1} << i;
        if (to != lane.number) away |= std::uint64_t{1} << i;
    }
    if (away == 0) return;
    std::array<rte_mbuf*, kBurstMax> some;
    for (std::uint16_t to = 0; to < lanes; ++to) {
        if (to == lane.number || slots[to] == 0) continue;
        const Lane& peer = *lane.peers[to];
        std::uint32_t count = 0;
        for (const std::uint32_t i : Slots(slots[to])) some[count++] = burst.buffers[i];
        enqueue(lane, peer, (from == Side::outside ? peer.steered : peer.rss.from_inside).get(),
                some.data(), count);
    }
    std::uint32_t kept = 0;
    for (const std::uint32_t i : Slots(slots[lane.number])) {
        burst.buffers[kept] = burst.buffers[i];
        packets.frames[kept++] = packets.frames[i];
    }
    packets.count = kept;
}

std::uint32_t hand_over(const Lane& lane, Side to, const FrameBurst& burst, std::uint64_t slots,
                        const ChosenBuffers& chosen) {
    for (const std::uint32_t i : Slots(slots)) {
        note_of(burst.buffers[i]).reason = burst.packets.reasons[i];
        note_of(burst.buffers[i]).rule = burst.packets.rule_at(i);
    }
    const SoftwareRss& sender = lane.rss.sender->rss;
    rte_ring* const ring = (to == Side::outside ? sender.to_outside : sender.to_inside).get();
    const std::uint32_t taken = rte_ring_mp_enqueue_burst(
        ring, reinterpret_cast<void**>(chosen.buffers), chosen.count, nullptr);
    if (taken != 0) lane.rss.sender->bell->ring();
    return taken;
}

std::uint32_t send_for_lanes(Lane& lane, bool fence_holds) {
    return send_from(lane, lane.rss.to_inside.get(), Side::inside, fence_holds) +
           send_from(lane, lane.rss.to_outside.get(), Side::outside, fence_holds);
}

}  // namespace nlb::dataplane
