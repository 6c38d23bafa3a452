// A member of the cluster's group: what it says when, in the version that the querier speaks.
#include "core/cluster/igmp_member.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Messages = IgmpMember::Messages;
using enum IgmpMessage;

constexpr std::uint32_t kGroup = igmp_group(kVip);

class Igmp : public testing::Test {
protected:
    // What is said until `time` has passed, and when.
    Messages pass(Duration time) {
        Messages all;
        const Instant end = now + time;
        while (member.next_wake() <= end) {
            now = std::max(now, member.next_wake());
            for (const IgmpMessage message : member.on_tick(now)) all.push_back(message);
        }
        now = end;
        return all;
    }
    IgmpMember member{kGroup, 3};
    Instant now{seconds{1000}};
};

TEST_F(Igmp, WithoutAQuerierItJoinsInBothVersionsTwiceAndEachMinute) {
    EXPECT_EQ(member.on_join(now), (Messages{join_v3, report_v2}));
    EXPECT_EQ(pass(seconds{1}), (Messages{join_v3, report_v2}));
    EXPECT_EQ(pass(seconds{58}), Messages{});
    EXPECT_EQ(pass(seconds{1}), (Messages{report_v3, report_v2}));
    EXPECT_EQ(pass(seconds{60}), (Messages{report_v3, report_v2}));
}

TEST_F(Igmp, AQueryIsAnsweredOnceWithinItsTimeAndInItsVersion) {
    static_cast<void>(member.on_join(now));
    static_cast<void>(pass(seconds{1}));
    for (const auto& [version, answer] : {std::pair{IgmpVersion::v3, report_v3},
                                          {IgmpVersion::v2, report_v2},
                                          {IgmpVersion::v1, report_v1}}) {
        member.on_query(now, {version, seconds{2}, 0});
        EXPECT_GT(member.next_wake(), now);
        EXPECT_EQ(pass(seconds{2}), Messages{answer});
        EXPECT_EQ(pass(seconds{100}), Messages{}) << "a querier is there: nothing is said unasked";
    }
}

TEST_F(Igmp, AnswersAreSpreadOverTheResponseTime) {
    std::vector<std::int64_t> delays;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        IgmpMember each(kGroup, seed);
        static_cast<void>(each.on_join(now));
        static_cast<void>(each.on_tick(now + seconds{2}));
        each.on_query(now + seconds{2}, {IgmpVersion::v3, seconds{10}, 0});
        delays.push_back((each.next_wake() - now - seconds{2}).count());
    }
    std::sort(delays.begin(), delays.end());
    EXPECT_LT(delays.front(), 1'000'000'000);
    EXPECT_GT(delays.back(), 9'000'000'000);
    EXPECT_LE(delays.back(), 10'000'000'000);
}

TEST_F(Igmp, ASecondQueryHastensAnAnswerButAddsNone) {
    static_cast<void>(member.on_join(now));
    static_cast<void>(pass(seconds{1}));
    member.on_query(now, {IgmpVersion::v2, seconds{10}, 0});
    member.on_query(now, {IgmpVersion::v2, milliseconds{100}, kGroup});
    EXPECT_LE(member.next_wake(), now + milliseconds{100});
    EXPECT_EQ(pass(seconds{20}), Messages{report_v2});
}

TEST_F(Igmp, QueriesForOtherGroupsAreNotAnswered) {
    static_cast<void>(member.on_join(now));
    static_cast<void>(pass(seconds{1}));
    member.on_query(now, {IgmpVersion::v3, seconds{1}, kGroup + 1});
    EXPECT_EQ(pass(seconds{30}), Messages{});
}

TEST_F(Igmp, TheVersionOfAnOldQuerierIsForgottenInTime) {
    member.on_query(now, {IgmpVersion::v1, seconds{10}, 0});
    EXPECT_EQ(member.on_join(now), Messages{report_v1});
    now += IgmpMember::kQuerierMemory;
    member.on_query(now, {IgmpVersion::v3, seconds{1}, 0});
    EXPECT_EQ(member.on_join(now), Messages{join_v3});
}

TEST_F(Igmp, ItLeavesTwiceAndIsSilentThen) {
    static_cast<void>(member.on_join(now));
    static_cast<void>(pass(seconds{1}));
    EXPECT_EQ(member.on_leave(now), (Messages{leave_v3, leave_v2}));
    EXPECT_EQ(pass(seconds{2}), (Messages{leave_v3, leave_v2}));
    member.on_query(now, {IgmpVersion::v3, seconds{1}, 0});
    EXPECT_EQ(pass(seconds{300}), Messages{});
    EXPECT_EQ(member.on_leave(now), Messages{});
}

TEST_F(Igmp, VersionOneKnowsNoLeaving) {
    member.on_query(now, {IgmpVersion::v1, seconds{10}, 0});
    static_cast<void>(member.on_join(now));
    EXPECT_EQ(member.on_leave(now), Messages{});
}

}  // namespace
}  // namespace nlb::test
