// A port that was reset, removed or is being mended: never used meanwhile, always tried again.
#include "dataplane/ports/port_health.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

using State = PortHealth::State;
using Step = PortHealth::Step;
constexpr Instant kNow{std::chrono::hours{1}};
constexpr Duration kMoment = std::chrono::milliseconds{10};

TEST(PortHealth, AResetIsDoneOnceNobodyUsesThePort) {
    PortHealth health;
    EXPECT_TRUE(health.on_events(kResetNeeded, kNow));
    EXPECT_FALSE(health.serves());
    EXPECT_EQ(health.next(kNow, false), Step::none) << "a core may still be in it";
    EXPECT_EQ(health.next(kNow + kMoment, true), Step::reset);
    health.on_done(kNow + kMoment, true);
    EXPECT_TRUE(health.serves());
    EXPECT_EQ(health.reopened(), 1U);
    EXPECT_EQ(health.next(kNow + kMoment, true), Step::none);
}

TEST(PortHealth, ADeviceThatIsGoneIsLookedForEachSecondUntilItIsBack) {
    PortHealth health;
    health.on_events(kRemoved | kResetNeeded, kNow);
    EXPECT_EQ(health.state(), State::lost);
    Instant now = kNow;
    for (int turn = 0; turn < 100; ++turn, now += PortHealth::kRetry) {
        ASSERT_EQ(health.next(now, true), Step::attach);
        health.on_done(now, false);
        ASSERT_FALSE(health.serves());
        ASSERT_EQ(health.next(now + PortHealth::kRetry - kMoment, true), Step::none);
    }
    EXPECT_FALSE(health.on_events(kRecovered, now)) << "of the device that is gone";
    EXPECT_EQ(health.next(now, true), Step::attach);
    health.on_done(now, true);
    EXPECT_TRUE(health.serves());
}

TEST(PortHealth, ADriverThatMendsItselfIsWaitedForButNotForEver) {
    PortHealth health;
    EXPECT_TRUE(health.on_events(kRecovering, kNow));
    EXPECT_EQ(health.next(kNow + kMoment, true), Step::none);
    EXPECT_TRUE(health.on_events(kRecovered, kNow + kMoment));
    EXPECT_TRUE(health.serves());
    health.on_events(kRecovering, kNow);
    EXPECT_EQ(health.next(kNow + PortHealth::kRecoveryMost, true), Step::reset);
    EXPECT_EQ(health.state(), State::failed);
}

TEST(PortHealth, ARecoveryThatCameAndWentBetweenTwoLooksIsOverAndAFailedOneIsNot) {
    PortHealth health;
    EXPECT_TRUE(health.on_events(kRecovering | kRecovered, kNow));
    EXPECT_TRUE(health.serves());
    health.on_events(kRecovering | kRecoveryFailed, kNow);
    EXPECT_EQ(health.next(kNow, true), Step::reset);
}

TEST(PortHealth, ResetsInVainEndInLookingForTheDeviceAnew) {
    PortHealth health;
    health.on_events(kResetNeeded, kNow);
    Instant now = kNow;
    for (unsigned turn = 0; turn < PortHealth::kResetsMost; ++turn, now += PortHealth::kRetry) {
        ASSERT_EQ(health.next(now, true), Step::reset);
        health.on_done(now, false);
    }
    EXPECT_EQ(health.state(), State::lost);
    EXPECT_EQ(health.next(now, true), Step::attach);
}

TEST(PortHealth, ALinkThatChangesIsNoMatterOfHealth) {
    PortHealth health;
    EXPECT_FALSE(health.on_events(kLinkChanged, kNow));
    EXPECT_TRUE(health.serves());
}

}  // namespace
}  // namespace nlb::dataplane
