// R6, signs that somebody serves: they hold a beginner up for a while, and nobody else.
#include "core/cluster/evidence.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct EvidenceTest : Parts {
    EvidenceTest() {
        self.state = MembershipState::join;
        evidence.begin();
    }
    static Sign unverifiable() {
        return {.kind = Sign::Kind::unverifiable, .host = 2, .key_id = 9, .version = 1};
    }
    // Time in which the sign is seen again and again.
    void keep_seeing(const Sign& sign, Duration time) {
        for (Duration passed{}; passed < time; passed += ms(100)) {
            evidence.note(sign);
            pass(ms(100));
            static_cast<void>(evidence.pass());
        }
    }
};

TEST_F(EvidenceTest, ASignHoldsABeginnerUpUntilItIsOld) {
    EXPECT_FALSE(evidence.against_beginning());
    evidence.note(unverifiable());
    ASSERT_TRUE(evidence.against_beginning());
    EXPECT_EQ(*evidence.against_beginning(), unverifiable());
    pass(params.timing.bury_after + ms(1));
    EXPECT_FALSE(evidence.against_beginning());
}

TEST_F(EvidenceTest, PeopleAreToldOnceThisHostWouldHaveBegunWithoutTheSign) {
    keep_seeing(unverifiable(), params.timing.bootstrap_after - ms(100));
    EXPECT_TRUE(evidence.against_beginning());
    EXPECT_FALSE(evidence.delaying()) << "others may be starting, too";
    keep_seeing(unverifiable(), ms(100));
    EXPECT_EQ(evidence.delaying(), unverifiable());
    self.state = MembershipState::member;
    EXPECT_FALSE(evidence.delaying());
}

TEST_F(EvidenceTest, HoweverLongAForgerSendsABeginnerWaitsOnlySoLong) {
    const Duration patience = params.timing.patience;
    keep_seeing(unverifiable(), patience);
    EXPECT_TRUE(evidence.against_beginning());
    keep_seeing(unverifiable(), ms(200));
    EXPECT_FALSE(evidence.against_beginning());
    EXPECT_TRUE(evidence.newest()) << "people are told of it all the same";
    EXPECT_GE(evidence.waited(), patience);
    evidence.begin();
    evidence.note(unverifiable());
    EXPECT_TRUE(evidence.against_beginning()) << "the next beginning has its own patience";
}

TEST_F(EvidenceTest, TheOperatorMayKnowBetter) {
    evidence.note(unverifiable());
    evidence.waive();
    EXPECT_FALSE(evidence.against_beginning());
    evidence.begin();
    EXPECT_TRUE(evidence.against_beginning()) << "it was said of one beginning";
}

TEST_F(EvidenceTest, AHostThatDoesNotShowThatItHearsMeIsASign) {
    EXPECT_EQ(hear(beat_of(3, 1)), FrameFault::unbelieved);
    ASSERT_TRUE(evidence.against_beginning());
    EXPECT_EQ(evidence.against_beginning()->kind, Sign::Kind::unproven);
    EXPECT_EQ(evidence.against_beginning()->host, 3);
    Heartbeat deaf = beat_of(3, 2);
    deaf.header.flags = kFlagDeaf;
    EXPECT_EQ(hear(deaf), FrameFault::unbelieved);
    EXPECT_FALSE(evidence.against_beginning()) << "its cores are fenced, and it says so";
}

// A host that restarts beside living members: its questions would be answered at once, and their
// heartbeats come within a period.
TEST_F(EvidenceTest, AMembersAnswerForAnAddressIsASignOnlyAfterListening) {
    const Sign claim{.kind = Sign::Kind::serves_unheard, .host = 2};
    EXPECT_FALSE(evidence.asks_holders());
    EXPECT_FALSE(evidence.note(claim));
    EXPECT_FALSE(evidence.against_beginning());
    pass(params.timing.bury_after + ms(1));
    EXPECT_TRUE(evidence.asks_holders());
    EXPECT_TRUE(evidence.note(claim));
    ASSERT_TRUE(evidence.against_beginning());
    EXPECT_EQ(*evidence.against_beginning(), claim);
}

TEST_F(EvidenceTest, AMembersAnswerIsNoSignToWhomHearsSomebody) {
    const Sign claim{.kind = Sign::Kind::serves_unheard, .host = 2};
    pass(params.timing.bury_after + ms(1));
    EXPECT_EQ(hear(beat_of(3, 1)), FrameFault::unbelieved);
    EXPECT_FALSE(evidence.note(claim)) << "host 3 is heard, and counts by what it says";
    exchange({2});
    exchange({2});
    EXPECT_FALSE(evidence.asks_holders());
    pass(params.timing.bury_after + ms(1));
    EXPECT_TRUE(evidence.note(claim)) << "nobody was heard for T*P";
    self.state = MembershipState::member;
    EXPECT_FALSE(evidence.note(claim)) << "a member knows who answers";
}

// The one machine hears this host; the other one has only the former key, and begins alone.
TEST_F(EvidenceTest, OfTwoMachinesOfOneIdTheOneThatIsNotBelievedIsASign) {
    sent.next(now);
    Heartbeat other = beat_of(3, 1);
    other.header.incarnation = {77, 1};
    hear(other);
    exchange({3});
    pass(ms(100));
    other.header.sequence = 2;
    hear(other);
    exchange({3});
    ASSERT_NE(peers.find(3), nullptr);
    ASSERT_EQ(peers.at(3).incarnation, life(3));
    ASSERT_TRUE(evidence.against_beginning());
    EXPECT_EQ(evidence.against_beginning()->host, 3);
    pass(params.timing.bury_after + ms(1));
    EXPECT_FALSE(evidence.against_beginning()) << "it is heard no more";
}

TEST_F(EvidenceTest, AJoinerInDoubtMayBeginAtThisMoment) {
    exchange({2});
    exchange({2});
    pass(params.timing.bury_after + ms(1));
    Heartbeat again = beat_of(2, 50, MemberState::join);
    EXPECT_EQ(hear(again), FrameFault::none);
    ASSERT_TRUE(evidence.against_beginning());
    EXPECT_EQ(evidence.against_beginning()->host, 2);
}

TEST_F(EvidenceTest, OnlyABeginnersTimeIsSpent) {
    self.state = MembershipState::member;
    keep_seeing(unverifiable(), ms(1000));
    EXPECT_EQ(evidence.waited(), Duration::zero());
}

// It has only the former key: it was heard and heard others, and hears no member since they changed
// theirs.
TEST_F(EvidenceTest, WhomASignHoldsUpTheMembersNeedNotWaitFor) {
    exchange({2});
    exchange({2});
    evidence.note(unverifiable());
    EXPECT_FALSE(evidence.pass()) << "a member is heard";
    pass(params.timing.answer_after + ms(10));
    evidence.note(unverifiable());
    EXPECT_TRUE(evidence.pass());
    EXPECT_TRUE(evidence.stands_aside());
    EXPECT_NE(sender.header().flags & kFlagDeaf, 0) << "and says so";
    EXPECT_FALSE(evidence.pass()) << "once";
    exchange({2});
    EXPECT_TRUE(evidence.pass()) << "a member is heard again";
    EXPECT_FALSE(evidence.stands_aside());
    EXPECT_EQ(sender.header().flags & kFlagDeaf, 0);
}

TEST_F(EvidenceTest, WhoHasHeardNobodyHasNobodyToTell) {
    evidence.note(unverifiable());
    EXPECT_FALSE(evidence.pass());
    EXPECT_TRUE(evidence.against_beginning());
}

TEST_F(EvidenceTest, SignsThatComeAndGoAreWaitedForNoLonger) {
    exchange({2}, kFlagGoodbye);
    // Each time before this host has listened anew for 2*T*P.
    for (Duration passed{}; passed < params.timing.patience; passed += ms(900)) {
        ASSERT_FALSE(evidence.waited() > params.timing.patience);
        evidence.note(unverifiable());
        for (int i = 0; i < 9; ++i) {
            pass(ms(100));
            static_cast<void>(evidence.pass());
        }
    }
    evidence.note(unverifiable());
    pass(ms(100));
    static_cast<void>(evidence.pass());
    EXPECT_FALSE(evidence.against_beginning());
    EXPECT_FALSE(evidence.stands_aside());
}

}  // namespace
}  // namespace nlb::test
