// R14 seen from outside: which requests of cores become grants, which grants are passed to cores,
// and when an epoch counts as stated.
#include <gtest/gtest.h>

#include "core/wire/frame_codec.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

constexpr Duration kSettled = ms(2000);
constexpr std::uint32_t kTimeoutMs = 60'000;

struct Grants : ::testing::Test {
    SmallCluster cluster{{50, 50, 50}, false, true};
    BucketId bucket = 0;

    Grants() {
        cluster.run(kSettled);
        while (cluster[1].membership->map().targets[0][bucket] != 1) ++bucket;
    }
    [[nodiscard]] GrantRequest request(HostId to, Duration age = ms(0)) {
        return {cluster[1].tables.era,
                77,
                (cluster.now() - age).time_since_epoch().count(),
                kTimeoutMs,
                to,
                0,
                bucket,
                0};
    }
    void ask(const GrantRequest& request) {
        cluster.perform(
            1, cluster[1].membership->on_grant_requests(cluster.now(), std::span{&request, 1}));
    }
    [[nodiscard]] std::size_t given(HostId id) { return cluster[id].grants.size(); }
};

TEST_F(Grants, WhatTheOwnerLeavesToAMemberReachesItsCores) {
    ask(request(2));
    ASSERT_EQ(given(2), 1U);
    EXPECT_EQ(given(3), 0U);
    const GiveGrants& give = cluster[2].grants[0];
    EXPECT_EQ(give.era, cluster[2].tables.era);
    EXPECT_EQ(give.era, cluster[1].tables.era) << "one epoch has one era everywhere";
    ASSERT_EQ(give.grants.size(), 1U);
    EXPECT_EQ(give.grants[0].client, 77U);
    EXPECT_EQ(give.grants[0].bucket, bucket);
    const Instant until{Duration{give.grants[0].until_ns}};
    EXPECT_LE(until, cluster.now() + ms(kTimeoutMs))
        << "it runs from a frame of the guest's that the owner has heard";
    EXPECT_GE(until, cluster.now() + ms(kTimeoutMs) - ms(200));
    EXPECT_EQ(cluster[1].membership->grants().sent, 1U);
    EXPECT_EQ(cluster[2].membership->grants().received, 1U);
}

TEST_F(Grants, ARequestThatIsOldOrOfAnotherEpochIsNotPassedOn) {
    ask(request(2, ms(51)));
    GrantRequest former = request(2);
    ++former.era;
    ask(former);
    GrantRequest foreign = request(2);
    while (cluster[1].membership->map().targets[0][foreign.bucket] == 1) ++foreign.bucket;
    ask(foreign);
    ask(request(7));
    EXPECT_EQ(given(2), 0U);
    EXPECT_EQ(cluster[1].membership->grants().stale, 4U);
}

TEST_F(Grants, AGrantOfAnotherEpochIsRefused) {
    cluster.cut(1, 2);
    cluster.perform(
        3, cluster[3].membership->on_desired(cluster.now(), SmallCluster::desired(3, 20), false));
    cluster.run(ms(20));
    ASSERT_NE(cluster[1].membership->epoch(), cluster[2].membership->epoch());
    cluster.heal();
    const std::uint64_t before = cluster[2].membership->grants().refused;
    if (cluster[1].membership->map().targets[0][bucket] == 1) ask(request(2));
    EXPECT_EQ(given(2), 0U);
    EXPECT_EQ(cluster[2].membership->grants().refused, before + 1);
}

// An epoch counts as stated only when no core goes by what the former one granted: buckets wait for
// that.
TEST_F(Grants, AHostThatHasGuestsDropsThemBeforeAnybodyMovesABucket) {
    ask(request(2));
    ASSERT_EQ(given(2), 1U);
    const std::uint64_t era = cluster[2].tables.era;
    const BucketMask before = cluster[3].installed[0];
    cluster.perform(
        3, cluster[3].membership->on_desired(cluster.now(), SmallCluster::desired(3, 20), false));
    cluster.run(ms(1));
    ASSERT_EQ(cluster[2].membership->epoch(), cluster[3].membership->epoch());
    EXPECT_NE(cluster[2].tables.era, era) << "the tables without them are on their way";
    EXPECT_TRUE((cluster[3].membership->peers().at(2).flags & kFlagPrevious) != 0);
    EXPECT_FALSE(cluster[1].tables.settled);
    EXPECT_EQ(cluster[3].installed[0], before);
    cluster.run(ms(50));
    EXPECT_TRUE((cluster[3].membership->peers().at(2).flags & kFlagPrevious) == 0);
    EXPECT_TRUE(cluster[1].tables.settled);
    EXPECT_NE(cluster[3].installed[0], before);
    EXPECT_TRUE(cluster[1].membership->converged());
}

TEST_F(Grants, AHostWithoutGuestsKeepsNobodyWaiting) {
    cluster.perform(
        3, cluster[3].membership->on_desired(cluster.now(), SmallCluster::desired(3, 20), false));
    cluster.run(ms(1));
    EXPECT_TRUE((cluster[3].membership->peers().at(2).flags & kFlagPrevious) == 0);
}

TEST_F(Grants, AfterAResetTablesAreOfNoEra) {
    cluster.perform(2, cluster[2].membership->on_link(cluster.now(), false));
    EXPECT_EQ(cluster[2].tables.era, 0U);
    EXPECT_EQ(cluster[2].valid_until, kLongAgo);
}

// Tables of its last life may let its cores serve guests: they go before a lease opens.
TEST_F(Grants, AHostThatStartsAgainEmptiesItsTablesFirst) {
    ask(request(2));
    cluster.perform(2, cluster[2].membership->on_leave(cluster.now()));
    cluster.run(ms(200));
    ASSERT_TRUE(cluster[2].membership->has_left());
    cluster.perform(2, cluster[2].membership->on_start(cluster.now(), 102, std::nullopt));
    EXPECT_EQ(cluster[2].tables.era, 0U);
    EXPECT_EQ(cluster[2].membership->state(), MembershipState::reset);
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(2), 20U);
}

TEST(GrantFrames, AreReadAsTheyWereWritten) {
    const PlainAuthenticator authenticator;
    GrantList list;
    list.header.cluster = 5;
    list.header.id = 3;
    list.header.slots = 33;
    list.header.epoch = {7, 1, 99};
    for (std::size_t i = 0; i < kGrantsPerFrame; ++i)
        list.grants.push_back({static_cast<HostId>(1 + i % 32),
                               static_cast<RuleId>(i % 32),
                               static_cast<BucketId>(i),
                               {1, 2},
                               10 + i,
                               1 + i,
                               60'000});
    const auto bytes = encode_frame(list, authenticator);
    EXPECT_LE(bytes.size(), kClusterFrameBytesMax);
    const DecodedFrame decoded = decode_frame(bytes, 5, authenticator);
    ASSERT_EQ(decoded.fault, FrameFault::none);
    EXPECT_EQ(std::get<GrantList>(decoded.frame).grants, list.grants);
}

TEST(GrantFrames, AboutNoHostNoRuleNoBucketOrNoClientAreRefused) {
    const PlainAuthenticator authenticator;
    const Grant right{2, 0, 3, {1, 2}, 10, 1, 60'000};
    const auto fault_of = [&](const Grant& grant) {
        GrantList list;
        list.header.cluster = 5;
        list.header.id = 3;
        list.header.slots = 2;
        list.grants = {grant};
        return decode_frame(encode_frame(list, authenticator), 5, authenticator).fault;
    };
    EXPECT_EQ(fault_of(right), FrameFault::none);
    Grant wrong = right;
    wrong.host = 33;
    EXPECT_EQ(fault_of(wrong), FrameFault::field);
    wrong = right;
    wrong.rule = 1;  // the default rule's slot
    EXPECT_EQ(fault_of(wrong), FrameFault::field);
    wrong = right;
    wrong.bucket = 60;
    EXPECT_EQ(fault_of(wrong), FrameFault::field);
    wrong = right;
    wrong.client = 0;
    EXPECT_EQ(fault_of(wrong), FrameFault::field);
}

}  // namespace
}  // namespace nlb::test
