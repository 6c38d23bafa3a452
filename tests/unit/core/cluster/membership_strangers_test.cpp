// What silence, recordings and hosts of the same id can do to a member: nothing that its rules do
// not grant.
#include "core/cluster/membership.hpp"
#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

constexpr Duration kSettled = ms(2000);

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
        EXPECT_FALSE(cluster.reported(1, Report::Kind::reset) ||
                     cluster.reported(2, Report::Kind::reset))
            << later;
        cluster.run(kSettled);
        EXPECT_EQ(cluster.owned(3), 20U);
    }
}

TEST(Membership, WhoeverBeginsOnASilentWireServesOnlyOnceItHearsSomething) {
    SmallCluster cluster({50, 50});
    cluster.crash(2);
    cluster[1].deaf = true;  // and never heard anything
    cluster[1].membership = std::make_unique<Membership>(SmallCluster::params(1, 2, false),
                                                         SmallCluster::desired(1, 50));
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
    cluster[1].membership = std::make_unique<Membership>(SmallCluster::params(1, 2, false),
                                                         SmallCluster::desired(1, 50));
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
    cluster[3].membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false),
                                                         SmallCluster::desired(2, 50));
    cluster[3].running = true;
    cluster.perform(3, cluster[3].membership->on_start(cluster.now(), 5, std::nullopt));
    cluster.run(ms(3000));
    EXPECT_TRUE(cluster[3].membership->has_duplicate_id());
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets);
    EXPECT_FALSE(cluster.reported(2, Report::Kind::reset));
    EXPECT_TRUE(cluster.reported(2, Report::Kind::duplicate_id));
    EXPECT_TRUE(cluster.reported(3, Report::Kind::duplicate_id));
    cluster.crash(2);
    cluster.run(ms(4000));
    EXPECT_FALSE(cluster[3].membership->has_duplicate_id());
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
    EXPECT_FALSE(cluster[1].membership->has_duplicate_id());
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
