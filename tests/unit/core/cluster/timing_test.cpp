// Claims about the protocol's durations and the inequalities between them.
#include "core/cluster/timing.hpp"

#include <gtest/gtest.h>

namespace nlb {
namespace {

using std::chrono::milliseconds;

TEST(Timing, TheDefaultIsClusterMdsExample) {
    const Timing t = Timing::from(milliseconds{100}, 5);
    EXPECT_EQ(t.bury_after, milliseconds{500});
    EXPECT_EQ(t.lease, milliseconds{450});
    EXPECT_EQ(t.drop_after, milliseconds{250});
    EXPECT_EQ(t.bootstrap_after, milliseconds{1000});
    EXPECT_EQ(t.cap_losses, 2);
    EXPECT_TRUE(check_timing(t, milliseconds{1}, milliseconds{20}).empty());
}

TEST(Timing, TheFastProfileHolds) {
    EXPECT_TRUE(
        check_timing(Timing::from(milliseconds{20}, 5), milliseconds{1}, milliseconds{4}).empty());
}

// What it risks is told where it is configured (config/validate).
TEST(Timing, AToleranceBelowFiveKeepsTheInequalities) {
    EXPECT_TRUE(
        check_timing(Timing::from(milliseconds{100}, 3), milliseconds{1}, milliseconds{1}).empty());
}

TEST(Timing, ALoopAsLateAsTwoPeriodsBreaksAvailabilityNotSafety) {
    const auto findings =
        check_timing(Timing::from(milliseconds{100}, 5), milliseconds{1}, milliseconds{200});
    ASSERT_FALSE(findings.empty());
    for (const auto& finding : findings) EXPECT_FALSE(finding.fatal);
}

TEST(Timing, ALeaseThatOutlivesTheBurialIsFatal) {
    Timing t = Timing::from(milliseconds{100}, 5);
    t.lease = milliseconds{495};
    const auto findings = check_timing(t, {}, {});
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_TRUE(findings[0].fatal);
}

}  // namespace
}  // namespace nlb
