// A member of the cluster's group: what it says when, in the version that the querier speaks, and
// that its frames are those of the RFCs.
#include "core/cluster/igmp_member.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "core/packet/checksum.hpp"
#include "tests/unit/core/flow/fragment_frames.hpp"

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

// A frame as a querier would send it.
std::vector<Byte> query_frame(std::vector<Byte> body, std::uint32_t destination = 0xe000'0001) {
    store_big_endian<std::uint16_t>(body.data() + 2, 0);
    store_big_endian(body.data() + 2, checksum_of(body.data(), body.size()));
    FrameSpec spec;
    spec.source = IpAddress::v4(kRouter);
    spec.destination = IpAddress::v4(destination);
    spec.protocol = kProtocolIgmp;
    spec.destination_mac = {{0x01, 0x00, 0x5e, static_cast<Byte>(destination >> 16 & 0x7f),
                             static_cast<Byte>(destination >> 8), static_cast<Byte>(destination)}};
    spec.payload = std::move(body);
    return build_frame(spec);
}

TEST(IgmpFrames, QueriesOfAllVersionsAreRead) {
    auto query = read_igmp_query(query_frame({0x11, 0, 0, 0, 0, 0, 0, 0}));
    ASSERT_TRUE(query);
    EXPECT_EQ(query->version, IgmpVersion::v1);
    EXPECT_EQ(query->response, seconds{10});
    query = read_igmp_query(query_frame({0x11, 25, 0, 0, 239, 255, 2, 80}, kGroup));
    ASSERT_TRUE(query);
    EXPECT_EQ(query->version, IgmpVersion::v2);
    EXPECT_EQ(query->response, milliseconds{2500});
    EXPECT_EQ(query->group, kGroup);
    query = read_igmp_query(query_frame({0x11, 0x8a, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0}));
    ASSERT_TRUE(query);
    EXPECT_EQ(query->version, IgmpVersion::v3);
    EXPECT_EQ(query->response, milliseconds{100} * (0x1a << 3));
}

TEST(IgmpFrames, OnlySoundQueriesAreRead) {
    EXPECT_FALSE(read_igmp_query(query_frame({0x16, 0, 0, 0, 239, 255, 2, 80}))) << "a report";
    EXPECT_FALSE(read_igmp_query(query_frame({0x11, 0, 0, 0, 0, 0, 0, 0, 0})))
        << "a length that no version has";
    auto frame = query_frame({0x11, 0, 0, 0, 0, 0, 0, 0});
    frame[sizeof(EthernetHeader) + sizeof(Ipv4Header) + 2] ^= 1;
    EXPECT_FALSE(read_igmp_query(frame)) << "a wrong checksum";
    EXPECT_FALSE(read_igmp_query(build_frame(udp())));
    for (std::size_t bytes = 0; bytes < 42; ++bytes)
        EXPECT_FALSE(read_igmp_query(std::span(frame).first(bytes))) << bytes;
}

TEST(IgmpFrames, AReportOfVersionTwoIsTheRfcsBytes) {
    EXPECT_EQ(build_igmp(report_v2, dedicated(1), kGroup),
              from_hex("01005e7f0250 000000000000 0800 46c00020000000000102 6fbd c000020b efff0250 "
                       "94040000 1600f7af efff0250"
                       "0000 000000000000000000000000"));
}

TEST(IgmpFrames, AJoinOfVersionThreeIsTheRfcsBytes) {
    EXPECT_EQ(build_igmp(join_v3, dedicated(1), kGroup),
              from_hex("01005e000016 000000000000 0800 46c00028000000000102 81ee c000020b e0000016 "
                       "94040000 2200e7ae 00000001"
                       "04000000 efff0250 000000000000"));
}

TEST(IgmpFrames, AQueryGoesInsideAndToTheControlPlaneInIgmpModeAlone) {
    const auto frame = query_frame({0x11, 0, 0, 0, 0, 0, 0, 0});
    Host plain(1);
    EXPECT_EQ(plain.in(frame), Reason::multicast);
    Host snooped(1, LinkMode::igmp);
    EXPECT_EQ(snooped.in(frame), Reason::igmp_query);
    EXPECT_EQ(snooped.last.frame, frame) << "its destination stays the group's";
    EXPECT_EQ(snooped.in(query_frame({0x16, 0, 0, 0, 239, 255, 2, 80}, kGroup)), Reason::multicast)
        << "a report of another host";
}

TEST(IgmpFrames, ASwitchWithoutAnAddressMayAsk) {
    FrameSpec spec;
    spec.destination = IpAddress::v4(0xe000'0001);
    spec.source = IpAddress::v4(0);
    spec.protocol = kProtocolIgmp;
    spec.payload = {kIgmpQuery, 10, 0xee, 0xf5, 0, 0, 0, 0};
    Host host(1, LinkMode::igmp);
    EXPECT_EQ(host.in(build_frame(spec)), Reason::igmp_query);
    EXPECT_TRUE(read_igmp_query(build_frame(spec)));
    spec.protocol = kProtocolUdp;
    EXPECT_EQ(host.in(build_frame(spec)), Reason::martian_unspecified);
}

TEST(IgmpFrames, ALeaveGoesToTheRouters) {
    const auto leave = build_igmp(leave_v2, dedicated(1), kGroup);
    EXPECT_EQ(std::vector<Byte>(leave.begin(), leave.begin() + 6), from_hex("01005e000002"));
    const auto later = build_igmp(leave_v3, dedicated(1), kGroup);
    EXPECT_EQ(later[sizeof(EthernetHeader) + 24 + 8], 3);
}

}  // namespace
}  // namespace nlb::test
