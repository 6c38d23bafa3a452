// What is said of time stamp counters, as kernels and CPUs describe them.
#include "dataplane/startup/time_source.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane::test {
namespace {

constexpr const char* kGood = "flags : fpu tsc msr constant_tsc rep_good nonstop_tsc cpuid";

TEST(TimeSource, ACounterThatTheKernelFollowsIsGood) {
    for (const char* clocksource : {"tsc", "kvm-clock", ""})
        EXPECT_EQ(time_source_complaint(clocksource, kGood), "") << clocksource;
}

TEST(TimeSource, ACounterThatTheKernelHasGivenUpIsNamed) {
    EXPECT_NE(time_source_complaint("hpet", kGood).find("but by hpet"), std::string::npos);
}

TEST(TimeSource, ACounterOfAnySpeedIsNamed) {
    EXPECT_NE(time_source_complaint("tsc", "flags : fpu tsc msr").find("invariant TSC"),
              std::string::npos);
}

}  // namespace
}  // namespace nlb::dataplane::test
