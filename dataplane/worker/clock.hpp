// The time stamp counter as the daemons' clock (config/daemon/clock.hpp), because both processes
// must mean the same instant by a lease and a system call for each burst is too dear. Main compares
// the two regularly; workers only multiply.
//
// How far off it may be: both are the crystal's, so between two calibrations they differ by what
// the measurement of the rate was off, a few ppm. A sleep of the machine stops or clears the
// counter: a worker that finds a gap in it asks the clock itself until main has compared the two
// again.
//
// The counter is a witness, too. A hypervisor that pauses a guest stops the guest's clocks
// (kvm-clock) and seldom its counter: one that has gone further than the clock tells that the
// machine was frozen whole.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "config/daemon/clock.hpp"
#include "core/base/types.hpp"

namespace nlb::dataplane {

using daemon::monotonic_now;

class Clock {
public:
    // `cycles_per_second`: what the counter is believed to run at until it was measured. Requires:
    // > 0.
    explicit Clock(std::uint64_t cycles_per_second);

    // Thread: any. Requires: calibrate() was called once.
    [[nodiscard]] Instant at(std::uint64_t cycles) const;

    // Grows with each calibration. Thread: any.
    [[nodiscard]] std::uint64_t calibrations() const {
        return version_.load(std::memory_order_acquire);
    }

    // Thread: main only. Both readings are of the same moment.
    void calibrate(std::uint64_t cycles, Instant now);
    void calibrate_now();

    struct Reading {
        std::uint64_t cycles = 0;
        Instant now;
        Duration within{};  // the two are of moments that lie no further apart
    };
    // Reads both clocks, several times, and keeps the pair that lies closest together. Thread: any.
    // Requires: calibrate() was called once.
    [[nodiscard]] Reading read() const;
    // How much longer the machine stood than its clock shows, since the last calibration; zero
    // until the counter's rate was measured. Thread: main only.
    [[nodiscard]] Duration stood(const Reading& reading) const;

private:
    // Two slots: readers use one while main writes the other. `version_` publishes the slot it
    // names (its lowest bit).
    struct Slot {
        // Each publishes nothing but itself.
        std::atomic<std::uint64_t> cycles{0};
        std::atomic<std::int64_t> ns{0};
        std::atomic<std::uint64_t> ns_per_cycle{0};  // times 2^32
    };
    struct Anchor {
        std::uint64_t cycles = 0;
        std::int64_t ns = 0;
    };

    std::array<Slot, 2> slots_;
    std::atomic<std::uint64_t> version_{0};
    std::uint64_t rate_;  // ns per cycle times 2^32
    Anchor anchor_;       // the rate is measured from here
    bool anchored_ = false;
    bool measured_ = false;
};

}  // namespace nlb::dataplane
