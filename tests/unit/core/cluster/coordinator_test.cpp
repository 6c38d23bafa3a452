// R6 (who coordinates, who is wanted), R7 (which maps are adopted) and R13 (who is not admitted),
// asked of Coordinator alone.
#include "core/cluster/coordinator.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

using CoordinatorTest = Parts;

TEST_F(CoordinatorTest, R6AJoinerBeginsAloneAfterTwiceTheTolerance) {
    self.state = MembershipState::join;
    pass(ms(990));
    EXPECT_FALSE(coordinator.may_bootstrap());
    pass(ms(10));
    EXPECT_TRUE(coordinator.may_bootstrap());
    const auto next = coordinator.next_map();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->members.size(), 1U);
    EXPECT_EQ(next->targets[0][59], 1);
}

TEST_F(CoordinatorTest, R6NobodyBeginsBesideAMemberOrALowerId) {
    self = {.id = 2, .incarnation = {102, 1}, .state = MembershipState::join};
    pass(ms(1000));
    ASSERT_TRUE(coordinator.may_bootstrap());
    exchange({3});
    exchange({3});
    EXPECT_FALSE(coordinator.may_bootstrap()) << "host 3 is a member";
    for (int i = 0; i < 6; ++i) {
        pass(ms(100));
        sent.note_heartbeat(now, params.timing.period);
    }
    EXPECT_TRUE(coordinator.may_bootstrap()) << "it was silent for longer than T*P";
    Heartbeat lower = beat_of(1, 1, MemberState::join);
    lower.header.incarnation = {77, 1};
    hear(lower);
    EXPECT_FALSE(coordinator.may_bootstrap()) << "an unbelieved host may own everything";
}

TEST_F(CoordinatorTest, R6TheLowestLiveMemberCoordinates) {
    become_member({1, 2, 3});
    exchange({2, 3});
    pass(ms(501));
    exchange({3});
    ASSERT_TRUE(peers.bury_the_silent());
    const auto next = coordinator.next_map();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->members.size(), 2U);
    EXPECT_EQ(next->epoch.counter, 2U);
}

TEST_F(CoordinatorTest, R6NobodyCoordinatesBesideALivingLowerMember) {
    self = {.id = 3, .incarnation = life(3), .desired = SmallCluster::desired(3, 80)};
    become_member({1, 2, 3});
    exchange({1, 2});
    EXPECT_FALSE(coordinator.next_map());
    pass(ms(501));
    exchange({2});
    ASSERT_TRUE(peers.bury_the_silent());
    EXPECT_FALSE(coordinator.next_map()) << "host 1 is dead, host 2 is not";
    pass(ms(501));
    ASSERT_TRUE(peers.bury_the_silent());
    const auto next = coordinator.next_map();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->members.size(), 1U);
}

TEST_F(CoordinatorTest, R6AMapMayOvertakeTheHeartbeatOfItsCoordinator) {
    self = {.id = 2, .incarnation = life(2), .desired = SmallCluster::desired(2, 80)};
    ClusterMap made_by_1 = map_of({1, 2}, 1, 1);
    made_by_1.epoch.boot = life(1).boot;
    const auto adopt = [&](const ClusterMap& next) {
        map.set(next, params.slots);
        self.state = MembershipState::member;
    };
    adopt(made_by_1);
    peers.note_member({1, life(1)});
    sent.next(now);
    sent.note_heartbeat(now, params.timing.period);
    Heartbeat beat = beat_of(1, 1, MemberState::join);
    acknowledge(beat);
    hear(beat);
    EXPECT_FALSE(coordinator.next_map()) << "host 1 made the map, so it is a member";
    ClusterMap made_by_2 = made_by_1;
    made_by_2.epoch = {2, 2, life(2).boot};
    adopt(made_by_2);
    EXPECT_TRUE(coordinator.next_map()) << "host 1 was counted in and does not know it yet";
}

// It would bury whom it has not heard for so long as soon as it is a member.
TEST_F(CoordinatorTest, R6WhoeverHearsAMemberNoMoreIsNotAdmitted) {
    become_member({1, 2});
    const auto admits = [&](std::uint64_t sequence, std::uint8_t flags) {
        sent.next(now);
        sent.note_heartbeat(now, params.timing.period);
        Heartbeat member = beat_of(2, sequence);
        acknowledge(member);
        member.peers.push_back({3, 0, life(3), 1});
        hear(member);
        Heartbeat joiner = beat_of(3, sequence, MemberState::join);
        acknowledge(joiner);
        joiner.peers.push_back({2, flags, life(2), 1});
        hear(joiner);
        const auto next = coordinator.next_map();
        return next && next->members.size() == 3;
    };
    EXPECT_FALSE(admits(1, kReportSilent)) << "it is not believed yet";
    EXPECT_FALSE(admits(2, kReportSilent));
    EXPECT_TRUE(admits(3, 0));
    EXPECT_FALSE(admits(4, kReportSilent));
}

TEST_F(CoordinatorTest, AReloadIsStuckWhenTooFewOfItsMembersAreLeft) {
    params.majority = true;
    StagedConfig next;
    next.digest = 43;
    next.slots = params.slots;
    next.configured = HostSet::first(3);
    ASSERT_TRUE(reload.stage(next));
    become_member({1, 2, 3});
    exchange({2});
    EXPECT_FALSE(coordinator.reload_is_stuck()) << "no reload is under way";
    ClusterMap way = map_of({1, 2, 3}, 0, 2);
    way.next_digest = 43;
    map.set(way, params.slots);
    EXPECT_FALSE(coordinator.reload_is_stuck());
    pass(ms(501));
    exchange({2});
    ASSERT_TRUE(peers.bury_the_silent());
    EXPECT_FALSE(coordinator.reload_is_stuck()) << "two of three";
    pass(ms(501));
    ASSERT_TRUE(peers.bury_the_silent());
    EXPECT_TRUE(coordinator.reload_is_stuck());
    params.majority = false;
    EXPECT_FALSE(coordinator.reload_is_stuck()) << "`serve` needs no majority";
}

// Every host's target of rule 0 in the map that follows from what it told of its check.
std::array<std::size_t, 4> counts_of(const ClusterMap& map) {
    std::array<std::size_t, 4> counts{};
    for (const HostId owner : map.targets[0]) ++counts[owner];
    return counts;
}

TEST_F(CoordinatorTest, AFailedCheckTakesTheRuleAwayAndTheLastOneGivesItBackToAll) {
    params.keep_slots = 1;
    become_member({1, 2, 3});
    self.desired[0] = {50, RuleState::enabled};
    std::array<std::uint64_t, 4> sequences{};
    const auto tell = [&](HostId id, RuleState state) {
        sent.next(now);
        sent.note_heartbeat(now, params.timing.period);
        Heartbeat beat = beat_of(id, ++sequences[id]);
        beat.rules[0] = {0, 0, 50, state};
        acknowledge(beat);
        hear(beat);
    };
    tell(2, RuleState::enabled);
    tell(3, RuleState::failed);
    ASSERT_TRUE(coordinator.next_map());
    EXPECT_EQ(counts_of(*coordinator.next_map()), (std::array<std::size_t, 4>{0, 30, 30, 0}));
    self.desired[0].state = RuleState::failed;
    EXPECT_EQ(counts_of(*coordinator.next_map()), (std::array<std::size_t, 4>{0, 0, 60, 0}));
    tell(2, RuleState::failed);
    EXPECT_EQ(counts_of(*coordinator.next_map()), (std::array<std::size_t, 4>{0, 20, 20, 20}));
    tell(2, RuleState::draining);
    EXPECT_EQ(counts_of(*coordinator.next_map()), (std::array<std::size_t, 4>{0, 30, 0, 30}))
        << "the operator's word is stronger than a failure";
    params.keep_slots = 0;
    EXPECT_EQ(counts_of(*coordinator.next_map()), (std::array<std::size_t, 4>{60, 0, 0, 0}));
}

TEST_F(CoordinatorTest, R13AHostOfAnotherConfigurationIsNotAdmitted) {
    become_member({1});
    const auto join = [this](std::uint64_t digest, std::uint64_t sequence) {
        sent.next(now);
        Heartbeat beat = beat_of(2, sequence, MemberState::join);
        beat.config_digest = digest;
        acknowledge(beat);
        hear(beat);
    };
    join(43, 1);
    join(43, 2);
    ASSERT_TRUE(peers.is_live(2));
    const auto alone = coordinator.next_map();
    EXPECT_TRUE(!alone || alone->members.size() == 1U);
    join(params.config_digest, 3);
    const auto both = coordinator.next_map();
    ASSERT_TRUE(both);
    EXPECT_EQ(both->members.size(), 2U);
}

TEST_F(CoordinatorTest, R7OnlyAGreaterMapThatLacksNobodyWhoIsHeardIsAdopted) {
    become_member({1, 2, 3}, 1, 5);
    exchange({2, 3});
    EXPECT_FALSE(coordinator.may_adopt(map_of({1, 2, 3}, 2, 5), false)) << "not greater";
    EXPECT_TRUE(coordinator.may_adopt(map_of({1, 2, 3}, 2, 6), false));
    EXPECT_FALSE(coordinator.may_adopt(map_of({2, 3}, 2, 6), false)) << "without this host";
    EXPECT_FALSE(coordinator.may_adopt(map_of({1, 2}, 2, 6), false)) << "host 3 is heard";
    Heartbeat goodbye = beat_of(3, 50);
    goodbye.header.flags = kFlagGoodbye;
    hear(goodbye);
    EXPECT_TRUE(coordinator.may_adopt(map_of({1, 2}, 2, 6), false));
}

TEST_F(CoordinatorTest, R7NoMapThatNamesABuriedHostIsAdopted) {
    become_member({1, 2, 3});
    exchange({2, 3});
    pass(ms(501));
    exchange({2});
    ASSERT_TRUE(peers.bury_the_silent());
    EXPECT_FALSE(coordinator.may_adopt(map_of({1, 2, 3}, 2, 6), false));
    EXPECT_TRUE(coordinator.may_adopt(map_of({1, 2}, 2, 6), false));
}

}  // namespace
}  // namespace nlb::test
