// When a worker sleeps, and how long.
#include "dataplane/worker/pacer.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr std::uint64_t kCyclesPerSecond = 1'000'000'000;
constexpr std::uint64_t kUs = 1'001;  // a cycle more than a thousand: the pacer rounds up

TEST(Pacer, ABusyOneNeverSleeps) {
    Pacer pacer(config::PollMode::busy, true, kCyclesPerSecond);
    EXPECT_EQ(pacer.pause_ns(false, 0), 0U);
    EXPECT_EQ(pacer.pause_ns(false, 1'000'000 * kUs), 0U);
}

TEST(Pacer, ItPollsOnForAMomentAfterWork) {
    Pacer pacer(config::PollMode::adaptive, true, kCyclesPerSecond);
    EXPECT_EQ(pacer.pause_ns(true, 5000 * kUs), 0U);
    EXPECT_EQ(pacer.pause_ns(false, (5000 + Pacer::kSpinUs - 1) * kUs), 0U);
    EXPECT_EQ(pacer.pause_ns(false, (5000 + Pacer::kSpinUs + 1) * kUs), Pacer::kWokenMostNs);
    EXPECT_EQ(pacer.pause_ns(true, 9000 * kUs), 0U);
    EXPECT_EQ(pacer.pause_ns(false, 9001 * kUs), 0U);
}

// A heartbeat is no work: nothing follows it at once.
TEST(Pacer, ItSleepsAtOnceAfterARoundThatNothingFollows) {
    Pacer pacer(config::PollMode::adaptive, true, kCyclesPerSecond);
    EXPECT_EQ(pacer.pause_ns(true, 0), 0U);
    EXPECT_EQ(pacer.pause_ns(false, 9000 * kUs), Pacer::kWokenMostNs);
}

TEST(Pacer, WhereNothingWakesItASleepIsAnEighthOfTheIdleTimeWithinBounds) {
    Pacer pacer(config::PollMode::adaptive, false, kCyclesPerSecond);
    EXPECT_EQ(pacer.pause_ns(true, 0), 0U);
    EXPECT_EQ(pacer.pause_ns(false, 100 * kUs), Pacer::kBlindLeastNs);
    EXPECT_EQ(pacer.pause_ns(false, 800 * kUs), 100'000U);
    EXPECT_EQ(pacer.pause_ns(false, 80'000 * kUs), Pacer::kBlindMostNs);
}

}  // namespace
}  // namespace nlb::dataplane
