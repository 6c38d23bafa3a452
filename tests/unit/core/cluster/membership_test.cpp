// The protocol's rules seen from outside: who owns what, and when. The fault mixes are the
// simulator's (tests/sim).
#include "core/cluster/membership.hpp"

#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

constexpr Duration kSettled = ms(2000);

TEST(Membership, ALoneHostListensForTwiceTheToleranceAndThenOwnsEverything) {
    SmallCluster cluster({50});
    cluster.run(ms(950));
    EXPECT_EQ(cluster.owned(1), 0U);
    cluster.run(ms(150));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster.owned(1, kDefaultRule), kBuckets);
}

TEST(Membership, ThreeEqualHostsShareTwentyBucketsEach) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    for (HostId id = 1; id <= 3; ++id) EXPECT_EQ(cluster.owned(id), 20U) << int{id};
    EXPECT_EQ(cluster.owned(1, kDefaultRule), kBuckets);
    EXPECT_TRUE(cluster[1].membership->converged());
    EXPECT_TRUE(cluster.reported(3, Report::Kind::converged));
}

TEST(Membership, WeightsGiveTheSharesOfClusterMdsExamples) {
    SmallCluster cluster({70, 30});
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(1), 42U);
    EXPECT_EQ(cluster.owned(2), 18U);
}

TEST(Membership, AllMembersHoldTheSameMap) {
    SmallCluster cluster({50, 20, 30});
    cluster.run(kSettled);
    const auto digest = digest_of(cluster[1].membership->map(), 2);
    EXPECT_EQ(digest_of(cluster[2].membership->map(), 2), digest);
    EXPECT_EQ(digest_of(cluster[3].membership->map(), 2), digest);
}

TEST(Membership, ACrashedHostIsReplacedAfterTheToleranceAndNotBefore) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    cluster.crash(3);
    cluster.run(ms(380));
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), 40U);
    cluster.run(ms(160));
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
    EXPECT_TRUE(cluster.reported(1, Report::Kind::buried));
}

TEST(Membership, TheCrashOfTheCoordinatorIsSurvived) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    cluster.crash(1);
    cluster.run(ms(560));
    EXPECT_EQ(cluster.owned(2) + cluster.owned(3), kBuckets);
    EXPECT_EQ(cluster.owned(2, kDefaultRule), kBuckets);
}

TEST(Membership, APausedControlPlaneLosesItsLeaseBeforeOthersTakeOver) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster[2].running = false;
    cluster.run(ms(460));
    EXPECT_EQ(cluster.owned(2), 0U);
    cluster.run(ms(200));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    cluster[2].running = true;
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(2), 30U);
    EXPECT_TRUE(cluster.reported(2, Report::Kind::reset));
}

TEST(Membership, AHostThatCannotBeHeardFencesItself) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    cluster.cut(3, 1);
    cluster.cut(3, 2);
    cluster.run(ms(470));
    EXPECT_EQ(cluster.owned(3), 0U);
    cluster.run(ms(200));
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
    cluster.heal();
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(3), 20U);
}

TEST(Membership, ALeavingHostGivesItsBucketsWithinMilliseconds) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster.perform(2, cluster[2].membership->on_leave(cluster.now()));
    cluster.run(ms(30));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    cluster.run(ms(100));
    EXPECT_TRUE(cluster[2].membership->has_left());
    EXPECT_EQ(cluster[1].membership->members().size(), 1U);
}

TEST(Membership, ADrainingHostStaysAMemberWithoutBuckets) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster.perform(
        2, cluster[2].membership->on_desired(cluster.now(), SmallCluster::desired(2, 50), true));
    cluster.run(ms(50));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster[1].membership->members().size(), 2U);
    EXPECT_TRUE(cluster[1].membership->converged());
}

TEST(Membership, AWeightChangeMovesTheLeastWithinMilliseconds) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    const BucketMask before = cluster[1].installed[0];
    cluster.perform(
        2, cluster[2].membership->on_desired(cluster.now(), SmallCluster::desired(2, 25), false));
    cluster.run(ms(30));
    EXPECT_EQ(cluster.owned(1), 40U);
    EXPECT_EQ(cluster[1].installed[0] & before, before) << "what a host keeps does not move";
}

TEST(Membership, DirtyBucketsOfOthersReachTheNewOwnersTables) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    const BucketMask two_had = cluster[2].installed[0];
    cluster[2].dirty[0] = two_had & 0xffU;
    cluster.perform(
        2, cluster[2].membership->on_desired(cluster.now(), SmallCluster::desired(2, 0), false));
    cluster.run(ms(50));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster[1].membership->peers().at(2).rules[0].dirty, two_had & 0xffU);
}

TEST(Membership, AWarmRestartWithinTheLeaseGoesUnnoticed) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    SmallHost& host = cluster[2];
    auto memory = host.memory;
    memory->own = host.installed;
    memory->valid_until = host.valid_until;
    const auto epoch = host.membership->epoch();
    host.membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false),
                                                   SmallCluster::desired(2, 50));
    cluster.perform(2, host.membership->on_start(cluster.now(), 999, memory));
    cluster.run(ms(700));
    EXPECT_EQ(host.membership->epoch(), epoch);
    EXPECT_EQ(cluster.owned(2), 30U);
    EXPECT_FALSE(cluster.reported(1, Report::Kind::buried));
}

TEST(Membership, AWarmRestartOfALoneHostGoesUnnoticedToo) {
    for (const Duration moment : {ms(5), ms(35), ms(65), ms(95)}) {
        SmallCluster cluster({50});
        cluster.run(kSettled + moment);
        SmallHost& host = cluster[1];
        auto memory = host.memory;
        memory->own = host.installed;
        memory->valid_until = host.valid_until;
        host.running = false;
        cluster.run(ms(40));
        host.membership = std::make_unique<Membership>(SmallCluster::params(1, 1, false),
                                                       SmallCluster::desired(1, 50));
        host.running = true;
        cluster.perform(1, host.membership->on_start(cluster.now(), 999, memory));
        cluster.run(kSettled);
        EXPECT_EQ(host.membership->incarnation().term, 1U) << moment / ms(1);
        EXPECT_EQ(cluster.owned(1), kBuckets);
    }
}

TEST(Membership, AWarmRestartAfterTheLeaseBeginsAnew) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    SmallHost& host = cluster[2];
    auto memory = host.memory;
    memory->own = host.installed;
    memory->valid_until = host.valid_until;
    host.running = false;
    cluster.run(ms(900));
    host.membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false),
                                                   SmallCluster::desired(2, 50));
    host.running = true;
    cluster.perform(2, host.membership->on_start(cluster.now(), 999, memory));
    EXPECT_EQ(host.membership->state(), MembershipState::reset);
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(2), 30U);
    EXPECT_EQ(host.membership->incarnation().boot, 102U)
        << "the boot is the dataplane's; the term grew";
}

TEST(Membership, AMinorityOwnsNothingWhenAMajorityIsAsked) {
    SmallCluster cluster({50, 50, 50}, true);
    cluster.run(kSettled);
    for (HostId other : {HostId{1}, HostId{2}}) {
        cluster.cut(3, other);
        cluster.cut(other, 3);
    }
    cluster.run(ms(1500));
    EXPECT_EQ(cluster.owned(3), 0U);
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
}

TEST(Membership, AHostOfAnotherConfigurationIsNotAdmitted) {
    SmallCluster cluster({50, 50});
    auto params = SmallCluster::params(2, 2, false);
    params.config_digest = 43;
    cluster[2].membership = std::make_unique<Membership>(params, SmallCluster::desired(2, 50));
    cluster.perform(2, cluster[2].membership->on_start(cluster.now(), 102, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster.owned(2), 0U);
    EXPECT_EQ(cluster[2].membership->state(), MembershipState::join);
}

// Its frames cannot be read slot by slot, but that it is there must count: alone it would begin a
// second cluster.
TEST(Membership, AHostWithAnotherNumberOfRulesWaitsBesideTheClusterThatServes) {
    SmallCluster cluster({50, 50});
    auto params = SmallCluster::params(2, 2, false);
    params.config_digest = 43;
    params.slots = 3;
    cluster[2].membership = std::make_unique<Membership>(params, SmallCluster::desired(2, 50));
    cluster.perform(2, cluster[2].membership->on_start(cluster.now(), 102, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster[2].membership->state(), MembershipState::join);
}

// Its heartbeats stop to arrive at a newcomer, which was not believed yet, and its map arrives. The
// newcomer has the lower id: as a member it coordinates, and buries whom it has not heard for T*P.
TEST(Membership, ANewcomerThatHearsAMemberNoMoreTakesNothingBeforeItsLeaseEnds) {
    int buried = 0;
    for (int believed_after = 20; believed_after < 250; believed_after += 10) {
        SmallCluster cluster({50, 50});
        cluster.crash(1);
        cluster.run(ms(2000));
        cluster.restart(1, 50, {kFrameVersion, kFrameVersion});
        cluster.run(ms(20));
        cluster.cut(1, 2);
        cluster.run(ms(200));
        ASSERT_EQ(cluster.owned(2), kBuckets) << "host 2 has seen host 1 and does not believe it";
        cluster.lose_heartbeats(2, 1);
        cluster.run(ms(believed_after));
        cluster.mend(1, 2);
        cluster.run(ms(399 - believed_after));
        cluster.cut(1, 2);  // that it was buried host 2 does not hear
        cluster.run(ms(250));
        if (cluster.reported(1, Report::Kind::buried)) {
            ++buried;
            EXPECT_EQ(cluster.owned(1), kBuckets) << believed_after;
        }
        cluster.heal();
        cluster.run(ms(2000));
        EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets) << believed_after;
    }
    EXPECT_GT(buried, 5) << "it was believed in time to become a member";
}

}  // namespace
}  // namespace nlb::test
