// Claims about bucket assignment: exact shares, ties, least movement under ten thousand random
// changes.
#include "core/cluster/bucket_assignment.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

#include "core/base/prng.hpp"

namespace nlb {
namespace {

std::size_t count_of(const BucketOwners& owners, HostId host) {
    return static_cast<std::size_t>(std::count(owners.begin(), owners.end(), host));
}

Offers offers_of(std::initializer_list<std::uint8_t> weights) {
    Offers offers{};
    std::copy(weights.begin(), weights.end(), offers.begin());
    return offers;
}

TEST(BucketMap, ThirtyToSixtyGivesTwentyToForty) {
    const auto owners = assign_buckets(offers_of({30, 60}), {});
    EXPECT_EQ(count_of(owners, 1), 20U);
    EXPECT_EQ(count_of(owners, 2), 40U);
}

TEST(BucketMap, SeventyToThirtyGivesFortyTwoToEighteen) {
    const auto owners = assign_buckets(offers_of({70, 30}), {});
    EXPECT_EQ(count_of(owners, 1), 42U);
    EXPECT_EQ(count_of(owners, 2), 18U);
}

TEST(BucketMap, NothingOfferedMeansNobodyOwns) {
    EXPECT_EQ(count_of(assign_buckets(Offers{}, {}), kNoHost), kBuckets);
    EXPECT_EQ(count_of(assign_single(Offers{}), kNoHost), kBuckets);
}

TEST(BucketMap, TheGreatestOfferTakesASingleRuleAndTheLowerIdATie) {
    EXPECT_EQ(count_of(assign_single(offers_of({3, 9, 9})), 2), kBuckets);
}

Offers counted(Offers offers, bool keep) {
    count_failed(offers, keep);
    return offers;
}

constexpr std::uint8_t failed(unsigned weight) {
    return static_cast<std::uint8_t>(weight | kOfferFailed);
}

TEST(BucketMap, AFailedHostCountsForNothingBesideOneThatPasses) {
    const Offers offers = offers_of({failed(50), 40, 0, failed(100)});
    EXPECT_EQ(counted(offers, true), offers_of({0, 40, 0, 0}));
    EXPECT_EQ(counted(offers, false), offers_of({0, 40, 0, 0}));
}

TEST(BucketMap, WhenAllHaveFailedKeepCountsThemInFullAndDropNobody) {
    const Offers offers = offers_of({failed(50), 0, failed(100)});
    EXPECT_EQ(counted(offers, true), offers_of({50, 0, 100}));
    EXPECT_EQ(counted(offers, false), Offers{});
}

TEST(BucketMap, TiesOfRemaindersGoToTheHolderThenToTheLowerId) {
    BucketOwners holding{};
    for (std::size_t b = 0; b < kBuckets; ++b)
        holding[b] = b < 9 ? HostId{7} : static_cast<HostId>(1 + b % 6);
    const auto counts = bucket_counts(offers_of({1, 1, 1, 1, 1, 1, 1}), holding);
    EXPECT_EQ(counts[6], 9U);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::size_t{0}), kBuckets);
}

// The least possible movement: what hosts hold beyond their new count, plus what nobody present
// holds.
std::size_t least_movement(const BucketOwners& before,
                           const std::array<std::uint8_t, kHostsMax>& counts) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < kHostsMax; ++i)
        kept += std::min<std::size_t>(count_of(before, static_cast<HostId>(i + 1)), counts[i]);
    return kBuckets - kept;
}

TEST(BucketMap, TenThousandRandomChangesMoveExactlyTheLeast) {
    Prng random(20261121);
    BucketOwners owners{};
    Offers offers{};
    for (int round = 0; round < 10'000; ++round) {
        const std::size_t changes = 1 + random.below(4);
        for (std::size_t i = 0; i < changes; ++i)
            offers[random.below(kHostsMax)] =
                static_cast<std::uint8_t>(random.chance(400'000) ? 0 : random.below(101));
        const auto counts = bucket_counts(offers, owners);
        const auto next = assign_buckets(offers, owners);
        if (std::accumulate(offers.begin(), offers.end(), 0) == 0) continue;
        ASSERT_EQ(moved_buckets(owners, next), least_movement(owners, counts)) << "round " << round;
        for (std::size_t i = 0; i < kHostsMax; ++i)
            ASSERT_EQ(count_of(next, static_cast<HostId>(i + 1)), counts[i]);
        owners = next;
    }
}

TEST(BucketMap, CountsNeverStrayAWholeBucketFromTheExactShare) {
    Prng random(4);
    for (int round = 0; round < 2'000; ++round) {
        Offers offers{};
        for (std::size_t i = 0; i < 1 + random.below(kHostsMax); ++i)
            offers[i] = static_cast<std::uint8_t>(random.below(101));
        const auto sum = std::accumulate(offers.begin(), offers.end(), std::size_t{0});
        if (sum == 0) continue;
        const auto counts = bucket_counts(offers, {});
        for (std::size_t i = 0; i < kHostsMax; ++i) {
            EXPECT_GE(counts[i], kBuckets * offers[i] / sum);
            EXPECT_LE(counts[i], kBuckets * offers[i] / sum + 1);
        }
    }
}

}  // namespace
}  // namespace nlb
