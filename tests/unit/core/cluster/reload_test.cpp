// The two phases of a reload, asked of Reload alone.
#include "core/cluster/reload.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct ReloadTest : Parts {
    StagedConfig next;
    ReloadTest() {
        next.digest = 43;
        next.slots = 2;
        next.configured = HostSet::first(3);
        next.previous.fill(kNoPreviousRule);
        next.previous[0] = 0;
        next.desired[0].offer = 80;
        become_member({1, 2});
    }
    void holds(HostId id, std::uint64_t digest, std::uint64_t sequence, BucketMask own = 0) {
        Heartbeat beat = beat_of(id, sequence);
        beat.staged.digest = digest;
        beat.rules[0].own = own;
        hear(beat);
    }
};

TEST_F(ReloadTest, OnlyWhatIsNewIsHeld) {
    StagedConfig same = next;
    same.digest = params.config_digest;
    EXPECT_FALSE(reload.stage(same));
    EXPECT_TRUE(reload.stage(next));
    EXPECT_FALSE(reload.stage(next));
    EXPECT_EQ(reload.report().offers[0], 80);
}

TEST_F(ReloadTest, ItIsAgreedWhenEveryMemberHoldsTheSame) {
    ASSERT_TRUE(reload.stage(next));
    holds(2, 0, 1);
    EXPECT_FALSE(reload.all_hold(map.incarnations()));
    EXPECT_TRUE(reload.awaited().contains(2));
    holds(2, 44, 2);
    EXPECT_FALSE(reload.all_hold(map.incarnations()));
    holds(2, 43, 3);
    EXPECT_TRUE(reload.all_hold(map.incarnations()));
    EXPECT_EQ(reload.next_digest(map.incarnations()), 43U);
}

// A reload that takes the last one back: the newest that was heard of a member may be what it said
// before that one.
TEST_F(ReloadTest, WhatAMemberSaidBeforeTheLastChangeOverIsNoChangeOver) {
    params.generation = 2;
    ASSERT_TRUE(reload.stage(next));
    ClusterMap makes_way = map_of({1, 2}, kNoHost, 2);
    makes_way.next_digest = next.digest;
    map.set(makes_way, params.slots);
    Heartbeat beat = beat_of(2, 1);
    beat.config_digest = next.digest;
    beat.generation = 1;
    hear(beat);
    EXPECT_FALSE(reload.all_hold(map.incarnations()));
    EXPECT_FALSE(reload.generation_to_follow());
    beat.header.sequence = 2;
    beat.generation = 3;
    hear(beat);
    EXPECT_TRUE(reload.all_hold(map.incarnations()));
    EXPECT_EQ(reload.generation_to_follow(), 3U);
}

TEST_F(ReloadTest, NothingIsReleasedWhileAnybodyOwnsABucket) {
    holds(2, 43, 1, 0b1);
    EXPECT_FALSE(reload.everything_is_released());
    holds(2, 43, 2);
    EXPECT_TRUE(reload.everything_is_released());
    RuleMasks own{};
    own[0] = 1;
    handover.resume(own, {});
    EXPECT_FALSE(reload.everything_is_released());
}

TEST_F(ReloadTest, RulesThatBothHaveKeepTheirHolders) {
    ASSERT_TRUE(reload.stage(next));
    reload.note_targets(map.map().targets);
    EXPECT_EQ(reload.holding_before()[0][7], 1);
    EXPECT_EQ(reload.holding_before()[1][7], kNoHost);
}

}  // namespace
}  // namespace nlb::test
