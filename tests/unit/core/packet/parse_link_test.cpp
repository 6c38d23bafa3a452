// The link layer: which frames are for this host, in which VLAN, and which are heartbeats; all
// against host 1, whose tables would accept a good packet.
#include <gtest/gtest.h>

#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

struct ParseLink : ::testing::Test {
    Host host{1};
    FrameSpec good = served_by(host, tcp());
    std::vector<Byte> frame = build_frame(good);

    Reason in_vlans(std::vector<std::uint16_t> vlans) {
        FrameSpec spec = good;
        spec.vlans = std::move(vlans);
        return host.in(build_frame(spec));
    }
    Reason sent_to(const MacAddress& mac) {
        FrameSpec spec = good;
        spec.destination_mac = mac;
        return host.in(build_frame(spec));
    }
};

TEST_F(ParseLink, TheClustersVlanIsThatOfTheOuterTag) {
    host.tables.vlan = 7;
    EXPECT_EQ(in_vlans({7}), Reason::new_flow);
    EXPECT_EQ(in_vlans({7, 8}), Reason::owner);
    EXPECT_EQ(in_vlans({7, 7}), Reason::owner);
    EXPECT_EQ(in_vlans({8, 7}), Reason::other_vlan);
    EXPECT_EQ(in_vlans({8}), Reason::other_vlan);
    EXPECT_EQ(in_vlans({}), Reason::other_vlan);
}
TEST_F(ParseLink, PriorityAndDropEligibleBitsSayNothingOfTheVlan) {
    host.tables.vlan = 7;
    EXPECT_EQ(in_vlans({0xf007}), Reason::new_flow);
    EXPECT_EQ(in_vlans({0xf008}), Reason::other_vlan);
}
TEST_F(ParseLink, ATagWithIdZeroIsNoVlan) {
    EXPECT_EQ(in_vlans({0}), Reason::new_flow);
    EXPECT_EQ(in_vlans({0xe000}), Reason::owner);
    EXPECT_EQ(in_vlans({0, 0}), Reason::owner);
    EXPECT_EQ(in_vlans({0, 7}), Reason::other_vlan);
    host.tables.vlan = 7;
    EXPECT_EQ(in_vlans({0, 7}), Reason::owner);
    EXPECT_EQ(in_vlans({0}), Reason::other_vlan);
}
TEST_F(ParseLink, WithoutAVlanOfItsOwnTheClusterTakesUntaggedFramesAlone) {
    EXPECT_EQ(in_vlans({7}), Reason::other_vlan);
    EXPECT_EQ(in_vlans({7, 8}), Reason::other_vlan);
    EXPECT_EQ(in_vlans({4095}), Reason::other_vlan);
    EXPECT_EQ(in_vlans({}), Reason::new_flow);
}
TEST_F(ParseLink, WhatIsInAnotherVlanChangesNothing) {
    EXPECT_EQ(in_vlans({7}), Reason::other_vlan);
    EXPECT_EQ(host.connections->size(), 0U);
    EXPECT_EQ(host.in(frame), Reason::new_flow);
    good.tcp_flags = kTcpRst;
    EXPECT_EQ(in_vlans({7}), Reason::other_vlan);
    EXPECT_NE(host.descriptor(good), nullptr);
}
TEST_F(ParseLink, AFrameForTheClusterThisHostOrAGroupIsTaken) {
    const MacAddress group{{0x01, 0x00, 0x5e, 0, 0, 1}};
    const MacAddress all{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    EXPECT_EQ(sent_to(host.tables.cluster_mac), Reason::new_flow);
    for (const MacAddress& mac : {host.tables.masked_mac, host.ports.outside, group, all})
        EXPECT_EQ(sent_to(mac), Reason::owner);
}
TEST_F(ParseLink, AFrameForAnotherStationIsNobodysAndChangesNothing) {
    ASSERT_EQ(host.in(frame), Reason::new_flow);
    const MacAddress neighbour = masked_mac(2, IpAddress::v4(kVip));
    const MacAddress nearly{{0x02, 0xbf, 192, 0, 2, 81}};
    good.tcp_flags = kTcpRst;
    for (const MacAddress& mac : {neighbour, nearly, kClientMac, host.ports.inside, MacAddress{}}) {
        EXPECT_EQ(sent_to(mac), Reason::other_station);
        EXPECT_NE(host.descriptor(good), nullptr);
    }
    EXPECT_EQ(verdict_of(Reason::other_station), Verdict::drop);
}
TEST_F(ParseLink, AHeartbeatForAnotherStationIsNone) {
    store_big_endian(frame.data() + 12, kEthertypeHeartbeat);
    store_header(frame.data(), kClientMac);
    EXPECT_EQ(host.in(frame), Reason::other_station);
}
TEST_F(ParseLink, InTheOtherModesTheStationIsThePortsOwnAddress) {
    for (const LinkMode mode : {LinkMode::multicast, LinkMode::igmp}) {
        Host other(1, mode);
        good.destination_mac = other.tables.cluster_mac;
        EXPECT_EQ(other.in(build_frame(good)), Reason::new_flow);
        good.destination_mac = kOutsideMac;
        EXPECT_EQ(other.in(build_frame(good)), Reason::owner);
        for (const MacAddress& mac :
             {MacAddress{}, cluster_mac(LinkMode::unicast, IpAddress::v4(kVip)),
              masked_mac(1, IpAddress::v4(kVip))}) {
            good.destination_mac = mac;
            EXPECT_EQ(other.in(build_frame(good)), Reason::other_station);
        }
    }
}
TEST_F(ParseLink, WithoutTablesNoStationIsKnown) {
    host.tables.self = kNoHost;
    EXPECT_EQ(sent_to(kClientMac), Reason::no_tables);
}
TEST_F(ParseLink, AServiceTagIsFine) {
    host.tables.vlan = 7;
    good.vlans = {7, 8};
    frame = build_frame(good);
    store_big_endian(frame.data() + 12, kEthertypeServiceVlan);
    EXPECT_EQ(host.in(frame), Reason::new_flow);
}
TEST_F(ParseLink, ThreeVlanTagsAreTooMany) {
    good.vlans = {7, 8, 9};
    EXPECT_EQ(host.in(build_frame(good)), Reason::vlan_depth);
}
TEST_F(ParseLink, AFrameThatEndsInATagIsTruncated) {
    good.vlans = {7};
    frame = build_frame(good);
    frame.resize(16);
    EXPECT_EQ(host.in(frame), Reason::truncated);
}
TEST_F(ParseLink, AnUnknownEthertypeIsDropped) {
    store_big_endian<std::uint16_t>(frame.data() + 12, 0x88cc);
    EXPECT_EQ(host.in(frame), Reason::ethertype);
}
TEST_F(ParseLink, AnLlcFrameIsDropped) {
    store_big_endian<std::uint16_t>(frame.data() + 12, 38);
    EXPECT_EQ(host.in(frame), Reason::ethertype);
}
TEST_F(ParseLink, AHeartbeatIsPunted) {
    store_big_endian(frame.data() + 12, kEthertypeHeartbeat);
    EXPECT_EQ(host.in(frame), Reason::heartbeat);
    EXPECT_EQ(output_of(Reason::heartbeat), Output::control);
}
TEST_F(ParseLink, AHeartbeatIsOneInTheClustersVlanAlone) {
    const auto heard = [&](std::vector<std::uint16_t> vlans) {
        good.vlans = std::move(vlans);
        return host.in(build_link(good, kEthertypeHeartbeat, std::vector<Byte>(60)));
    };
    EXPECT_EQ(heard({0}), Reason::heartbeat);
    EXPECT_EQ(heard({7}), Reason::heartbeat_other_vlan);
    host.tables.vlan = 7;
    EXPECT_EQ(heard({7}), Reason::heartbeat);
    EXPECT_EQ(heard({0, 7}), Reason::heartbeat);
    EXPECT_EQ(heard({}), Reason::heartbeat_other_vlan);
    EXPECT_EQ(heard({8}), Reason::heartbeat_other_vlan);
    EXPECT_EQ(output_of(Reason::heartbeat_other_vlan), Output::control);
}

}  // namespace
}  // namespace nlb::test
