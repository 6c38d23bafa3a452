// What a frame's destination becomes on the inside port, packet by packet and for a whole burst.
#include "core/packet/inside_address.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr MacAddress kGroupMac{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}};
constexpr MacAddress kUnicastMac{{0x02, 0xbf, 192, 0, 2, 80}};

// Packets in turn to a group and to a station, `count` of them.
struct Frames {
    explicit Frames(std::uint32_t count) : bytes(count, std::vector<Byte>(64, Byte{0x5a})) {
        burst.count = count;
        for (std::uint32_t i = 0; i < count; ++i) {
            put_mac(bytes[i].data(), i % 2 == 0 ? kGroupMac : kUnicastMac);
            burst.frames[i] = {bytes[i].data(), 64, 64};
        }
    }
    [[nodiscard]] MacAddress destination(std::uint32_t i) const {
        return load_header<MacAddress>(bytes[i].data());
    }
    std::vector<std::vector<Byte>> bytes;
    Burst burst;
};

TEST(InsideAddress, EveryPacketOfABurstGetsItAndNothingElseChanges) {
    for (const std::uint32_t count : {1U, 3U, 63U, 64U}) {
        Frames frames(count);
        address_inside(frames.burst, all_slots(frames.burst), 0, kInsideMac);
        for (std::uint32_t i = 0; i < count; ++i) {
            EXPECT_EQ(frames.destination(i), kInsideMac) << i;
            EXPECT_EQ(frames.bytes[i][6], 0x5a) << i;
        }
    }
}
TEST(InsideAddress, PacketsThatGoElsewhereKeepTheirs) {
    Frames frames(8);
    address_inside(frames.burst, 0b0000'1100, 0, kInsideMac);
    for (std::uint32_t i = 0; i < 8; ++i)
        EXPECT_EQ(frames.destination(i) == kInsideMac, i == 2 || i == 3) << i;
}
TEST(InsideAddress, AGroupDestinationStaysWhereTheReasonKeepsIt) {
    Frames frames(4);
    address_inside(frames.burst, 0b1111, 0b0011, kInsideMac);
    EXPECT_EQ(frames.destination(0), kGroupMac);
    EXPECT_EQ(frames.destination(1), kInsideMac) << "a broadcast packet in a unicast frame";
    EXPECT_EQ(frames.destination(2), kInsideMac) << "a unicast packet to a multicast cluster MAC";
    EXPECT_EQ(frames.destination(3), kInsideMac);
}

// The column of the reasons table, against what the stages do: a packet has a rule exactly when it
// is for a virtual address.
TEST(SentTo, TellsWhatAFenceMayTakeBack) {
    Host host(1);
    const auto check = [&](const std::vector<Byte>& frame) {
        host.in(frame);
        EXPECT_EQ(verdict_of(host.last.reason), Verdict::accept);
        EXPECT_EQ(is_accepted_for_vip(host.last.reason), host.last.rule != kNoRule)
            << info_of(host.last.reason).name;
        return host.last.reason;
    };
    EXPECT_EQ(check(build_frame(served_by(host, tcp()))), Reason::new_flow);
    EXPECT_EQ(check(build_frame(served_by(host, udp()))), Reason::owner);
    EXPECT_EQ(check(build_frame(served_by(host, over_v6(udp())))), Reason::owner);
    FrameSpec moved = served_by(host, tcp());
    check(build_frame(moved));
    host.own(kHttp, bucket_on(host, moved), false);
    moved.tcp_flags = kTcpAck;
    EXPECT_EQ(check(build_frame(moved)), Reason::descriptor);
    host.tables.icmp = IcmpMode::all;
    EXPECT_EQ(check(build_frame(echo())), Reason::echo_all);
    FrameSpec own = tcp();
    own.destination = IpAddress::v4(dedicated(1));
    EXPECT_EQ(check(build_frame(own)), Reason::dedicated);
    FrameSpec broadcast = udp();
    broadcast.destination = IpAddress::v4(kSubnetBroadcast);
    EXPECT_EQ(check(build_frame(broadcast)), Reason::broadcast);
    FrameSpec multicast = udp();
    multicast.destination = IpAddress::v4(0xe000'0001);
    EXPECT_EQ(check(build_frame(multicast)), Reason::multicast);
    EXPECT_TRUE(keeps_group(Reason::broadcast) && keeps_group(Reason::multicast) &&
                keeps_group(Reason::igmp_query));
    EXPECT_FALSE(keeps_group(Reason::owner) || keeps_group(Reason::dedicated) ||
                 keeps_group(Reason::neighbour_reply));
}

}  // namespace
}  // namespace nlb::test
