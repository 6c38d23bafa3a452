// Rings and the doorbell; nobody waits for anybody.
#include "dataplane/worker/punt.hpp"

#include <array>
#include <span>

#include "core/packet/headers.hpp"
#include "dataplane/worker/send.hpp"

namespace nlb::dataplane {

namespace {

// Before the control plane has told anything.
constinit const VerifiedHeartbeats kNothing;

}  // namespace

bool admits(Lane& lane, const Burst& packets, std::uint32_t slot, Instant now) {
    static constexpr SealKeys kNone{};
    if (packets.reasons[slot] != Reason::heartbeat) return lane.policer.admits_other(now);
    const Frame& frame = packets.frames[slot];
    const SealKeys* keys = lane.seal_keys.load(std::memory_order_acquire);
    const auto body =
        std::span<const Byte>{frame.data, frame.length}.subspan(packets.info[slot].l3_offset);
    return lane.policer.admits(body, keys == nullptr ? kNone : *keys,
                               lane.verified == nullptr ? kNothing : *lane.verified, now);
}

void punt(Lane& lane, rte_mbuf* buffer, Instant now) {
    note_of(buffer).received_ns = now.time_since_epoch().count();
    if (rte_ring_mp_enqueue(lane.to_main, buffer) == 0) {
        lane.doorbell->ring();
        return;
    }
    lane.punts_lost.store(lane.punts_lost.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    rte_pktmbuf_free(buffer);
}

void punt_copy(Lane& lane, rte_mbuf* buffer, Instant now) {
    rte_mbuf* const copy = rte_pktmbuf_copy(buffer, buffer->pool, 0, UINT32_MAX);
    if (copy != nullptr) punt(lane, copy, now);
}

std::uint32_t send_for_main(Lane& lane) {
    if (lane.from_main == nullptr || rte_ring_empty(lane.from_main) != 0) return 0;
    std::array<rte_mbuf*, kBurstMax> frames;
    const std::uint32_t count = rte_ring_sc_dequeue_burst(
        lane.from_main, reinterpret_cast<void**>(frames.data()), kBurstMax, nullptr);
    const std::uint32_t sent = send_burst(lane, Side::outside, frames.data(), count);
    lane.counters.tx_packets += sent;
    // The next heartbeat makes up for one that found the queue full.
    if (sent < count) rte_pktmbuf_free_bulk(frames.data() + sent, count - sent);
    return count;
}

}  // namespace nlb::dataplane
