// The protocol's rules seen from outside: who owns what, and when. The fault mixes are the simulator's (tests/sim).
#include "core/cluster/membership.hpp"

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
    cluster.perform(2, cluster[2].membership->on_wishes(cluster.now(), SmallCluster::wishes(2, 50), true));
    cluster.run(ms(50));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster[1].membership->members().size(), 2U);
    EXPECT_TRUE(cluster[1].membership->converged());
}

TEST(Membership, AWeightChangeMovesTheLeastWithinMilliseconds) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    const BucketMask before = cluster[1].installed[0];
    cluster.perform(2, cluster[2].membership->on_wishes(cluster.now(), SmallCluster::wishes(2, 25), false));
    cluster.run(ms(30));
    EXPECT_EQ(cluster.owned(1), 40U);
    EXPECT_EQ(cluster[1].installed[0] & before, before) << "what a host keeps does not move";
}

TEST(Membership, DirtyBucketsOfOthersReachTheNewOwnersTables) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    const BucketMask two_had = cluster[2].installed[0];
    cluster[2].dirty[0] = two_had & 0xffU;
    cluster.perform(2, cluster[2].membership->on_wishes(cluster.now(), SmallCluster::wishes(2, 0), false));
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
    host.membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false), SmallCluster::wishes(2, 50));
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
        host.membership = std::make_unique<Membership>(SmallCluster::params(1, 1, false), SmallCluster::wishes(1, 50));
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
    host.membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false), SmallCluster::wishes(2, 50));
    host.running = true;
    cluster.perform(2, host.membership->on_start(cluster.now(), 999, memory));
    EXPECT_EQ(host.membership->state(), MembershipState::reset);
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(2), 30U);
    EXPECT_EQ(host.membership->incarnation().boot, 102U) << "the boot is the dataplane's; the term grew";
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
    cluster[2].membership = std::make_unique<Membership>(params, SmallCluster::wishes(2, 50));
    cluster.perform(2, cluster[2].membership->on_start(cluster.now(), 102, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster.owned(2), 0U);
    EXPECT_EQ(cluster[2].membership->state(), MembershipState::join);
}

// Its frames cannot be read slot by slot, but that it is there must count: alone it would begin a second cluster.
TEST(Membership, AHostWithAnotherNumberOfRulesWaitsBesideTheClusterThatServes) {
    SmallCluster cluster({50, 50});
    auto params = SmallCluster::params(2, 2, false);
    params.config_digest = 43;
    params.slots = 3;
    cluster[2].membership = std::make_unique<Membership>(params, SmallCluster::wishes(2, 50));
    cluster.perform(2, cluster[2].membership->on_start(cluster.now(), 102, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_EQ(cluster[2].membership->state(), MembershipState::join);
}

TEST(Membership, ADeafHostIsReplacedAndTheOthersAreNotFenced) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    cluster.deafen(3);
    for (int step = 0; step < 30; ++step) {
        cluster.run(ms(50));
        EXPECT_GE(cluster.owned(1), 20U);
        EXPECT_GE(cluster.owned(2), 20U);
    }
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
    EXPECT_EQ(cluster.owned(3), 0U);
    EXPECT_TRUE(cluster[3].membership->is_deaf());
    EXPECT_FALSE(cluster.reported(1, Report::Kind::reset));
    cluster[3].deaf = false;
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(3), 20U);
}

TEST(Membership, AHostThatHearsAgainFencesNobodyWhateverItHearsFirst) {
    for (int later = 0; later < 100; later += 5) {
        SmallCluster cluster({50, 50, 50});
        cluster.run(kSettled);
        cluster.deafen(3);
        cluster.run(ms(1200 + later));
        cluster[3].deaf = false;
        cluster.run(ms(1000));
        EXPECT_FALSE(cluster.reported(1, Report::Kind::reset) || cluster.reported(2, Report::Kind::reset)) << later;
        cluster.run(kSettled);
        EXPECT_EQ(cluster.owned(3), 20U);
    }
}

TEST(Membership, WhoeverBeginsOnASilentWireServesOnlyOnceItHearsSomething) {
    SmallCluster cluster({50, 50});
    cluster.crash(2);
    cluster[1].deaf = true;  // and never heard anything
    cluster[1].membership = std::make_unique<Membership>(SmallCluster::params(1, 2, false), SmallCluster::wishes(1, 50));
    cluster.perform(1, cluster[1].membership->on_start(cluster.now(), 101, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_TRUE(cluster[1].membership->converged());
    EXPECT_EQ(cluster.owned(1), 0U) << "the silence could be its own deafness";
    cluster[1].deaf = false;
    cluster.run(kSettled);
    EXPECT_EQ(cluster.owned(1), kBuckets);
}

TEST(Membership, ALoneHostOnAQuietWireServesAfterTheFirstFrameHoweverFewFollow) {
    SmallCluster cluster({50, 50});
    cluster.crash(2);
    cluster[1].deaf = true;  // and never heard anything
    cluster[1].membership = std::make_unique<Membership>(SmallCluster::params(1, 2, false), SmallCluster::wishes(1, 50));
    cluster.perform(1, cluster[1].membership->on_start(cluster.now(), 101, std::nullopt));
    cluster.run(ms(3000));
    cluster[1].deaf_since = cluster.now();  // one frame
    cluster.run(ms(2000));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    cluster[1].deaf_since = cluster.now();  // and another one, much later
    cluster.run(ms(700));
    EXPECT_EQ(cluster.owned(1), kBuckets);
}

TEST(Membership, ASurvivorOnAWireThatIsNotSilentIsNotDeaf) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster.crash(2);
    cluster.run(ms(600));
    EXPECT_EQ(cluster.owned(1), kBuckets);
    EXPECT_FALSE(cluster.reported(1, Report::Kind::reset));
}

TEST(Membership, ASecondHostOfOneIdWaitsUntilTheFirstIsGone) {
    SmallCluster cluster({50, 50, 50});
    cluster.crash(3);
    cluster.run(kSettled);
    cluster[3].membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false), SmallCluster::wishes(2, 50));
    cluster[3].running = true;
    cluster.perform(3, cluster[3].membership->on_start(cluster.now(), 5, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_TRUE(cluster[3].membership->has_twin());
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
    EXPECT_FALSE(cluster.reported(2, Report::Kind::reset));
    EXPECT_TRUE(cluster.reported(2, Report::Kind::twin));
    EXPECT_TRUE(cluster.reported(3, Report::Kind::twin));
    cluster.crash(2);
    cluster.run(ms(4000));
    EXPECT_FALSE(cluster[3].membership->has_twin());
    EXPECT_EQ(cluster.owned(3), 30U);
}

TEST(Membership, ARecordingOfMyOwnFormerLifeStopsNobody) {
    SmallCluster cluster({50, 50});
    Heartbeat old;
    old.header.id = 1;
    old.header.slots = 2;
    old.header.state = MemberState::member;
    old.header.incarnation = {77, 1};
    old.peers.push_back({1, kReportCandidate, {76, 1}, 1000});
    FrameFault fault;
    for (int i = 0; i < 60; ++i) {
        old.header.sequence = static_cast<std::uint64_t>(i + 1);
        cluster.perform(1, cluster[1].membership->on_frame(cluster.now(), old, &fault));
        EXPECT_EQ(fault, FrameFault::own);
        cluster.run(ms(50));
    }
    EXPECT_FALSE(cluster[1].membership->has_twin());
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
}

TEST(Membership, AFrameWithMyOwnIdIsRefused) {
    SmallCluster cluster({50});
    Heartbeat beat;
    beat.header.id = 1;
    beat.header.slots = 2;
    FrameFault fault;
    (void)cluster[1].membership->on_frame(cluster.now(), beat, &fault);
    EXPECT_EQ(fault, FrameFault::own);
}

TEST(Membership, AReplayedFrameOfAFormerBootIsNotBelieved) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    Heartbeat old;
    old.header.id = 2;
    old.header.slots = 2;
    old.header.incarnation = {77, 1};
    old.header.sequence = 5;
    FrameFault fault;
    for (int i = 0; i < 20; ++i) {
        cluster.perform(1, cluster[1].membership->on_frame(cluster.now(), old, &fault));
        EXPECT_EQ(fault, i == 0 ? FrameFault::unbelieved : FrameFault::replayed);
        cluster.run(ms(50));
    }
    EXPECT_EQ(cluster.owned(1), 30U);
    EXPECT_EQ(cluster.owned(2), 30U);
}

TEST(Membership, AMuteDataplaneIsNotTakenForTheOthersSilence) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster[2].mute = true;  // its frames neither leave nor arrive, and nothing answers
    cluster.run(ms(1200));
    EXPECT_FALSE(cluster.reported(2, Report::Kind::buried));
    EXPECT_EQ(cluster.owned(2), 0U);
    EXPECT_EQ(cluster.owned(1), kBuckets);
}

TEST(Membership, ADeadDataplaneMeansANewTerm) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    SmallHost& host = cluster[2];
    const auto before = host.membership->incarnation();
    host.membership->on_dataplane_lost();
    host.installed = {};
    host.valid_until = kLongAgo;
    host.installs.clear();
    cluster.perform(2, host.membership->on_start(cluster.now(), 555, std::nullopt));
    EXPECT_EQ(host.membership->incarnation().boot, before.boot);
    EXPECT_GT(host.membership->incarnation().term, before.term);
    cluster.run(ms(300));
    EXPECT_EQ(cluster.owned(2), 30U) << "a new term of the same boot is believed at once";
}

}  // namespace
}  // namespace nlb::test
