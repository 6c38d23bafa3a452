// The time stamp counter as monotonic time: right at once, right after the rate turns out
// different, and whole under concurrency.
#include "dataplane/worker/clock.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <rte_cycles.h>
#include <thread>

namespace nlb::dataplane {
namespace {

constexpr Instant at_ns(std::int64_t ns) {
    return Instant{Duration{ns}};
}

TEST(Clock, ItRunsAtTheRateItWasToldUntilItIsMeasured) {
    Clock clock(2'000'000'000);
    clock.calibrate(1'000, at_ns(5'000'000));
    EXPECT_EQ(clock.at(1'000), at_ns(5'000'000));
    EXPECT_EQ(clock.at(3'000), at_ns(5'001'000));
    EXPECT_EQ(clock.at(0), at_ns(4'999'500)) << "a reading before the calibration lies in the past";
}

TEST(Clock, AWrongRateIsMeasuredAwayAfterASecond) {
    Clock clock(2'000'000'000);  // in truth it runs at 2.02 GHz
    for (int tick = 0; tick <= 30; ++tick)
        clock.calibrate(202'000'000ULL * static_cast<unsigned>(tick), at_ns(100'000'000LL * tick));
    const std::int64_t half_a_second =
        (clock.at(202'000'000ULL * 30 + 1'010'000'000) - at_ns(3'000'000'000)).count();
    EXPECT_NEAR(static_cast<double>(half_a_second), 5e8, 1'000);
}

TEST(Clock, ASleepOfTheMachineIsNoRate) {
    Clock clock(2'000'000'000);
    clock.calibrate(2'000'000'000, at_ns(0));
    clock.calibrate(4'000'000'000, at_ns(1'000'000'000));
    clock.calibrate(4'100'000'000, at_ns(61'000'000'000));  // the counter stood for a minute
    EXPECT_EQ(clock.at(4'102'000'000), at_ns(61'001'000'000));
    clock.calibrate(1'000, at_ns(62'000'000'000));  // and now it has begun anew
    EXPECT_EQ(clock.at(2'001'000), at_ns(62'001'000'000));
    clock.calibrate(2'000'001'000, at_ns(63'000'000'000));
    EXPECT_EQ(clock.at(2'002'001'000), at_ns(63'001'000'000));
}

TEST(Clock, ACounterThatWentFurtherThanTheClockTellsOfAFreeze) {
    Clock clock(2'000'000'000);
    const auto stood = [&clock](std::uint64_t cycles, std::int64_t ns, std::int64_t within = 0) {
        return clock.stood({cycles, at_ns(ns), Duration{within}});
    };
    clock.calibrate(0, at_ns(0));
    EXPECT_EQ(stood(4'000'000'000, 1'000'000'000), Duration::zero()) << "its rate is a guess";
    clock.calibrate(2'000'000'000, at_ns(1'000'000'000));
    EXPECT_EQ(stood(2'100'000'000, 1'050'000'000), Duration::zero());
    EXPECT_EQ(stood(3'100'000'000, 1'050'000'000), std::chrono::milliseconds{500});
    EXPECT_EQ(stood(3'100'000'000, 1'050'000'000, 100'000'000), std::chrono::milliseconds{400})
        << "what the reading may be off does not count";
    EXPECT_EQ(stood(2'000'000'001, 9'000'000'000), Duration::zero()) << "the counter slept";
    EXPECT_EQ(stood(5'000, 1'050'000'000), Duration::zero()) << "the counter began anew";
    clock.calibrate(3'100'000'000, at_ns(1'050'000'000));
    EXPECT_EQ(stood(3'200'000'000, 1'100'000'000), Duration::zero()) << "it is told once";
}

TEST(Clock, ARealMachineThatIsBusyDoesNotStand) {
    Clock clock(rte_get_tsc_hz() != 0 ? rte_get_tsc_hz() : 2'000'000'000);
    clock.calibrate_now();
    for (int i = 0; i < 24; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        EXPECT_LT(clock.stood(clock.read()), std::chrono::milliseconds{4});
        clock.calibrate_now();
    }
}

TEST(Clock, TheRealCounterStaysWithinTwentyMicrosecondsOfTheKernel) {
    Clock clock(rte_get_tsc_hz() != 0 ? rte_get_tsc_hz() : 2'000'000'000);
    clock.calibrate_now();
    for (int i = 0; i < 24; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        clock.calibrate_now();
    }
    Duration best = std::chrono::hours{1};
    for (int i = 0; i < 50; ++i) {
        const Instant before = monotonic_now();
        const Instant converted = clock.at(rte_rdtsc());
        const Instant after = monotonic_now();
        best = std::min(best, std::max({before - converted, converted - after, Duration{0}}));
    }
    EXPECT_LT(best, std::chrono::microseconds{20});
}

TEST(Clock, AReaderNeverMixesTwoCalibrations) {
    // Every calibration says ns = cycles, so whatever slot a reader uses, the answer must be its
    // question.
    Clock clock(1'000'000'000);
    clock.calibrate(0, at_ns(0));
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::atomic<bool> reading{false};
    std::thread reader([&] {
        for (std::uint64_t cycles = 1; !stop.load(std::memory_order_relaxed); cycles += 7919) {
            const std::int64_t error =
                (clock.at(cycles) - at_ns(static_cast<std::int64_t>(cycles))).count();
            reading.store(true, std::memory_order_relaxed);
            if (error < -2'000 || error > 2'000) wrong.fetch_add(1, std::memory_order_relaxed);
        }
    });
    while (!reading.load(std::memory_order_relaxed)) std::this_thread::yield();
    const Instant end = monotonic_now() + std::chrono::milliseconds{400};
    for (std::uint64_t i = 1; monotonic_now() < end; ++i)
        clock.calibrate(i * 1'000'003, at_ns(static_cast<std::int64_t>(i * 1'000'003)));
    stop.store(true);
    reader.join();
    EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace nlb::dataplane
