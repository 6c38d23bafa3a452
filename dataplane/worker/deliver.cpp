// One transmission per port and burst; buffers that go nowhere go back to their pool at once.
#include "dataplane/worker/deliver.hpp"

#include <array>

#include "core/packet/inside_address.hpp"
#include "dataplane/worker/frame_buffer.hpp"
#include "dataplane/worker/punt.hpp"
#include "dataplane/worker/reclassify.hpp"
#include "dataplane/worker/send.hpp"
#include "dataplane/worker/software_rss.hpp"

namespace nlb::dataplane {
namespace {

// To the lane that core chose; core/flow/steer.hpp.
void steer_to(Lane& lane, FrameBurst& burst, std::uint32_t slot) {
    const Lane& to = *lane.peers[burst.packets.info[slot].fragment.slot];
    if (rte_ring_mp_enqueue(to.steered.get(), burst.buffers[slot]) == 0) {
        to.bell->ring();
        return;
    }
    reclassify(burst.packets, slot, Reason::output_full, lane.counters);
    rte_pktmbuf_free(burst.buffers[slot]);
}

// How many left; the rest is freed and reclassified.
std::uint32_t transmit(Lane& lane, Side to, FrameBurst& burst, std::uint64_t slots) {
    const ChosenBuffers chosen(burst, slots);
    if (chosen.count == 0) return 0;
    const std::uint32_t sent = lane.rss.sender == nullptr
                                   ? send_burst(lane, to, chosen.buffers, chosen.count)
                                   : hand_over(lane, to, burst, slots, chosen);
    if (sent == chosen.count) return sent;
    std::uint32_t slot = 0;
    for (const std::uint32_t i : Slots(slots))
        if (slot++ >= sent) reclassify(burst.packets, i, Reason::output_full, lane.counters);
    rte_pktmbuf_free_bulk(chosen.buffers + sent, chosen.count - sent);
    return sent;
}

// Where frames go inside: the server's MAC, or the inside device's where that is the kernel's.
MacAddress server_mac_of(const Lane& lane, const PortAddresses& ports) {
    const std::uint64_t word = lane.server_mac.load(std::memory_order_relaxed);
    return word == 0 ? ports.inside : mac_in(word);
}

// What becomes of a frame for the control plane that the policer refuses; live: what it was.
Reason shed_reason_of(Reason reason) {
    if (reason == Reason::virtual_announcement || reason == Reason::inside_answer)
        return Reason::live;
    return reason == Reason::remote_control ? Reason::remote_control_shed : Reason::heartbeat_shed;
}

}  // namespace

void deliver(Lane& lane, FrameBurst& burst, const PortAddresses& ports, Instant now) {
    Burst& packets = burst.packets;
    std::array<std::uint64_t, kOutputCount> slots{};
    std::uint64_t to_groups = 0;
    for_each_reason(packets, [&](Reason reason, std::uint64_t same) {
        slots[static_cast<std::size_t>(output_of(reason))] |= same;
        if (keeps_group(reason)) to_groups |= same;
    });
    const auto slots_to = [&](Output output) { return slots[static_cast<std::size_t>(output)]; };

    // What is shed joins those that go nowhere; a claim of an address was dropped in any case.
    for (const std::uint32_t i : Slots(slots_to(Output::control))) {
        if (admits(lane, packets, i, now)) {
            punt(lane, burst.buffers[i], packets.reasons[i], now, may_wait(lane, packets, i));
        } else {
            if (const Reason shed = shed_reason_of(packets.reasons[i]); shed != Reason::live)
                reclassify(packets, i, shed, lane.counters);
            slots[static_cast<std::size_t>(Output::none)] |= std::uint64_t{1} << i;
        }
    }
    for (const std::uint32_t i : Slots(slots_to(Output::inside_and_control)))
        if (lane.policer.admits_other(now))
            punt_copy(lane, burst.buffers[i], packets.reasons[i], now);
    for (const std::uint32_t i : Slots(slots_to(Output::held)))
        lane.held.put(packets.info[i].fragment.slot, burst.buffers[i]);
    for (const std::uint32_t i : Slots(slots_to(Output::lane))) steer_to(lane, burst, i);
    const std::uint64_t inside = slots_to(Output::inside) | slots_to(Output::inside_and_control);
    address_inside(packets, inside, to_groups, server_mac_of(lane, ports));
    for (const std::uint32_t i : Slots(slots_to(Output::outside)))
        set_length(burst.buffers[i], packets.frames[i].length);
    transmit(lane, Side::inside, burst, inside);
    lane.counters.tx_packets += transmit(lane, Side::outside, burst, slots_to(Output::outside));
    if (const ChosenBuffers chosen(burst, slots_to(Output::none)); chosen.count != 0)
        free_frames(chosen.buffers, chosen.count);
}

}  // namespace nlb::dataplane
