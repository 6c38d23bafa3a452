// R4 (who is acknowledged), R10 (a warm restart is silent first) and the pace of heartbeats, asked
// of Sender alone.
#include "core/cluster/sender.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct SenderTest : Parts {
    [[nodiscard]] Heartbeat heartbeat() const {
        return std::get<Heartbeat>(sender.frames().back());
    }
    bool turn() {
        if (!sender.take_turn()) return false;
        sent.next(now);
        sent.note_heartbeat(now, params.timing.period);
        return true;
    }
};

TEST_F(SenderTest, R4TheBuriedAreNotAcknowledged) {
    become_member({1, 2});
    exchange({2});
    ASSERT_EQ(heartbeat().peers.size(), 1U);
    EXPECT_EQ(heartbeat().peers[0].sequence, peers.at(2).sequence);
    pass(ms(501));
    ASSERT_TRUE(peers.bury_the_silent());
    hear(beat_of(2, 40));
    ASSERT_EQ(heartbeat().peers.size(), 1U);
    EXPECT_NE(heartbeat().peers[0].flags & kReportBuried, 0);
}

// 32 hosts, all rules, a staged configuration: the frame has room for few new lives at a time.
TEST_F(SenderTest, R1NewLivesTakeTurnsWhereNotAllOfThemFitAndEveryMemberIsReported) {
    params.slots = kRuleSlots;
    for (HostId id = 2; id <= kHostsMax; ++id) {
        peers.note_member({id, life(id)});
        exchange({id});
    }
    const std::size_t members = heartbeat().peers.size();
    ASSERT_EQ(members, kHostsMax - 1U);
    for (HostId id = 2; id <= kHostsMax; ++id) {
        Heartbeat fresh = beat_of(id, 1, MemberState::join);
        fresh.header.incarnation = {900U + id, 1};
        EXPECT_EQ(hear(fresh), FrameFault::unbelieved);
    }
    ASSERT_EQ(peers.candidates().size(), kHostsMax - 1U);
    std::map<HostId, int> told;
    const int turns = 40;
    for (int i = 0; i < turns; ++i) {
        pass(ms(100));
        ASSERT_TRUE(turn());
        const Heartbeat beat = heartbeat();
        EXPECT_EQ(beat.peers.size(), peer_reports_most(kRuleSlots, 0));
        std::size_t others = 0;
        for (const PeerReport& report : beat.peers)
            if ((report.flags & kReportCandidate) != 0)
                ++told[report.id];
            else
                ++others;
        EXPECT_EQ(others, members);
    }
    EXPECT_EQ(told.size(), kHostsMax - 1U) << "each had its turn";
}

TEST_F(SenderTest, R10NothingIsSaidBeforeTheMembersWereHeardOrTheTimeIsOver) {
    become_member({1, 2, 3});
    sender.wait_for(HostSet{0b110}, listening.time() + params.timing.answer_after);
    EXPECT_FALSE(turn());
    EXPECT_FALSE(sender.may_send());
    EXPECT_TRUE(sender.stop_waiting_for(2));
    EXPECT_FALSE(turn());
    EXPECT_TRUE(sender.stop_waiting_for(3));
    EXPECT_TRUE(turn());
    sender.wait_for(HostSet{0b100}, listening.time() + params.timing.answer_after);
    pass(params.timing.answer_after);
    EXPECT_TRUE(turn());
}

TEST_F(SenderTest, AChangeIsSaidAtOnceAndRepeatedTwice) {
    become_member({1, 2});
    ASSERT_TRUE(turn());
    pass(ms(50));
    EXPECT_FALSE(turn());
    outbox.speak_soon();
    EXPECT_TRUE(turn());
    EXPECT_FALSE(turn());
    for (int i = 0; i < 2; ++i) {
        pass(params.timing.repeat_after);
        EXPECT_TRUE(turn());
    }
    pass(params.timing.repeat_after);
    EXPECT_FALSE(turn());
    pass(params.timing.period);
    EXPECT_TRUE(turn());
}

}  // namespace
}  // namespace nlb::test
