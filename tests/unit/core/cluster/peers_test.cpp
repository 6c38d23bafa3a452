// R1 (who is believed), R5 (who is buried) and R9 (which lineage gives way), asked of Peers alone.
#include "core/cluster/peers.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

using PeersTest = Parts;

TEST_F(PeersTest, R1ANewBootIsBelievedOnlyWhenItAcknowledgesWhatWasSentAfterItsFirstFrame) {
    sent.next(now);
    Heartbeat beat = beat_of(2, 1);
    acknowledge(beat);  // of a frame that was sent before: a recording could hold it
    EXPECT_EQ(hear(beat), FrameFault::unbelieved);
    EXPECT_TRUE(outbox.wants_to_speak()) << "it needs a sequence to acknowledge";
    beat.header.sequence = 2;
    EXPECT_EQ(hear(beat), FrameFault::unbelieved);
    sent.next(now);
    beat = beat_of(2, 3);
    acknowledge(beat);
    EXPECT_EQ(hear(beat), FrameFault::none);
    EXPECT_TRUE(peers.is_live(2));
}

TEST_F(PeersTest, R1OnlyGrowingSequencesOfABelievedLifeCount) {
    exchange({2});
    sent.next(now);
    exchange({2});
    ASSERT_TRUE(peers.is_live(2));
    const Heartbeat last = beat_of(2, peers.at(2).sequence);
    EXPECT_EQ(hear(last), FrameFault::replayed);
    EXPECT_EQ(hear(beat_of(2, last.header.sequence + 1)), FrameFault::none);
}

TEST_F(PeersTest, R1ABootThatWasSupersededIsNotConsideredAgain) {
    exchange({2});
    exchange({2});
    Heartbeat recorded = beat_of(2, 50);
    acknowledge(recorded);
    pass(params.timing.bury_after + ms(1));
    Heartbeat successor = beat_of(2, 1);
    successor.header.incarnation = {900, 1};
    EXPECT_EQ(hear(successor), FrameFault::unbelieved);
    sent.next(now);
    successor.header.sequence = 2;
    acknowledge(successor);
    ASSERT_EQ(hear(successor), FrameFault::none);
    EXPECT_EQ(hear(recorded), FrameFault::replayed);
    peers.begin_incarnation();
    EXPECT_EQ(hear(recorded), FrameFault::replayed) << "it is kept over resets";
}

// A twin, or the successor of a host that only stood still: its former life may still serve.
TEST_F(PeersTest, R1ANewBootIsNotBelievedWhileItsFormerLifeMayServe) {
    exchange({2});
    exchange({2});
    Heartbeat twin = beat_of(2, 0);
    twin.header.incarnation = {900, 1};
    const auto asks = [&] {
        ++twin.header.sequence;
        sent.next(now);
        twin.peers.clear();
        acknowledge(twin);
        return hear(twin);
    };
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(asks(), FrameFault::unbelieved) << i;
        pass(ms(100));
    }
    EXPECT_EQ(peers.at(2).incarnation, life(2));
    pass(ms(1));
    EXPECT_EQ(asks(), FrameFault::none) << "its lease is over";
}

TEST_F(PeersTest, R1WhoeverLeftIsSucceededAtOnce) {
    exchange({2});
    exchange({2}, kFlagGoodbye);
    Heartbeat successor = beat_of(2, 1);
    successor.header.incarnation = {900, 1};
    EXPECT_EQ(hear(successor), FrameFault::unbelieved);
    sent.next(now);
    successor.header.sequence = 2;
    acknowledge(successor);
    EXPECT_EQ(hear(successor), FrameFault::none);
}

TEST_F(PeersTest, R1AnAcknowledgementOfLongAgoShowsNoLivingHost) {
    Heartbeat beat = beat_of(2, 1);
    EXPECT_EQ(hear(beat), FrameFault::unbelieved);
    sent.next(now);
    acknowledge(beat);
    pass(params.timing.drop_after + ms(1));
    beat.header.sequence = 2;
    EXPECT_EQ(hear(beat), FrameFault::unbelieved) << "it took too long to come here";
}

// Frames of a dead life that nobody had heard yet: late ones, or recorded where this host was not.
TEST_F(PeersTest, WhoeverIsHeardAgainCountsOnlyOnceItShowsThatItHearsMe) {
    become_member({1, 2, 3});
    exchange({2, 3});
    pass(params.timing.bury_after + ms(1));
    ASSERT_TRUE(peers.bury_the_silent());
    Heartbeat late = beat_of(2, 100);
    late.view = HostSet{0b010};
    ASSERT_EQ(hear(late), FrameFault::none);
    EXPECT_FALSE(Peers::is_proven(peers.at(2)));
    EXPECT_FALSE(peers.heard_within(peers.at(2), ms(1000)));
    self.id = 3;
    EXPECT_EQ(peers.lineage_to_yield_to(), kNoHost) << "nobody is met";
    self.id = 1;
    sent.next(now);
    late.header.sequence = 101;
    late.peers.push_back({1, kReportBuried, self.incarnation, sent.sequence()});
    ASSERT_EQ(hear(late), FrameFault::none);
    EXPECT_TRUE(Peers::is_proven(peers.at(2))) << "also when it has buried me";
}

TEST_F(PeersTest, R5AMemberThatStoodStillSeesThatTheOthersHaveBuriedIt) {
    become_member({1, 2, 3});
    exchange({2, 3});
    EXPECT_EQ(peers.buried_by(), kNoHost);
    Heartbeat beat = beat_of(3, 50);
    beat.peers.push_back({1, kReportBuried, self.incarnation, sent.sequence()});
    ASSERT_EQ(hear(beat), FrameFault::none);
    EXPECT_EQ(peers.buried_by(), 3);
    pass(params.timing.bury_after + ms(1));
    ASSERT_TRUE(peers.bury_the_silent());
    EXPECT_EQ(peers.buried_by(), kNoHost) << "a partition: R9 says who gives way";
}

TEST_F(PeersTest, R1AFrameOfAnotherKindThatOvertakesAHeartbeatTakesNothingFromIt) {
    exchange({2});
    exchange({2});
    const std::uint64_t newest = peers.at(2).sequence;
    Heartbeat grant = beat_of(2, newest + 2);
    ASSERT_EQ(peers.believe(grant.header, nullptr), FrameFault::none);
    pass(ms(50));
    peers.note_other_frame(2, grant.header.sequence);
    EXPECT_EQ(peers.at(2).sequence, newest) << "only heartbeats are acknowledged";
    EXPECT_EQ(listening.since(peers.at(2).last_rx), ms(50)) << "and count as hearing";
    EXPECT_EQ(hear(beat_of(2, newest + 1)), FrameFault::none);
    EXPECT_EQ(peers.believe(grant.header, nullptr), FrameFault::replayed);
}

// Each of the lives of a recording grows too; the living one must not lose its place to them.
TEST_F(PeersTest, R1RecordingsOfOtherLivesDoNotKeepTheLivingOneOut) {
    Heartbeat living = beat_of(2, 1);
    living.header.incarnation = {900, 1};
    for (std::uint64_t i = 1; i <= 3; ++i) {
        sent.next(now);
        living.header.sequence = i;
        living.peers.clear();
        acknowledge(living);
        if (hear(living) == FrameFault::none) break;
        Heartbeat recorded = beat_of(2, i);
        recorded.header.incarnation = {800, 1};
        EXPECT_EQ(hear(recorded), FrameFault::unbelieved);
    }
    ASSERT_NE(peers.find(2), nullptr);
    EXPECT_EQ(peers.at(2).incarnation.boot, 900U);
}

TEST_F(PeersTest, R5OnlyMembersBuryAndOnlyAfterTheToleranceOfListening) {
    become_member({1, 2, 3});
    exchange({2, 3});
    pass(params.timing.bury_after);
    EXPECT_FALSE(peers.bury_the_silent());
    pass(ms(1));
    self.state = MembershipState::join;
    EXPECT_FALSE(peers.bury_the_silent()) << "a joiner buries nobody";
    self.state = MembershipState::member;
    EXPECT_TRUE(peers.bury_the_silent());
    EXPECT_TRUE(peers.is_buried(2, life(2)));
    EXPECT_TRUE(peers.is_gone(3, peers.at(3)));
    EXPECT_EQ(asked_for<Report>().back().kind, Report::Kind::buried);
}

TEST_F(PeersTest, R5APauseOfMineIsNotTheirSilence) {
    become_member({1, 2});
    exchange({2});
    now += ms(5000);
    listening.on_dataplane_alive(now, kLongAgo);
    static_cast<void>(listening.advance(now));
    EXPECT_FALSE(peers.bury_the_silent());
}

TEST_F(PeersTest, R5WhoeverSaidGoodbyeIsNotBuried) {
    become_member({1, 2});
    exchange({2}, kFlagGoodbye);
    pass(ms(600));
    EXPECT_FALSE(peers.bury_the_silent());
    EXPECT_TRUE(peers.is_gone(2, peers.at(2)));
}

TEST_F(PeersTest, R9TheLineageOfTheLowerIdGoesOn) {
    become_member({1});
    exchange({3});
    Heartbeat beat = beat_of(3, 10);
    beat.view = HostSet{0b110};  // hosts 2 and 3
    hear(beat);
    EXPECT_EQ(peers.lineage_to_yield_to(), kNoHost) << "mine has host 1";
    self.id = 3;
    Heartbeat other = beat_of(2, 1);
    other.view = HostSet{0b010};
    peers.note_member({2, life(2)});
    hear(other);
    map.set(map_of({3}, 3, 1), params.slots);
    EXPECT_EQ(peers.lineage_to_yield_to(), 2);
}

TEST_F(PeersTest, AMemoryThatIsFullForgetsTheOldestAndNotTheLowestId) {
    for (std::uint32_t boot = 0; boot < 300; ++boot) {
        Heartbeat beat = beat_of(2, 7);
        beat.header.incarnation = {5000 + boot, 1};
        EXPECT_EQ(hear(beat), FrameFault::unbelieved);
    }
    Heartbeat newest = beat_of(2, 7);
    newest.header.incarnation = {5299, 1};
    EXPECT_EQ(hear(newest), FrameFault::replayed) << "it is remembered";
    Heartbeat low = beat_of(3, 7);  // a higher id does not push it out either
    EXPECT_EQ(hear(low), FrameFault::unbelieved);
    EXPECT_EQ(hear(newest), FrameFault::replayed);
}

// A host that was deaf acknowledges nothing that it heard before.
TEST_F(PeersTest, WhoWasDeafReportsWhomItHearsAnew) {
    exchange({2, 3});
    exchange({2, 3});
    peers.forget_hearing();
    const auto reports = [this] { return std::get<Heartbeat>(sender.frames().back()).peers; };
    EXPECT_TRUE(reports().empty());
    exchange({3});
    ASSERT_EQ(reports().size(), 1U);
    EXPECT_EQ(reports().front().id, 3);
}

}  // namespace
}  // namespace nlb::test
