// A worker core: runs bursts to completion over its lanes until it is told to stop. It never locks,
// allocates, logs or throws; its system calls are its drivers', the doorbell's and its own sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "config/schema.hpp"
#include "core/packet/burst.hpp"
#include "core/pipeline.hpp"
#include "dataplane/worker/clock.hpp"
#include "dataplane/worker/frame_burst.hpp"
#include "dataplane/worker/idle_watch.hpp"
#include "dataplane/worker/lane.hpp"
#include "dataplane/worker/pacer.hpp"
#include "dataplane/worker/rcu.hpp"
#include "dataplane/worker/sleeper.hpp"

namespace nlb::dataplane {

class Worker {
public:
    // What all workers share. Owned by: the dataplane.
    struct Shared {
        const Clock& clock;
        Rcu& rcu;
        const std::atomic<bool>& stop;  // publishes nothing but itself
        config::PollMode poll;
        std::uint64_t cycles_per_second;  // of the time stamp counter
        std::uint16_t burst = kBurstMax;  // frames taken at once, at least 1
    };
    // `number` is its own in shared.rcu. Requires: `lanes` outlive it, and no other worker has
    // them. Thread: main.
    Worker(const Shared& shared, std::uint32_t number, std::vector<Lane*> lanes);

    // Thread: main, after it left a frame for a lane of this worker or told it to stop.
    void wake() { bell_.ring(); }

    // Thread: main. Of the rounds that run() has finished.
    [[nodiscard]] Progress progress() const {
        const std::uint64_t rounds = rounds_.load(std::memory_order_acquire);
        return {rounds, busy_rounds_.load(std::memory_order_relaxed)};
    }

    // Thread: the worker's lcore. Returns when told to stop.
    void run();
    // One burst of each source of the lane. True when there was a frame. Requires: this thread has
    // joined shared.rcu as `number`, and the lane has tables. Thread: the worker's lcore.
    bool poll_once(Lane& lane);
    // Who calls poll_once() says so when some time passes before it does again.
    void pause();

private:
    // What the burst's packets are: each has a reason afterwards, and is counted under it.
    void settle_from_outside(Lane& lane, const BurstContext& context);
    void settle_from_inside(Lane& lane, const BurstContext& context);
    // Fragments whose waiting is over.
    void deliver_released(Lane& lane, const BurstContext& context);
    // The settled burst, to whoever traces.
    void show(Lane& lane, const BurstContext& context, trace::Direction direction);
    // When the poll begins. After a gap in the counter it is the clock's own word: the machine may
    // have slept.
    [[nodiscard]] Instant begin_poll();
    [[nodiscard]] Instant exact_now();
    [[nodiscard]] bool fence_still_holds(const Lane& lane, Instant poll_began);
    // A poll of a lane whose ports are not to be used.
    void pass_by(Lane& lane);
    // Looks again for what ends a sleep, when a gate has turned.
    void follow_gates();
    // Until a frame comes or the time is over, unless there is a frame now.
    void rest(std::uint32_t ns);
    void note_round(bool busy);
    void sleep(std::uint32_t ns);

    const Shared shared_;
    const std::uint32_t number_;
    const std::vector<Lane*> lanes_;
    std::uint32_t gate_turns_ = 0;  // over all lanes
    Doorbell bell_;
    Sleeper sleeper_;
    const std::uint64_t ns_per_cycle_most_;
    Pacer pacer_;
    FrameBurst burst_;
    // Publishes what the finished rounds did, busy_rounds_ too.
    std::atomic<std::uint64_t> rounds_{0};
    std::atomic<std::uint64_t> busy_rounds_{0};  // publishes nothing but itself
    std::uint64_t began_ = 0;                    // the present poll, or the last one, in cycles
    // Not 0: the counter had a gap, and this many calibrations were known then.
    std::uint64_t gap_since_ = 0;
    const std::uint64_t gap_cycles_;
    bool expects_more_ = false;   // in this round: frames that others may follow at once
    Lane* worked_for_ = nullptr;  // the lane of the last poll, if it found work
    // Of the lane that is polled; it may not outlive the poll.
    PacketTrace* trace_ = nullptr;
};

}  // namespace nlb::dataplane
