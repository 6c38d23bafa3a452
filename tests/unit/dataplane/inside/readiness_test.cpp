// When buckets move, and when they do not.
#include "dataplane/inside/readiness.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

using ipc::InsideState;
using std::chrono::milliseconds;

class Readying : public ::testing::Test {
protected:
    InsideState after(Duration pause, InsideState is) {
        now_ += pause;
        return readiness_.judge(is, now_);
    }
    Readiness readiness_;
    Instant now_{std::chrono::hours{1}};
};

TEST_F(Readying, ADeviceThatHasItsAddressesIsReadyAtOnce) {
    EXPECT_EQ(after({}, InsideState::ready), InsideState::ready);
}

TEST_F(Readying, OneThatNeverHadThemIsNotReadyUntilItHas) {
    EXPECT_EQ(after({}, InsideState::addresses_missing), InsideState::addresses_missing);
    EXPECT_EQ(after(milliseconds{1}, InsideState::server_unknown), InsideState::server_unknown);
    EXPECT_EQ(after(milliseconds{1}, InsideState::ready), InsideState::ready);
}

TEST_F(Readying, WhatIsMendedInTimeCountsAsNothing) {
    ASSERT_EQ(after({}, InsideState::ready), InsideState::ready);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(after(milliseconds{50}, InsideState::addresses_missing), InsideState::ready);
        EXPECT_EQ(after(kMendingMost - milliseconds{1}, InsideState::addresses_missing),
                  InsideState::ready);
        EXPECT_EQ(after(milliseconds{1}, InsideState::ready), InsideState::ready);
    }
}

TEST_F(Readying, WhatStaysAwayLongerCountsAsGone) {
    ASSERT_EQ(after({}, InsideState::ready), InsideState::ready);
    EXPECT_EQ(after(milliseconds{50}, InsideState::addresses_missing), InsideState::ready);
    EXPECT_EQ(after(kMendingMost, InsideState::addresses_missing), InsideState::addresses_missing);
}

TEST_F(Readying, WhatWasGoneHasToStayBeforeItCountsAgain) {
    ASSERT_EQ(after({}, InsideState::ready), InsideState::ready);
    after(milliseconds{50}, InsideState::device_missing);
    ASSERT_EQ(after(kMendingMost, InsideState::device_missing), InsideState::device_missing);
    EXPECT_EQ(after(milliseconds{50}, InsideState::ready), InsideState::device_missing);
    EXPECT_EQ(after(kSteadyLeast - milliseconds{1}, InsideState::ready),
              InsideState::device_missing);
    EXPECT_EQ(after(milliseconds{1}, InsideState::ready), InsideState::ready);
}

TEST_F(Readying, WhatFlapsIsGoneAllTheTime) {
    ASSERT_EQ(after({}, InsideState::ready), InsideState::ready);
    after(milliseconds{50}, InsideState::device_missing);
    after(kMendingMost, InsideState::device_missing);
    for (int i = 0; i < 20; ++i) {
        EXPECT_NE(after(kSteadyLeast / 2, InsideState::ready), InsideState::ready);
        EXPECT_NE(after(milliseconds{50}, InsideState::device_missing), InsideState::ready);
    }
}

}  // namespace
}  // namespace nlb::dataplane
