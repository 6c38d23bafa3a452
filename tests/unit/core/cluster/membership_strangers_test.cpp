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

// Two hosts and nobody else on the wire, which is the commonest cluster there is.
TEST(Membership, ASurvivorOnASilentWireAsksAndGoesOnWhenAWitnessAnswers) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster.crash(2);
    cluster.deafen(1);  // no frame of any kind, but for answers
    int answered = 0;
    Duration taken_over{};
    for (Duration passed{}; passed < ms(3000); passed += ms(1)) {
        cluster.run(ms(1));
        if (cluster[1].asked_witnesses > answered) {
            answered = cluster[1].asked_witnesses;
            cluster[1].deaf_since = cluster.now();
        }
        if (taken_over == Duration{} && cluster.owned(1) == kBuckets) taken_over = passed;
        ASSERT_NE(cluster.owned(1), 0U);
    }
    const Timing timing = SmallCluster::params(1, 2, false).timing;
    EXPECT_GT(answered, 0);
    EXPECT_NE(taken_over, Duration{});
    EXPECT_LE(taken_over, timing.lease + 2 * timing.period);
    EXPECT_FALSE(cluster.reported(1, Report::Kind::reset));
}

TEST(Membership, ASurvivorWhomNoWitnessAnswersServesTheFirstWhoComes) {
    SmallCluster cluster({50, 50});
    cluster.run(kSettled);
    cluster.crash(2);
    cluster.deafen(1);
    cluster.run(ms(4000));
    EXPECT_TRUE(cluster.reported(1, Report::Kind::deaf));
    EXPECT_EQ(cluster.owned(1), 0U);
    cluster[1].deaf_since = cluster.now();  // one frame
    cluster.run(ms(250));
    EXPECT_EQ(cluster.owned(1), kBuckets) << "within the time in which others would have spoken";
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

// As an attacker plays it, for as long as it likes: each frame once, sequences grow.
Heartbeat recorded_member(HostId id, std::uint32_t boot, std::uint64_t sequence) {
    Heartbeat old;
    old.header.id = id;
    old.header.state = MemberState::member;
    old.header.flags = kFlagListened;
    old.header.slots = 2;
    old.header.incarnation = {boot, 1};
    old.header.sequence = sequence;
    old.header.epoch = {900, id, boot};
    old.view = HostSet{0b111};
    old.config_digest = 42;
    old.rules[0].own = kAllBuckets;
    return old;
}

TEST(Membership, ARecordingOfFormerLivesTakesNothingFromAnybodyHoweverLongItLasts) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    FrameFault fault;
    for (std::uint64_t i = 1; i <= 200; ++i) {
        for (const HostId to : std::initializer_list<HostId>{1, 2, 3})
            for (const HostId of : std::initializer_list<HostId>{1, 2, 3})
                cluster.perform(to, cluster[to].membership->on_frame(
                                        cluster.now(), recorded_member(of, 9000U + of, i), &fault));
        cluster.run(ms(100));
        ASSERT_EQ(cluster.owned(1) + cluster.owned(2) + cluster.owned(3), kBuckets) << i;
    }
    for (const HostId id : std::initializer_list<HostId>{1, 2, 3})
        EXPECT_FALSE(cluster.reported(id, Report::Kind::reset));
}

TEST(Membership, OneLateFrameOfADeadHostOfALowerIdResetsNobody) {
    SmallCluster cluster({50, 50, 50});
    cluster.run(kSettled);
    const Incarnation dead = cluster[1].membership->incarnation();
    const Epoch epoch = cluster[1].membership->epoch();
    cluster.crash(1);
    cluster.run(ms(2000));
    ASSERT_EQ(cluster.owned(2) + cluster.owned(3), kBuckets);
    Heartbeat last = recorded_member(1, dead.boot, 1'000'000);
    last.header.incarnation = dead;
    last.header.epoch = epoch;
    FrameFault fault;
    for (const HostId to : std::initializer_list<HostId>{2, 3})
        cluster.perform(to, cluster[to].membership->on_frame(cluster.now(), last, &fault));
    for (int i = 0; i < 20; ++i) {
        cluster.run(ms(50));
        ASSERT_EQ(cluster.owned(2) + cluster.owned(3), kBuckets);
    }
    EXPECT_FALSE(cluster.reported(2, Report::Kind::reset));
    EXPECT_FALSE(cluster.reported(3, Report::Kind::reset));
}

TEST(Membership, ABeginnerThatSeesSignsOfOthersWaitsForThemAndNotForEver) {
    SmallCluster cluster({50, 50});
    cluster.crash(2);
    const Sign sign{.kind = Sign::Kind::unverifiable, .host = 2, .key_id = 9, .version = 1};
    const auto see = [&](Duration time) {
        for (Duration passed{}; passed < time; passed += ms(100)) {
            cluster[1].membership->note_sign(sign);
            cluster.run(ms(100));
        }
    };
    see(ms(5000));
    EXPECT_EQ(cluster.owned(1), 0U);
    EXPECT_EQ(cluster[1].membership->unconverged_because().first, Unconverged::somebody_may_serve);
    see(ms(60'000));
    EXPECT_EQ(cluster.owned(1), kBuckets) << "a forger delays it by 600 periods";
    see(ms(2000));
    EXPECT_EQ(cluster.owned(1), kBuckets) << "and never touches a member";
    EXPECT_FALSE(cluster.reported(1, Report::Kind::reset));
}

TEST(Membership, TheOperatorLetsABeginnerBeginAlone) {
    SmallCluster cluster({50, 50});
    cluster.crash(2);
    for (int i = 0; i < 20; ++i) {
        cluster[1].membership->note_sign({.kind = Sign::Kind::unverifiable, .host = 2});
        if (i == 10) cluster.perform(1, cluster[1].membership->on_begin_alone(cluster.now()));
        cluster.run(ms(100));
        EXPECT_EQ(cluster.owned(1), i < 10 ? 0U : kBuckets) << i;
    }
}

// A twin boots while the holder of its id stands still for a moment: the holder's cores go on.
TEST(Membership, AStalledHolderOfAnIdKeepsItsBuckets) {
    for (const int stall : {20, 60, 100, 150, 200}) {
        SmallCluster cluster({50, 50, 50});
        cluster.crash(3);
        cluster.run(kSettled);
        cluster[2].running = false;  // its lease and its cores go on
        cluster[3].membership = std::make_unique<Membership>(SmallCluster::params(2, 2, false),
                                                             SmallCluster::desired(2, 50));
        cluster[3].running = true;
        cluster.perform(3, cluster[3].membership->on_start(cluster.now(), 5, std::nullopt));
        cluster.run(ms(stall));
        cluster[2].running = true;
        cluster.run(ms(1000));
        EXPECT_EQ(cluster.owned(1) + cluster.owned(2), kBuckets) << stall;
        EXPECT_FALSE(cluster.reported(2, Report::Kind::reset)) << stall;
    }
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
