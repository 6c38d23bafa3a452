// R13, of two hosts with one id, asked of DuplicateId alone.
#include "core/cluster/duplicate_id.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct DuplicateIdTest : Parts {
    // The other host of this id speaks; `hears_me`: it acknowledges this one's newest frame.
    void other_speaks(std::uint64_t sequence, bool hears_me, std::uint8_t flags = 0) {
        Heartbeat beat = beat_of(1, sequence, MemberState::join);
        beat.header.incarnation = {900, 1};
        beat.header.flags = flags;
        if (hears_me) acknowledge(beat);
        duplicate.note(beat.header, &beat.peers);
    }
};

TEST_F(DuplicateIdTest, R13OnlyALivingHostThatWasThereFirstSilencesThisOne) {
    self.state = MembershipState::join;
    sent.next(now);
    other_speaks(1, false, kFlagListened);
    EXPECT_FALSE(duplicate.yields()) << "a recording cannot show that it hears this host";
    other_speaks(2, true, kFlagListened);
    EXPECT_TRUE(duplicate.yields());
    EXPECT_FALSE(duplicate.is_silenced()) << "the other one shall know";
    duplicate.has_spoken();
    duplicate.has_spoken();
    EXPECT_TRUE(duplicate.is_silenced());
}

TEST_F(DuplicateIdTest, R13AMemberGivesNothingUp) {
    become_member({1, 2});
    sent.next(now);
    other_speaks(1, true);
    EXPECT_FALSE(duplicate.yields());
    EXPECT_FALSE(asked_for<Report>().back().yields);
}

TEST_F(DuplicateIdTest, R13WhoYieldedKnocksAnewWhenTheOtherFellSilent) {
    self.state = MembershipState::join;
    sent.next(now);
    other_speaks(1, true, kFlagListened);
    ASSERT_TRUE(duplicate.yields());
    pass(params.timing.bury_after);
    EXPECT_FALSE(duplicate.outlived_other());
    pass(ms(10));
    EXPECT_TRUE(duplicate.outlived_other());
    EXPECT_FALSE(duplicate.yields());
    EXPECT_TRUE(duplicate.knocks());
    pass(params.timing.knock_for);
    EXPECT_FALSE(duplicate.knocks());
}

}  // namespace
}  // namespace nlb::test
