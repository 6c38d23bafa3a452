// The hot loop. Everything that is decided about a packet is decided in core; here frames only come
// and go.
#include "dataplane/worker/worker.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>

#include "core/packet/inside_address.hpp"
#include "dataplane/worker/distributor.hpp"
#include "dataplane/worker/frame_buffer.hpp"
#include "dataplane/worker/reclassify.hpp"
#include "dataplane/worker/scheduling.hpp"

namespace nlb::dataplane {
namespace {

// net_tap tells of frames with a real-time signal, and counts these without an atomic: exactly one
// thread may take them. That is the first worker, whose sleep they end; every other thread has them
// blocked since before EAL began.
void take_signals_of_tap(bool taken) {
    sigset_t signals;
    sigemptyset(&signals);
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&signals, number);
    pthread_sigmask(taken ? SIG_UNBLOCK : SIG_BLOCK, &signals, nullptr);
}

std::vector<int> wakers_of(const std::vector<Lane*>& lanes) {
    std::vector<int> wakers;
    for (const Lane* lane : lanes)
        wakers.insert(wakers.end(), {lane->outside_waker, lane->inside_waker});
    return wakers;
}

}  // namespace

void reclassify(Burst& burst, std::uint32_t slot, Reason reason, Counters& counters) {
    reclassify(counters, burst.reasons[slot], reason, burst.rule_at(slot));
    burst.reasons[slot] = reason;
}

void refuse_late(Burst& burst, Counters& counters) {
    for (std::uint32_t i = 0; i < burst.count; ++i)
        if (is_accepted_for_vip(burst.reasons[i])) reclassify(burst, i, Reason::fenced, counters);
}

Worker::Worker(const Shared& shared, std::uint32_t number, std::vector<Lane*> lanes)
    : shared_(shared),
      number_(number),
      lanes_(std::move(lanes)),
      sleeper_(wakers_of(lanes_), bell_),
      ns_per_cycle_most_(1'000'000'000 / shared.cycles_per_second + 1),
      pacer_(shared.poll, sleeper_.woken_by_frames(), shared.cycles_per_second) {
    for (Lane* lane : lanes_) lane->bell = &bell_;
}

void Worker::run() {
    prctl(PR_SET_TIMERSLACK, 1UL);
    ask_for_short_slices();
    take_signals_of_tap(number_ == 0);
    shared_.rcu.join(number_);
    while (!shared_.stop.load(std::memory_order_relaxed)) {
        bool worked = false;
        for (Lane* lane : lanes_) worked |= poll_once(*lane);
        if (const std::uint32_t ns = pacer_.pause_ns(worked, began_); ns != 0)
            sleep(ns);
        else if (!worked)
            rte_pause();
    }
    shared_.rcu.leave(number_);
}

bool Worker::poll_once(Lane& lane) {
    const Instant now = shared_.clock.at(begin_poll());
    // One snapshot per burst: no packet sees two maps. It dies at quiescent().
    const BurstContext context{*lane.tables.load(std::memory_order_acquire),
                               lane.addresses,
                               now,
                               lane.fence->holds(now),
                               lane.number,
                               static_cast<std::uint16_t>(lane.peers.size()),
                               lane.clients.load(std::memory_order_relaxed),
                               lane.flow_indexes};
    trace_ = lane.trace.load(std::memory_order_acquire);
    burst_.describe_all = trace_ != nullptr;
    lane.connections->follow(context.tables);
    std::uint32_t sent = send_for_main(lane);
    if (lane.spreads)
        sent += send_for_lanes(lane, lane.fence->holds(shared_.clock.at(rte_rdtsc())));
    if (lane.heartbeat_queue != kNoQueue)
        sent += serve_outside(lane, context, lane.heartbeat_queue);
    const std::uint32_t received =
        serve_outside(lane, context, lane.queue) + serve_steered(lane, context);
    const std::uint32_t answered = serve_inside(lane, context);
    lane.connections->sweep(context.tables, now);
    if (context.clients != nullptr) serve_clients(lane, context);
    lane.fragments.expire(now);
    serve_released(lane, context);
    shared_.rcu.quiescent(number_);
    const bool worked = (sent | received | answered) != 0;
    worked_for_ = worked ? &lane : nullptr;
    return worked;
}

// A poll that found work lasted until the next one begins: nobody sleeps between the two.
void Worker::pause() {
    worked_for_ = nullptr;
}

std::uint64_t Worker::begin_poll() {
    const std::uint64_t begin = rte_rdtsc();
    if (worked_for_ != nullptr) worked_for_->counters.busy_cycles += begin - began_;
    return began_ = begin;
}

std::uint32_t Worker::serve_outside(Lane& lane, const BurstContext& context, std::uint16_t queue) {
    const std::uint32_t count = queue == kNoQueue ? 0 : receive(lane.outside_port, queue);
    if (count == 0) return 0;
    Counters& counters = lane.counters;
    ++counters.bursts;
    counters.rx_packets += count;
    counters.rx_bytes += burst_bytes_;
    lane.last_rx_ns.store(context.now.time_since_epoch().count(), std::memory_order_relaxed);

    burst_.handed_over = false;
    if (lane.spreads) spread(lane, burst_, buffers_.data(), &Lane::steered);
    if (burst_.count != 0) settle(lane, context);
    return count;
}

// One lane sweeps the table of all; each tells main when its cores ask for something.
void Worker::serve_clients(Lane& lane, const BurstContext& context) {
    if (lane.number == 0) context.clients->sweep(context.tables, context.now);
    if (context.clients->has_requests()) lane.doorbell->ring();
}

std::uint32_t Worker::serve_steered(Lane& lane, const BurstContext& context) {
    if (lane.peers.size() <= 1) return 0;
    const std::uint32_t count = take_from(lane.steered.get());
    burst_.handed_over = true;
    if (count != 0) settle(lane, context);
    return count;
}

std::uint32_t Worker::take_from(rte_ring* ring) {
    if (rte_ring_empty(ring) != 0) return 0;
    burst_.count = rte_ring_sc_dequeue_burst(ring, reinterpret_cast<void**>(buffers_.data()),
                                             kBurstMax, nullptr);
    for (std::uint32_t i = 0; i < burst_.count; ++i) burst_.frames[i] = frame_of(*buffers_[i]);
    return burst_.count;
}

void Worker::settle(Lane& lane, const BurstContext& context) {
    Counters& counters = lane.counters;
    settle_ingress(burst_, context, *lane.connections, lane.fragments, counters);
    // A worker may have been kept from its core since `now`; what it was allowed then it may not do
    // any more.
    if (context.fence_holds && !fence_still_holds(lane, context.now)) refuse_late(burst_, counters);
    if (trace_ != nullptr) show(lane, context, trace::Direction::ingress);
    deliver(lane, context.ports, context.now);
}

// A poll is short: each of its cycles may be taken for as long as the slowest counter's, and only a
// fence that this brings down is asked about the exact time.
bool Worker::fence_still_holds(const Lane& lane, Instant poll_began) const {
    const std::uint64_t cycles = rte_rdtsc();
    return lane.fence->holds(poll_began + Duration{static_cast<std::int64_t>(
                                              (cycles - began_) * ns_per_cycle_most_)}) ||
           lane.fence->holds(shared_.clock.at(cycles));
}

void Worker::show(Lane& lane, const BurstContext& context, trace::Direction direction) {
    if (trace_->look(burst_, buffers_.data(), context, direction)) lane.doorbell->ring();
}

void Worker::serve_released(Lane& lane, const BurstContext& context) {
    std::array<std::uint16_t, kBurstMax> slots;
    while (settle_released(burst_, lane.fragments, slots, lane.counters) != 0) {
        for (std::uint32_t i = 0; i < burst_.count; ++i) {
            buffers_[i] = lane.held.take(slots[i]);
            burst_.frames[i] = frame_of(*buffers_[i]);
        }
        if (!lane.fence->holds(shared_.clock.at(rte_rdtsc()))) refuse_late(burst_, lane.counters);
        if (trace_ != nullptr) show(lane, context, trace::Direction::ingress);
        deliver(lane, context.ports, context.now);
    }
}

std::uint32_t Worker::serve_inside(Lane& lane, const BurstContext& context) {
    const std::uint32_t handed =
        lane.steered_inside == nullptr ? 0 : take_from(lane.steered_inside.get());
    if (handed != 0) settle_from_inside(lane, context);
    const std::uint32_t count = lane.queue == kNoQueue ? 0 : receive(lane.inside_port, lane.queue);
    if (count == 0) return handed;
    ++lane.counters.bursts;
    lane.counters.inside_packets += count;
    if (lane.spreads) spread(lane, burst_, buffers_.data(), &Lane::steered_inside);
    if (burst_.count != 0) settle_from_inside(lane, context);
    return count;
}

void Worker::settle_from_inside(Lane& lane, const BurstContext& context) {
    settle_egress(burst_, context, *lane.connections, lane.counters);
    if (trace_ != nullptr) show(lane, context, trace::Direction::egress);
    deliver(lane, context.ports, context.now);
}

std::uint32_t Worker::receive(std::uint16_t port, std::uint16_t queue) {
    const std::uint32_t count = rte_eth_rx_burst(port, queue, buffers_.data(), shared_.burst);
    burst_.count = count;
    if (count == 0) return 0;
    std::uint64_t bytes = 0;
    // of all buffers together: no data offset and no number of segments is greater than it says
    std::uint64_t words = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const rte_mbuf& buffer = *buffers_[i];
        words |= layout_of(buffer);
        bytes += buffer.data_len;
        const Frame frame{rte_pktmbuf_mtod(&buffer, Byte*), buffer.data_len, kAnswerRoom};
        rte_prefetch0(frame.data);  // the stages come to it when the whole burst has passed here
        burst_.frames[i] = frame;
    }
    // The buffers of a queue are of one pool, and so of one length.
    burst_bytes_ = bytes;
    const bool usual = (words & kSegments) == kOneSegment &&
                       (words & kDataOffset) + kAnswerRoom <= buffers_[0]->buf_len;
    if (!usual) receive_unusual();
    return count;
}

// A frame that no single segment can hold is judged by its first, and so found shorter than its IP
// header says.
void Worker::receive_unusual() {
    burst_bytes_ = 0;
    for (std::uint32_t i = 0; i < burst_.count; ++i) {
        burst_bytes_ += buffers_[i]->pkt_len;
        if (buffers_[i]->nb_segs > 1) static_cast<void>(rte_pktmbuf_linearize(buffers_[i]));
        burst_.frames[i] = frame_of(*buffers_[i]);
    }
}

void Worker::deliver(Lane& lane, const PortAddresses& ports, Instant now) {
    std::array<std::uint64_t, kOutputCount> slots{};
    std::uint64_t to_groups = 0;
    for_each_reason(burst_, [&](Reason reason, std::uint64_t same) {
        slots[static_cast<std::size_t>(output_of(reason))] |= same;
        if (keeps_group(reason)) to_groups |= same;
    });
    const auto places_to = [&](Output output) { return slots[static_cast<std::size_t>(output)]; };

    // What is shed joins those that go nowhere.
    for (const std::uint32_t i : Slots(places_to(Output::control))) {
        if (admits(lane, burst_.frames[i], now)) {
            punt(lane, buffers_[i], now);
        } else {
            reclassify(burst_, i, Reason::heartbeat_shed, lane.counters);
            slots[static_cast<std::size_t>(Output::none)] |= std::uint64_t{1} << i;
        }
    }
    for (const std::uint32_t i : Slots(places_to(Output::inside_and_control)))
        if (lane.policer.admits_other(now)) punt_copy(lane, buffers_[i], now);
    for (const std::uint32_t i : Slots(places_to(Output::held)))
        lane.held.put(burst_.info[i].fragment.slot, buffers_[i]);
    for (const std::uint32_t i : Slots(places_to(Output::lane))) steer_to(lane, i);
    const std::uint64_t inside = places_to(Output::inside) | places_to(Output::inside_and_control);
    address_inside(burst_, inside, to_groups, ports.inside);
    for (const std::uint32_t i : Slots(places_to(Output::outside)))
        set_length(buffers_[i], burst_.frames[i].length);
    transmit(lane.inside_port, lane, inside);
    lane.counters.tx_packets += transmit(lane.outside_port, lane, places_to(Output::outside));
    if (const Chosen chosen(*this, places_to(Output::none)); chosen.count != 0)
        free_frames(chosen.buffers, chosen.count);
}

void Worker::steer_to(Lane& lane, std::uint32_t slot) {
    const Lane& to = *lane.peers[burst_.info[slot].fragment.slot];
    if (rte_ring_mp_enqueue(to.steered.get(), buffers_[slot]) == 0) {
        to.bell->ring();
        return;
    }
    reclassify(burst_, slot, Reason::output_full, lane.counters);
    rte_pktmbuf_free(buffers_[slot]);
}

Worker::Chosen::Chosen(Worker& worker, std::uint64_t slots) {
    if (slots == all_slots(worker.burst_)) {
        buffers = worker.buffers_.data();
        count = worker.burst_.count;
        return;
    }
    for (const std::uint32_t i : Slots(slots)) some[count++] = worker.buffers_[i];
}

std::uint32_t Worker::transmit(std::uint16_t port, Lane& lane, std::uint64_t slots) {
    const Chosen chosen(*this, slots);
    if (chosen.count == 0) return 0;
    const auto count = static_cast<std::uint16_t>(chosen.count);
    if (lane.sender != nullptr) note_reasons(burst_, buffers_.data(), slots);
    const std::uint32_t sent = lane.sender == nullptr
                                   ? rte_eth_tx_burst(port, lane.queue, chosen.buffers, count)
                                   : hand_over(lane, port, chosen.buffers, count);
    if (sent == chosen.count) return sent;
    std::uint32_t slot = 0;
    for (const std::uint32_t i : Slots(slots))
        if (slot++ >= sent) reclassify(burst_, i, Reason::output_full, lane.counters);
    rte_pktmbuf_free_bulk(chosen.buffers + sent, chosen.count - sent);
    return sent;
}

// Frames that a flood could be made of do not crowd out the cluster's own: neither in the ring nor
// behind it.
bool Worker::admits(Lane& lane, const Frame& frame, Instant now) {
    static constexpr SealKeys kNone{};
    const SealKeys* keys = lane.seal_keys.load(std::memory_order_acquire);
    const auto body =
        std::span<const Byte>{frame.data, frame.length}.subspan(sizeof(EthernetHeader));
    return lane.policer.admits(body, keys == nullptr ? kNone : *keys, now);
}

void Worker::punt_copy(Lane& lane, rte_mbuf* buffer, Instant now) {
    rte_mbuf* const copy = rte_pktmbuf_copy(buffer, buffer->pool, 0, UINT32_MAX);
    if (copy != nullptr) punt(lane, copy, now);
}

void Worker::punt(Lane& lane, rte_mbuf* buffer, Instant now) {
    note_of(buffer).received_ns = now.time_since_epoch().count();
    if (rte_ring_mp_enqueue(lane.to_main, buffer) == 0) {
        lane.doorbell->ring();
        return;
    }
    lane.punts_lost.store(lane.punts_lost.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    rte_pktmbuf_free(buffer);
}

std::uint32_t Worker::send_for_main(Lane& lane) {
    if (lane.from_main == nullptr || rte_ring_empty(lane.from_main) != 0) return 0;
    std::array<rte_mbuf*, kBurstMax> frames;
    const std::uint32_t count = rte_ring_sc_dequeue_burst(
        lane.from_main, reinterpret_cast<void**>(frames.data()), kBurstMax, nullptr);
    const std::uint32_t sent = rte_eth_tx_burst(lane.outside_port, lane.queue, frames.data(),
                                                static_cast<std::uint16_t>(count));
    lane.counters.tx_packets += sent;
    // The next heartbeat makes up for one that found the queue full.
    if (sent < count) rte_pktmbuf_free_bulk(frames.data() + sent, count - sent);
    return count;
}

void Worker::sleep(std::uint32_t ns) {
    shared_.rcu.offline(number_);
    sleeper_.sleep(ns);
    shared_.rcu.online(number_);
}

}  // namespace nlb::dataplane
