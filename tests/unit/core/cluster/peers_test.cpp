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

TEST_F(PeersTest, R1ABootThatWasSupersededNeverComesBack) {
    exchange({2});
    exchange({2});
    Heartbeat successor = beat_of(2, 1);
    successor.header.incarnation = {900, 1};
    EXPECT_EQ(hear(successor), FrameFault::unbelieved);
    sent.next(now);
    successor.header.sequence = 2;
    acknowledge(successor);
    ASSERT_EQ(hear(successor), FrameFault::none);
    Heartbeat recorded = beat_of(2, 50);
    acknowledge(recorded);
    EXPECT_EQ(hear(recorded), FrameFault::replayed);
    peers.begin_incarnation();
    EXPECT_EQ(hear(recorded), FrameFault::replayed) << "it is kept over resets";
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

}  // namespace
}  // namespace nlb::test
