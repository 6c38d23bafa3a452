// How long a convergence took and how long buckets had no owner, from hand-made views at hand-made
// times.
#include "controlplane/agent/convergence_statistics.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;

Instant at(int ms) {
    return Instant{milliseconds{ms}};
}

OwnerMap owned_by(HostId host) {
    OwnerMap owners{};
    owners[0].fill(host);
    return owners;
}

TEST(ConvergenceStatistics, TheFirstCauseCounts) {
    ConvergenceStatistics watch;
    watch.begin(at(100), ConvergenceCause::lost);
    watch.begin(at(150), ConvergenceCause::joined);
    EXPECT_EQ(watch.finish(at(300)), milliseconds{200});
    EXPECT_EQ(watch.count_of(ConvergenceCause::lost), 1U);
    EXPECT_EQ(watch.count_of(ConvergenceCause::joined), 0U);
    EXPECT_FALSE(watch.finish(at(400)).has_value());
}

TEST(ConvergenceStatistics, AnOrphanWindowRunsFromTheLastOwnersWordToTheNextOnes) {
    ConvergenceStatistics watch;
    watch.observe(at(0), owned_by(1), owned_by(1));
    OwnerMap moving = owned_by(1);
    moving[0][7] = kNoHost;
    watch.observe(at(10), moving, owned_by(2));
    EXPECT_EQ(watch.orphans(), 1U);
    watch.observe(at(12), moving, owned_by(2));
    moving[0][7] = 2;
    watch.observe(at(16), moving, owned_by(2));
    EXPECT_EQ(watch.orphans(), 0U);
    EXPECT_EQ(watch.orphan_windows().count(), 1U);
    EXPECT_NEAR(watch.orphan_windows().sum, 0.006, 1e-9);
}

TEST(ConvergenceStatistics, ABucketThatNobodyIsMeantToOwnIsNoOrphan) {
    ConvergenceStatistics watch;
    watch.observe(at(0), owned_by(1), owned_by(1));
    watch.observe(at(5), OwnerMap{}, OwnerMap{});
    watch.observe(at(500), owned_by(1), owned_by(1));
    EXPECT_EQ(watch.orphan_windows().count(), 0U);
}

TEST(ConvergenceStatistics, WhatWasNeverOwnedIsNotYetAnOrphan) {
    ConvergenceStatistics watch;
    watch.observe(at(0), OwnerMap{}, owned_by(1));
    EXPECT_EQ(watch.orphans(), 0U);
}

TEST(Histogram, CountsUpToItsBoundsAndBeyond) {
    Histogram histogram;
    for (const double value : {0.001, 0.0011, 0.1, 99.0}) histogram.observe(value);
    EXPECT_EQ(histogram.counts[0], 1U);
    EXPECT_EQ(histogram.counts[1], 1U);
    EXPECT_EQ(histogram.counts[kHistogramBounds], 1U);
    EXPECT_EQ(histogram.count(), 4U);
}

}  // namespace
}  // namespace nlb::controlplane
