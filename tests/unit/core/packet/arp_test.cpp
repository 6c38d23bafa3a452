// ARP from outside: who answers, with which bytes, and what the inside stack gets to hear.
#include <gtest/gtest.h>

#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

ArpSpec request_for(std::uint32_t target) {
    ArpSpec spec;
    spec.sender_ip = kRouter;
    spec.target_ip = target;
    return spec;
}

TEST(Arp, TheDefaultHostAnswersForAVipWithTheClusterMac) {
    Host host(1);
    ASSERT_EQ(host.in(build_arp(request_for(kVip))), Reason::arp_answered);
    // To who asked, from the masked source; a reply that the cluster MAC has the VIP.
    EXPECT_EQ(host.last.frame,
              from_hex("02c100000001 0201c0000250 0806"
                       "0001 0800 06 04 0002 02bfc0000250 c0000250 02c100000001 c0000201"));
    EXPECT_EQ(output_of(Reason::arp_answered), Output::outside);
}
TEST(Arp, TheOtherHostsStaySilent) {
    for (HostId id = 2; id <= kHosts; ++id) {
        Host host(id);
        const std::vector<Byte> frame = build_arp(request_for(kVip));
        EXPECT_EQ(host.in(frame), Reason::not_default_host);
        EXPECT_EQ(host.last.frame, frame);
    }
}
TEST(Arp, NobodyAnswersForAVipBehindTheFence) {
    Host host(1);
    host.fence_holds = false;
    EXPECT_EQ(host.in(build_arp(request_for(kVip))), Reason::fenced);
}
TEST(Arp, ADedicatedAddressIsAnsweredWithTheStationsMacEvenBehindTheFence) {
    Host host(2);
    host.fence_holds = false;
    ASSERT_EQ(host.in(build_arp(request_for(dedicated(2)))), Reason::arp_answered);
    const auto reply = load_header<ArpPacket>(host.last.frame.data() + 14);
    EXPECT_EQ(reply.sender_mac, masked_mac(2, IpAddress::v4(kVip)));
    EXPECT_EQ(reply.sender_ip.host(), dedicated(2));
}
TEST(Arp, AnotherHostsDedicatedAddressIsItsOwnBusiness) {
    Host host(1);
    EXPECT_EQ(host.in(build_arp(request_for(dedicated(2)))), Reason::other_host);
}
TEST(Arp, AForeignAddressIsNotOurs) {
    Host host(1);
    EXPECT_EQ(host.in(build_arp(request_for(0xc0000263))), Reason::arp_not_ours);
    EXPECT_EQ(host.in(build_arp(request_for(kSubnetBroadcast))), Reason::arp_not_ours);
}
TEST(Arp, AProbeForAVipIsAnswered) {
    Host host(1);
    ArpSpec probe = request_for(kVip);
    probe.sender_ip = 0;
    ASSERT_EQ(host.in(build_arp(probe)), Reason::arp_answered);
    EXPECT_EQ(load_header<ArpPacket>(host.last.frame.data() + 14).target_ip.host(), 0U);
}
TEST(Arp, ATaggedRequestIsAnsweredWithTheSameTag) {
    Host host(1);
    ArpSpec spec = request_for(kVip);
    spec.vlans = {42};
    EXPECT_EQ(host.in(build_arp(spec)), Reason::other_vlan);
    host.tables.vlan = 42;
    ASSERT_EQ(host.in(build_arp(spec)), Reason::arp_answered);
    EXPECT_EQ(load_big_endian<std::uint16_t>(host.last.frame.data() + 14), 42);
    EXPECT_EQ(load_header<ArpPacket>(host.last.frame.data() + 18).operation.host(), kArpReply);
}
TEST(Arp, ARequestWithAMulticastSenderIsAnsweredToItsStation) {
    Host host(1);
    ArpSpec spec = request_for(kVip);
    spec.sender_mac = {{0x03, 0xbf, 1, 2, 3, 4}};
    ASSERT_EQ(host.in(build_arp(spec)), Reason::arp_answered);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination, kClientMac);
}
TEST(Arp, InMulticastModeTheBodyCarriesTheMulticastMacAndTheFrameTheNics) {
    Host host(1, LinkMode::multicast);
    ASSERT_EQ(host.in(build_arp(request_for(kVip))), Reason::arp_answered);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).source, kOutsideMac);
    EXPECT_EQ(load_header<ArpPacket>(host.last.frame.data() + 14).sender_mac,
              (MacAddress{{0x03, 0xbf, 192, 0, 2, 80}}));
}
TEST(Arp, ARepliesForOurAddressesReachTheInsideStack) {
    Host host(3);
    ArpSpec reply = request_for(kVip);
    reply.operation = kArpReply;
    EXPECT_EQ(host.in(build_arp(reply)), Reason::neighbour_reply);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination, kInsideMac);
    reply.target_ip = dedicated(3);
    EXPECT_EQ(host.in(build_arp(reply)), Reason::neighbour_reply);
    reply.target_ip = dedicated(1);
    EXPECT_EQ(host.in(build_arp(reply)), Reason::arp_not_ours);
}
TEST(Arp, AReplyToAQuestionThatWasSentWithoutASenderReachesTheInsideStack) {
    Host host(3);
    ArpSpec reply = request_for(0);
    reply.operation = kArpReply;
    EXPECT_EQ(host.in(build_arp(reply)), Reason::arp_not_ours);
    reply.destination_mac = masked_mac(3, IpAddress::v4(kVip));
    EXPECT_EQ(host.in(build_arp(reply)), Reason::neighbour_reply);
}
TEST(Arp, AnnouncementsOfNeighboursReachTheInsideStack) {
    Host host(3);
    EXPECT_EQ(host.in(build_arp(request_for(kRouter))), Reason::neighbour_reply);
}
TEST(Arp, AnnouncementsOfAVipDoNotLookLikeADuplicateToTheInsideStack) {
    Host host(1);
    ArpSpec announcement = request_for(kVip);
    announcement.sender_ip = kVip;
    announcement.sender_mac = cluster_mac(LinkMode::unicast, IpAddress::v4(kVip));
    EXPECT_EQ(host.in(build_arp(announcement)), Reason::virtual_announcement);
    announcement.operation = kArpReply;
    EXPECT_EQ(host.in(build_arp(announcement)), Reason::virtual_announcement);
}
TEST(Arp, WhatIsNotEthernetAndIpv4IsMalformed) {
    Host host(1);
    const std::vector<Byte> good = build_arp(request_for(kVip));
    for (const std::size_t offset : {14U, 16U, 18U, 19U, 20U}) {
        std::vector<Byte> bad = good;
        bad[offset] ^= 0x40;
        EXPECT_EQ(host.in(bad), Reason::arp_malformed) << offset;
    }
    for (std::size_t length = 14; length < good.size(); ++length)
        EXPECT_EQ(host.in({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)}),
                  Reason::arp_malformed)
            << length;
}
TEST(Arp, AFrameFromThisVeryStationIsDropped) {
    Host host(1);
    ArpSpec spec = request_for(kVip);
    spec.source_mac = masked_mac(1, IpAddress::v4(kVip));
    EXPECT_EQ(host.in(build_arp(spec)), Reason::own_frame);
}
TEST(Arp, WithoutTablesNothingIsAnswered) {
    Host host(1);
    host.tables = {};
    EXPECT_EQ(host.in(build_arp(request_for(kVip))), Reason::no_tables);
    EXPECT_EQ(host.in(build_frame(tcp())), Reason::no_tables);
    EXPECT_EQ(host.out(build_frame(tcp())), Reason::no_tables);
}

}  // namespace
}  // namespace nlb::test
