// R8 (release, then acquire) and R11 (leave), asked of Handover alone.
#include "core/cluster/handover.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct HandoverTest : Parts {
    // Host `id` states the epoch in force and owns `own` of rule 0.
    void state(HostId id, BucketMask own, std::uint64_t sequence) {
        Heartbeat beat = beat_of(id, sequence);
        beat.rules[0].own = own;
        hear(beat);
    }
    [[nodiscard]] InstallTables last_install() const { return asked_for<InstallTables>().back(); }
    void finish_install() {
        static_cast<void>(handover.on_installed(last_install().token, RuleMasks{}));
    }
};

TEST_F(HandoverTest, R8NothingIsTakenBeforeEveryMemberStatesTheEpochAndNobodyClaimsIt) {
    become_member({1, 2, 3});
    state(2, 0, 1);
    handover.move_buckets();
    EXPECT_TRUE(asked_for<InstallTables>().empty()) << "host 3 has not spoken";
    state(3, 0b11, 1);
    handover.move_buckets();
    ASSERT_EQ(asked_for<InstallTables>().size(), 1U);
    EXPECT_EQ(last_install().own[0], kAllBuckets & ~BucketMask{0b11});
    EXPECT_EQ(handover.own()[0], last_install().own[0]) << "stated before any core may use it";
    finish_install();
    state(3, 0, 2);
    handover.move_buckets();
    EXPECT_EQ(last_install().own[0], kAllBuckets);
}

TEST_F(HandoverTest, R8WhatIsReleasedIsStatedOnlyOnceNoCoreCanAnswer) {
    become_member({1, 2});
    state(2, 0, 1);
    handover.move_buckets();
    finish_install();
    ASSERT_EQ(handover.own()[0], kAllBuckets);
    become_member({1, 2}, 2, 2);
    state(2, 0, 2);
    outbox.has_spoken();
    handover.move_buckets();
    EXPECT_EQ(last_install().own[0], 0U);
    EXPECT_EQ(handover.own()[0], kAllBuckets);
    EXPECT_FALSE(outbox.wants_to_speak());
    finish_install();
    EXPECT_EQ(handover.own()[0], 0U);
    EXPECT_TRUE(outbox.wants_to_speak());
}

TEST_F(HandoverTest, R8ADeadMemberUnlocksNothing) {
    become_member({1, 2, 3});
    state(2, 0, 1);
    state(3, 0, 1);
    pass(ms(501));
    state(2, 0, 2);
    ASSERT_TRUE(peers.bury_the_silent());
    handover.move_buckets();
    EXPECT_TRUE(asked_for<InstallTables>().empty()) << "that takes an epoch without it";
}

// Reasons and counters of what is another host's say whose it is.
TEST_F(HandoverTest, ABystandersCoresLearnWhoseTheOthersBucketsAreOnceNothingMoves) {
    become_member({1, 2, 3}, 2, 1);
    state(2, kAllBuckets, 1);
    state(3, 0, 1);
    handover.move_buckets();
    EXPECT_EQ(last_install().owner[0][7], 2);
    finish_install();
    become_member({1, 2, 3}, 3, 2);
    handover.move_buckets();
    EXPECT_EQ(asked_for<InstallTables>().size(), 1U) << "the epoch is not agreed yet";
    state(2, 0, 2);
    state(3, 0, 2);
    handover.move_buckets();
    EXPECT_EQ(last_install().owner[0][7], 3);
    finish_install();
    handover.move_buckets();
    EXPECT_EQ(asked_for<InstallTables>().size(), 2U) << "once";
    // Every host has disabled the rule.
    become_member({1, 2, 3}, kNoHost, 3);
    state(2, 0, 3);
    state(3, 0, 3);
    handover.move_buckets();
    EXPECT_EQ(last_install().owner[0][7], kNoHost);
}

TEST_F(HandoverTest, R11ALeavingHostGivesEverythingBackAndThenSaysGoodbye) {
    become_member({1, 2});
    state(2, 0, 1);
    handover.move_buckets();
    finish_install();
    handover.ask_to_leave();
    EXPECT_TRUE(handover.offers_nothing());
    handover.say_goodbye_when_empty();
    EXPECT_FALSE(handover.leaving()) << "it still owns buckets";
    become_member({1, 2}, 2, 2);
    state(2, 0, 2);
    handover.move_buckets();
    finish_install();
    handover.say_goodbye_when_empty();
    EXPECT_TRUE(handover.said_goodbye());
    for (int i = 0; i < 3; ++i) handover.note_goodbye_sent();
    EXPECT_EQ(handover.goodbyes_left(), 0);
}

TEST_F(HandoverTest, R11ItWaitsNoLongerThanTheTolerance) {
    become_member({1, 2});
    state(2, 0, 1);
    handover.move_buckets();
    finish_install();
    handover.ask_to_leave();
    pass(params.timing.bury_after);
    handover.say_goodbye_when_empty();
    EXPECT_TRUE(handover.leaving());
    EXPECT_FALSE(handover.said_goodbye()) << "it owns buckets until the cores let them go";
    handover.move_buckets();
    EXPECT_EQ(last_install().own[0], 0U);
}

}  // namespace
}  // namespace nlb::test
