// What ends a sleep, and what must not end the next one.
#include "dataplane/worker/sleeper.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kLongNs = 900'000'000;
constexpr std::uint32_t kShortNs = 2'000'000;

class SleeperTest : public ::testing::Test {
protected:
    ~SleeperTest() override { close(event_); }
    // An interrupt of a queue, as DPDK makes its descriptor.
    [[nodiscard]] Waker interrupt() const { return {event_, true, 0xffff, 0}; }
    static bool sleeps_through(Sleeper& sleeper, std::uint32_t ns) {
        const auto began = std::chrono::steady_clock::now();
        sleeper.sleep(ns);
        return std::chrono::steady_clock::now() - began >= std::chrono::nanoseconds{ns};
    }
    int event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    Doorbell bell_;
};

TEST_F(SleeperTest, AnInterruptEndsOneSleepAndNotTheNext) {
    const std::array wakers{interrupt()};
    Sleeper sleeper(wakers, bell_);
    EXPECT_TRUE(sleeper.woken_by_frames());
    EXPECT_TRUE(sleeper.arm()) << "there is one to be switched on";
    ASSERT_EQ(eventfd_write(event_, 1), 0);
    EXPECT_FALSE(sleeps_through(sleeper, kLongNs));
    EXPECT_TRUE(sleeps_through(sleeper, kShortNs)) << "it was read";
    sleeper.disarm();
}

TEST_F(SleeperTest, APortThatNothingWakesForMakesSleepsShort) {
    const std::array wakers{interrupt(), Waker{}};
    Sleeper sleeper(wakers, bell_);
    EXPECT_FALSE(sleeper.woken_by_frames());
}

TEST_F(SleeperTest, WhatIsNotWatchedAnyMoreEndsNoSleepAndMainsBellAlwaysDoes) {
    const std::array wakers{interrupt()};
    Sleeper sleeper(wakers, bell_);
    sleeper.watch({});
    EXPECT_FALSE(sleeper.arm());
    ASSERT_EQ(eventfd_write(event_, 1), 0);
    EXPECT_TRUE(sleeps_through(sleeper, kShortNs));
    bell_.ring();
    EXPECT_FALSE(sleeps_through(sleeper, kLongNs));
}

}  // namespace
}  // namespace nlb::dataplane
