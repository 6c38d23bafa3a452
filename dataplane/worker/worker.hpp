// A worker core: runs bursts to completion over its lanes until it is told to stop. It never locks,
// allocates, logs or throws; its system calls are its drivers', the doorbell's and its own sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "config/schema.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/headers.hpp"
#include "core/pipeline.hpp"
#include "dataplane/worker/clock.hpp"
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
        std::uint64_t cycles_per_second;
        std::uint16_t burst = kBurstMax;  // frames taken at once
    };
    Worker(const Shared& shared, std::uint32_t number, std::vector<Lane*> lanes);

    // For main, after it left a frame for a lane of this worker or told it to stop.
    void wake() { bell_.ring(); }

    // Thread: the worker's lcore. Returns when told to stop.
    void run();
    // The life of a burst in both directions on one lane. True when there was a frame.
    bool poll_once(Lane& lane);
    // Who calls poll_once() says so when some time passes before it does again.
    void pause();

private:
    std::uint32_t serve_outside(Lane& lane, const BurstContext& context, std::uint16_t queue);
    // Frames that other lanes of the cluster received for this one.
    std::uint32_t serve_steered(Lane& lane, const BurstContext& context);
    static void serve_clients(Lane& lane, const BurstContext& context);
    std::uint32_t take_from(rte_ring* ring);
    void steer_to(Lane& lane, std::uint32_t slot);
    // Fragments whose waiting is over.
    void serve_released(Lane& lane, const BurstContext& context);
    // What the burst's packets are, and where they go.
    void settle(Lane& lane, const BurstContext& context);
    std::uint32_t serve_inside(Lane& lane, const BurstContext& context);
    void settle_from_inside(Lane& lane, const BurstContext& context);
    // The settled burst, to whoever traces.
    void show(Lane& lane, const BurstContext& context, trace::Direction direction);
    std::uint32_t send_for_main(Lane& lane);
    std::uint32_t receive(std::uint16_t port, std::uint16_t queue);
    void receive_unusual();
    std::uint64_t begin_poll();
    [[nodiscard]] bool fence_still_holds(const Lane& lane, Instant poll_began) const;
    void deliver(Lane& lane, const PortAddresses& ports, Instant now);
    [[nodiscard]] static bool admits(Lane& lane, const Frame& frame, Instant now);
    void punt(Lane& lane, rte_mbuf* buffer, Instant now);
    void punt_copy(Lane& lane, rte_mbuf* buffer, Instant now);
    void sleep(std::uint32_t ns);

    // The buffers of some slots of the burst, in their order; of all of them, without being copied.
    struct Chosen {
        Chosen(Worker& worker, std::uint64_t slots);
        std::uint32_t count = 0;
        std::array<rte_mbuf*, kBurstMax> some;
        rte_mbuf** buffers = some.data();
    };
    // How many left; the rest is freed and settled anew.
    std::uint32_t transmit(std::uint16_t port, Lane& lane, std::uint64_t slots);

    const Shared shared_;
    const std::uint32_t number_;
    const std::vector<Lane*> lanes_;
    Doorbell bell_;
    Sleeper sleeper_;
    const std::uint64_t ns_per_cycle_most_;
    Pacer pacer_;
    Burst burst_;
    std::array<rte_mbuf*, kBurstMax> buffers_;
    std::uint64_t burst_bytes_ = 0;
    std::uint64_t began_ = 0;     // the present poll, or the last one, in cycles
    Lane* worked_for_ = nullptr;  // the lane of the last poll, if it found work
    // of the lane that is served; it may not outlive the poll
    PacketTrace* trace_ = nullptr;
};

// A packet that was settled already goes another way after all: its former reason is uncounted, so
// that each packet has one.
void reclassify(Burst& burst, std::uint32_t slot, Reason reason, Counters& counters);
// The lease ran out between the stages and the delivery: what was accepted for a virtual address is
// not delivered.
void refuse_late(Burst& burst, Counters& counters);

}  // namespace nlb::dataplane
