// Rings and the doorbell; nobody waits for anybody.
#include "dataplane/worker/punt.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/packet/headers.hpp"
#include "dataplane/worker/send.hpp"

namespace nlb::dataplane {

namespace {

// Before the control plane has told anything.
constinit const VerifiedHeartbeats kNothing;

// A cluster frame, behind its Ethernet header.
std::span<const Byte> body_of(const Burst& packets, std::uint32_t slot) {
    const Frame& frame = packets.frames[slot];
    return std::span<const Byte>{frame.data, frame.length}.subspan(packets.info[slot].l3_offset);
}

// How many left. The next heartbeat, and the next question, makes up for one that found the queue
// full.
std::uint32_t transmit(const Lane& lane, Side to, rte_mbuf** frames, std::uint32_t count) {
    if (count == 0) return 0;
    const std::uint32_t sent = send_burst(lane, to, frames, count);
    if (sent < count) rte_pktmbuf_free_bulk(frames + sent, count - sent);
    return sent;
}

}  // namespace

Duration may_wait(Lane& lane, const Burst& packets, std::uint32_t slot) {
    if (packets.reasons[slot] != Reason::heartbeat || lane.quiet_wait == Duration{}) return {};
    return lane.repeats.is_repeat(body_of(packets, slot)) ? lane.quiet_wait : Duration{};
}

bool admits(Lane& lane, const Burst& packets, std::uint32_t slot, Instant now) {
    static constexpr SealKeys kNone{};
    if (packets.reasons[slot] == Reason::remote_control) return lane.policer.admits_remote(now);
    if (packets.reasons[slot] != Reason::heartbeat) return lane.policer.admits_other(now);
    const SealKeys* keys = lane.seal_keys.load(std::memory_order_acquire);
    return lane.policer.admits(body_of(packets, slot), keys == nullptr ? kNone : *keys,
                               lane.verified == nullptr ? kNothing : *lane.verified, now);
}

void punt(Lane& lane, rte_mbuf* buffer, Reason reason, Instant now, Duration wait) {
    note_of(buffer).received_ns = now.time_since_epoch().count();
    note_of(buffer).reason = reason;
    if (rte_ring_mp_enqueue(lane.to_main, buffer) == 0) {
        if (wait == Duration{})
            lane.doorbell->ring();
        else
            lane.doorbell->ring_unless_looked_at_by((now + wait).time_since_epoch().count());
        return;
    }
    lane.punts_lost.store(lane.punts_lost.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    rte_pktmbuf_free(buffer);
}

void punt_copy(Lane& lane, rte_mbuf* buffer, Reason reason, Instant now) {
    rte_mbuf* const copy = rte_pktmbuf_copy(buffer, buffer->pool, 0, UINT32_MAX);
    if (copy != nullptr) punt(lane, copy, reason, now);
}

std::uint32_t send_for_main(Lane& lane) {
    if (lane.from_main == nullptr || rte_ring_empty(lane.from_main) != 0) return 0;
    std::array<rte_mbuf*, kBurstMax> frames;
    const std::uint32_t count = rte_ring_sc_dequeue_burst(
        lane.from_main, reinterpret_cast<void**>(frames.data()), kBurstMax, nullptr);
    const auto questions = std::stable_partition(
        frames.begin(), frames.begin() + count,
        [](rte_mbuf* frame) { return note_of(frame).reason != Reason::inside_answer; });
    const auto outside = static_cast<std::uint32_t>(questions - frames.begin());
    lane.counters.tx_packets += transmit(lane, Side::outside, frames.data(), outside);
    transmit(lane, Side::inside, frames.data() + outside, count - outside);
    return count;
}

}  // namespace nlb::dataplane
