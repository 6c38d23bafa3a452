// IGMP frames are those of the RFCs, and of what arrives only sound queries are read.
#include "core/packet/igmp_messages.hpp"

#include <gtest/gtest.h>

#include "core/packet/checksum.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using enum IgmpMessage;

constexpr std::uint32_t kGroup = igmp_group(kVip);

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
    spec.destination_mac = {{0x01, 0x00, 0x5e, 0, 0, 1}};
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
