// The hot loop. Everything that is decided about a packet is decided in core; here frames only come
// and go.
#include "dataplane/worker/worker.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <span>
#include <sys/prctl.h>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/packet/headers.hpp"
#include "dataplane/worker/deliver.hpp"
#include "dataplane/worker/frame_buffer.hpp"
#include "dataplane/worker/punt.hpp"
#include "dataplane/worker/receive.hpp"
#include "dataplane/worker/reclassify.hpp"
#include "dataplane/worker/scheduling.hpp"

namespace nlb::dataplane {
namespace {

// A poll that lasts longer has been kept from its core, or the machine has slept.
constexpr std::uint64_t kGapsPerSecond = 50;

// net_tap tells of frames with a real-time signal, and counts these without an atomic: exactly one
// thread may take them. That is the first worker, whose sleep they end; every other thread has them
// blocked since before EAL began.
void take_signals_of_tap(bool taken) {
    sigset_t signals;
    sigemptyset(&signals);
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&signals, number);
    pthread_sigmask(taken ? SIG_UNBLOCK : SIG_BLOCK, &signals, nullptr);
}

// Nothing wakes for ports behind a shut gate: their descriptors may be others' by now.
struct Wakers {
    explicit Wakers(const std::vector<Lane*>& lanes) {
        for (const Lane* lane : lanes) {
            const bool shut = lane->gate.is_shut();
            most_ns = std::min(most_ns, lane->sleep_most_ns);
            all[count++] = shut ? Waker{} : lane->outside_waker;
            all[count++] = shut ? Waker{} : lane->inside_waker;
            if (lane->heartbeat_queue != kNoQueue)
                all[count++] = shut ? Waker{} : lane->heartbeat_waker;
        }
    }
    [[nodiscard]] std::span<const Waker> list() const { return {all.data(), count}; }
    std::array<Waker, Sleeper::kWakersMost> all{};
    std::size_t count = 0;
    std::uint32_t most_ns = Pacer::kBlindMostNs;
};

// What the stages look at, as of now. It dies with the poll.
BurstContext context_of(const Lane& lane, const IndexedTables& tables, Instant now) {
    return {tables,
            lane.addresses,
            now,
            lane.fence->holds(now),
            lane.number,
            static_cast<std::uint16_t>(lane.peers.size()),
            lane.clients.load(std::memory_order_relaxed),
            lane.flow_indexes,
            &tables.index};
}

// What this poll judges by: the newest tables, once everything older has been judged.
const IndexedTables& tables_for(Lane& lane) {
    const IndexedTables* const newest = lane.tables.load(std::memory_order_acquire);
    const bool drained =
        std::all_of(lane.peers.begin(), lane.peers.end(),
                    [newest](const Lane* peer) { return peer->in_use.drained_for() == newest; });
    return lane.in_use.begin(newest, drained);
}

// Frames that main, and lanes without a queue, left here to be sent.
std::uint32_t send_waiting(Lane& lane, Instant now) {
    const std::uint32_t sent = send_for_main(lane);
    if (!lane.rss.spreads) return sent;
    return sent + send_for_lanes(lane, lane.fence->holds(now));
}

// Ends what has lasted too long. One lane sweeps the clients of all; each tells main when its cores
// ask for something.
void sweep(Lane& lane, const BurstContext& context) {
    lane.connections->sweep(context.tables, context.now);
    lane.fragments.expire(context.now);
    if (context.clients == nullptr) return;
    if (lane.number == 0) context.clients->sweep(context.tables, context.now);
    if (context.clients->has_requests()) lane.doorbell->ring();
}

// Whether clients' frames come at all (R15): one frame of each burst is looked at. In multicast
// modes heartbeats bear the cluster's MAC, too.
bool is_of_clients(const Frame& frame, const Tables& tables) {
    if (frame.length < sizeof(EthernetHeader) + kVlanTagBytes ||
        !is_mac(frame.data, tables.cluster_mac))
        return false;
    constexpr std::size_t kEthertypeAt = 2 * sizeof(MacAddress);
    const auto ethertype_at = [&](std::size_t at) {
        return load_big_endian<std::uint16_t>(frame.data + at);
    };
    const std::uint16_t outer = ethertype_at(kEthertypeAt);
    return (outer == kEthertypeVlan ? ethertype_at(kEthertypeAt + kVlanTagBytes) : outer) !=
           kEthertypeHeartbeat;
}

// R12: frames of another VLAN are no sign that this one's arrive. Requires: the burst is settled.
bool is_of_this_vlan(const Burst& packets) {
    const auto own = [](Reason reason) {
        return reason != Reason::other_vlan && reason != Reason::heartbeat_other_vlan;
    };
    return std::any_of(packets.reasons.begin(), packets.reasons.begin() + packets.count, own);
}

// Frames that an answer, or the next one of a stream, may follow at once. Nothing follows a
// heartbeat, and 32 hosts send 310 a second. Requires: the burst is settled.
bool has_traffic(const Burst& packets) {
    return std::any_of(packets.reasons.begin(), packets.reasons.begin() + packets.count,
                       [](Reason reason) { return output_of(reason) != Output::control; });
}

}  // namespace

Worker::Worker(const Shared& shared, std::uint32_t number, std::vector<Lane*> lanes)
    : shared_(shared),
      number_(number),
      lanes_(std::move(lanes)),
      sleeper_(Wakers(lanes_).list(), bell_),
      ns_per_cycle_most_(1'000'000'000 / shared.cycles_per_second + 1),
      pacer_(shared.poll, sleeper_.woken_by_frames(), shared.cycles_per_second,
             Wakers(lanes_).most_ns),
      gap_cycles_(shared.cycles_per_second / kGapsPerSecond) {
    NLB_ASSERT(shared.burst >= 1 && shared.burst <= kBurstMax);
    for (Lane* lane : lanes_) lane->bell = &bell_;
}

// The life of a packet on this host: received, settled by core's stages (core/pipeline.hpp states
// their order), delivered. Each source of frames gives a burst of its own.
bool Worker::poll_once(Lane& lane) {
    const Instant now = begin_poll();
    lane.last_poll_ns.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    // One snapshot per poll: no packet sees two maps.
    const BurstContext context = context_of(lane, tables_for(lane), now);
    if (lane.gate.is_shut()) {
        pass_by(lane);
        return false;
    }
    trace_ = lane.trace.load(std::memory_order_acquire);
    burst_.packets.describe_all = trace_ != nullptr;
    lane.connections->follow(context.tables);
    std::uint32_t frames = send_waiting(lane, now);
    std::uint32_t judged = 0;
    bool emptied = true;
    for (const Source source : kSources) {
        const std::uint32_t given = receive(lane, source, burst_, shared_.burst);
        judged += given;
        emptied &= given < shared_.burst;
        if (burst_.packets.count == 0) continue;
        if (side_of(source) == Side::inside)
            settle_from_inside(lane, context);
        else
            settle_from_outside(lane, context);
        expects_more_ |= given == shared_.burst || has_traffic(burst_.packets);
        deliver(lane, burst_, context.ports, now);
    }
    sweep(lane, context);
    deliver_released(lane, context);
    lane.in_use.end(judged, emptied, lane.backlog_most);
    shared_.rcu.quiescent(number_);
    frames += judged;
    worked_for_ = frames != 0 ? &lane : nullptr;
    return frames != 0;
}

void Worker::settle_from_outside(Lane& lane, const BurstContext& context) {
    if (is_of_clients(burst_.packets.frames[0], context.tables)) ++lane.counters.cluster_bursts;
    settle_ingress(burst_.packets, context, *lane.connections, lane.fragments, lane.counters);
    if (is_of_this_vlan(burst_.packets))
        lane.last_rx_ns.store(context.now.time_since_epoch().count(), std::memory_order_relaxed);
    // A worker may have been kept from its core since `now`; what it was allowed then it may not do
    // any more.
    if (context.fence_holds && !fence_still_holds(lane, context.now))
        refuse_late(burst_.packets, lane.counters);
    if (trace_ != nullptr) show(lane, context, trace::Direction::ingress);
}

void Worker::settle_from_inside(Lane& lane, const BurstContext& context) {
    const std::uint64_t& elsewhere =
        lane.counters.reasons[static_cast<std::size_t>(Reason::answered_elsewhere)];
    const std::uint64_t before = elsewhere;
    settle_egress(burst_.packets, context, *lane.connections, lane.counters);
    if (elsewhere != before) {
        const std::uint64_t which = slots_of(burst_.packets, Reason::answered_elsewhere);
        const PacketInfo& one = burst_.packets.info[static_cast<unsigned>(std::countr_zero(which))];
        lane.answered_elsewhere.store(flow_key_of(one));
    }
    if (trace_ != nullptr) show(lane, context, trace::Direction::egress);
}

void Worker::deliver_released(Lane& lane, const BurstContext& context) {
    std::array<std::uint16_t, kBurstMax> slots;
    Burst& packets = burst_.packets;
    while (settle_released(packets, lane.fragments, slots, lane.counters) != 0) {
        for (std::uint32_t i = 0; i < packets.count; ++i) {
            burst_.buffers[i] = lane.held.take(slots[i]);
            packets.frames[i] = frame_of(*burst_.buffers[i]);
        }
        if (!lane.fence->holds(exact_now())) refuse_late(packets, lane.counters);
        if (trace_ != nullptr) show(lane, context, trace::Direction::ingress);
        deliver(lane, burst_, context.ports, context.now);
    }
}

// A poll is short: each of its cycles may be taken for as long as the slowest counter's, and only a
// fence that this brings down is asked about the exact time.
bool Worker::fence_still_holds(const Lane& lane, Instant poll_began) {
    const std::uint64_t cycles = rte_rdtsc() - began_;
    const Duration at_most{static_cast<std::int64_t>(cycles * ns_per_cycle_most_)};
    if (cycles <= gap_cycles_ && lane.fence->holds(poll_began + at_most)) return true;
    if (cycles > gap_cycles_) gap_since_ = shared_.clock.calibrations();
    return lane.fence->holds(exact_now());
}

void Worker::show(Lane& lane, const BurstContext& context, trace::Direction direction) {
    if (trace_->look(burst_.packets, context, direction)) lane.doorbell->ring();
}

// A counter that went back shows as the longest gap.
Instant Worker::begin_poll() {
    const std::uint64_t begin = rte_rdtsc();
    if (worked_for_ != nullptr) worked_for_->counters.busy_cycles += begin - began_;
    if (begin - began_ > gap_cycles_) gap_since_ = shared_.clock.calibrations();
    began_ = begin;
    return gap_since_ == 0 ? shared_.clock.at(begin) : exact_now();
}

Instant Worker::exact_now() {
    if (gap_since_ == 0) return shared_.clock.at(rte_rdtsc());
    if (shared_.clock.calibrations() != gap_since_) gap_since_ = 0;
    // A counter that has gone further than the clock tells of a freeze that the clock does not
    // show. Main gives the leases back before it compares the two (give_leases_back).
    return std::max(monotonic_now(), shared_.clock.at(rte_rdtsc()));
}

void Worker::pass_by(Lane& lane) {
    trace_ = nullptr;
    worked_for_ = nullptr;
    discard_handed_over(lane);
    lane.in_use.end(0, true, lane.backlog_most);
    shared_.rcu.quiescent(number_);
}

void Worker::follow_gates() {
    std::uint32_t turns = 0;
    for (const Lane* lane : lanes_) turns += lane->gate.turns();
    if (turns == gate_turns_) return;
    gate_turns_ = turns;
    const Wakers wakers(lanes_);
    sleeper_.watch(wakers.list());
    pacer_.set_wakers(sleeper_.woken_by_frames(), wakers.most_ns);
}

// A poll that found work lasted until the next one begins: nobody sleeps between the two.
void Worker::pause() {
    worked_for_ = nullptr;
}

void Worker::run() {
    prctl(PR_SET_TIMERSLACK, 1UL);
    ask_for_short_slices();
    take_signals_of_tap(number_ == 0);
    shared_.rcu.join(number_);
    while (!shared_.stop.load(std::memory_order_relaxed)) {
        follow_gates();
        bool worked = false;
        expects_more_ = false;
        for (Lane* lane : lanes_) worked |= poll_once(*lane);
        note_round(worked || std::any_of(lanes_.begin(), lanes_.end(), [](const Lane* lane) {
                       return lane->fragments.waiting() != 0;
                   }));
        const bool waits = std::any_of(lanes_.begin(), lanes_.end(),
                                       [](const Lane* lane) { return lane->in_use.waits(); });
        if (const std::uint32_t ns = pacer_.pause_ns(expects_more_ || waits, began_); ns != 0)
            rest(ns);
        else if (!worked)
            rte_pause();
    }
    shared_.rcu.leave(number_);
}

void Worker::rest(std::uint32_t ns) {
    if (!sleeper_.arm()) return sleep(ns);
    bool worked = false;
    for (Lane* lane : lanes_) worked |= poll_once(*lane);
    note_round(worked);
    if (!worked) sleep(ns);
    sleeper_.disarm();
}

void Worker::note_round(bool busy) {
    if (busy)
        busy_rounds_.store(busy_rounds_.load(std::memory_order_relaxed) + 1,
                           std::memory_order_relaxed);
    rounds_.store(rounds_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void Worker::sleep(std::uint32_t ns) {
    shared_.rcu.offline(number_);
    sleeper_.sleep(ns);
    shared_.rcu.online(number_);
}

}  // namespace nlb::dataplane
