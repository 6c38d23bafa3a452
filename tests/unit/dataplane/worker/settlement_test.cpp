// Packets that are settled a second time are counted once, and a lease that ends during a burst
// ends it for that burst.
#include <gtest/gtest.h>

#include "core/pipeline.hpp"
#include "dataplane/worker/fence.hpp"
#include "dataplane/worker/reclassify.hpp"

namespace nlb::dataplane {
namespace {

constexpr Instant at_ns(std::int64_t ns) {
    return Instant{Duration{ns}};
}

Burst burst_of(std::initializer_list<Reason> reasons, RuleId rule) {
    Burst burst;
    for (const Reason reason : reasons) {
        burst.info[burst.count] = {};
        burst.info[burst.count].rule = rule;
        burst.reasons[burst.count++] = reason;
    }
    return burst;
}

std::uint64_t counted(const Counters& counters, Reason reason) {
    return counters.reasons[static_cast<std::size_t>(reason)];
}

TEST(Settlement, ALateFenceTakesBackWhatWasAcceptedForVirtualAddressesOnly) {
    Burst burst = burst_of({Reason::owner, Reason::new_flow, Reason::untracked_flow,
                            Reason::descriptor, Reason::echo_all, Reason::dedicated,
                            Reason::not_owner, Reason::heartbeat, Reason::broadcast},
                           3);
    Counters counters{};
    count_ingress(burst, counters);
    refuse_late(burst, counters);
    EXPECT_EQ(counted(counters, Reason::fenced), 5U);
    for (const Reason taken : {Reason::owner, Reason::new_flow, Reason::untracked_flow,
                               Reason::descriptor, Reason::echo_all})
        EXPECT_EQ(counted(counters, taken), 0U);
    for (const Reason kept :
         {Reason::dedicated, Reason::not_owner, Reason::heartbeat, Reason::broadcast})
        EXPECT_EQ(counted(counters, kept), 1U);
    EXPECT_EQ(counters.accepted[3], 2U);
    EXPECT_EQ(counters.rejected[3], 6U);
}

TEST(Settlement, APacketWithoutARuleMovesNoRulesCounters) {
    Burst burst = burst_of({Reason::dedicated}, kNoRule);
    Counters counters{};
    count_ingress(burst, counters);
    reclassify(burst, 0, Reason::output_full, counters);
    EXPECT_EQ(counted(counters, Reason::dedicated), 0U);
    EXPECT_EQ(counted(counters, Reason::output_full), 1U);
    EXPECT_EQ(burst.reasons[0], Reason::output_full);
}

TEST(Fence, ItHoldsOnlyWhileTheLeaseRunsAndTheLinkIsUp) {
    Fence fence;
    EXPECT_FALSE(fence.holds(at_ns(0))) << "closed until somebody opens it";
    fence.set_lease(at_ns(1000));
    EXPECT_FALSE(fence.holds(at_ns(999)));
    fence.set_link(true);
    EXPECT_TRUE(fence.holds(at_ns(999)));
    EXPECT_FALSE(fence.holds(at_ns(1000)));
    fence.set_lease(at_ns(500));
    EXPECT_FALSE(fence.holds(at_ns(600))) << "a lease can be shortened";
    fence.set_lease(kForever);
    EXPECT_TRUE(fence.holds(at_ns(1'000'000'000'000)));
    fence.set_link(false);
    EXPECT_FALSE(fence.holds(at_ns(600)));
}

}  // namespace
}  // namespace nlb::dataplane
