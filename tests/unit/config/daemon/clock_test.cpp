// The daemons' clock: sleeps are counted, noise is not.
#include "config/daemon/clock.hpp"

#include <ctime>
#include <gtest/gtest.h>

namespace nlb::daemon {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SleptTime, GrowsByWholeSleepsAndNotByTheNoiseOfReading) {
    SleptTime slept;
    EXPECT_EQ(slept.note({seconds{10}, seconds{10}}), Duration{0});
    EXPECT_EQ(slept.note({seconds{11}, seconds{11} - microseconds{900}}), Duration{0});
    EXPECT_EQ(slept.note({seconds{42}, seconds{12}}), seconds{30});
    EXPECT_EQ(slept.note({seconds{43}, seconds{13} - microseconds{20}}), seconds{30});
    EXPECT_EQ(slept.note({seconds{53}, seconds{14}}), seconds{39});
}

// The thread lost its core between the two readings: the second one is later.
TEST(SleptTime, NeverShrinks) {
    SleptTime slept;
    EXPECT_EQ(slept.note({seconds{42}, seconds{12}}), seconds{30});
    EXPECT_EQ(slept.note({seconds{42}, seconds{13}}), seconds{30});
}

TEST(Clock, RunsOnAndIsNotSlewed) {
    const Instant first = monotonic_now();
    timespec raw{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &raw);
    const Instant second = monotonic_now();
    EXPECT_LT(first, second);
    const Duration shown = seconds{raw.tv_sec} + std::chrono::nanoseconds{raw.tv_nsec};
    const Duration ahead = second.time_since_epoch() - shown;
    EXPECT_GE(ahead, Duration{0}) << "by the time that this machine has slept";
    EXPECT_LT((second - first), milliseconds{500});
}

}  // namespace
}  // namespace nlb::daemon
