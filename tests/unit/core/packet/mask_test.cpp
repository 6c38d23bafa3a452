// From inside: whatever the server sends, the switch must see the station's source address, and
// neighbours the right MAC in the body.
#include <gtest/gtest.h>

#include "core/packet/checksum.hpp"
#include "core/packet/inside_neighbours.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::size_t kArp = sizeof(EthernetHeader);
constexpr std::size_t kBody = sizeof(EthernetHeader) + sizeof(Ipv6Header);
constexpr IpAddress kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr IpAddress kSolicitedNode{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1}};
const MacAddress kMasked = masked_mac(1, IpAddress::v4(kVip));
const MacAddress kClusterMac = cluster_mac(LinkMode::unicast, IpAddress::v4(kVip));

MacAddress source_of(const std::vector<Byte>& frame) {
    return load_header<EthernetHeader>(frame.data()).source;
}

bool checksum_is_right(const std::vector<Byte>& frame) {
    const auto ip = load_header<Ipv6Header>(frame.data() + sizeof(EthernetHeader));
    const std::size_t length = ip.payload_length.host();
    return checksum_finish(
               checksum_add(pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, length),
                            frame.data() + kBody, length)) == 0;
}

struct Mask : ::testing::Test {
    Host host{1};

    ArpSpec arp(std::uint16_t operation, std::uint32_t sender, std::uint32_t target) {
        ArpSpec spec;
        spec.source_mac = spec.sender_mac = kInsideMac;
        spec.operation = operation;
        spec.sender_ip = sender;
        spec.target_ip = target;
        return spec;
    }
    ArpPacket sent_arp(const ArpSpec& spec) {
        EXPECT_EQ(host.out(build_arp(spec)), Reason::sent);
        return load_header<ArpPacket>(host.last.frame.data() + kArp);
    }
    NeighbourSpec neighbour(std::uint8_t type, const IpAddress& source, const IpAddress& target) {
        NeighbourSpec spec;
        spec.source_mac = kInsideMac;
        spec.type = type;
        spec.source = source;
        spec.destination = type == kIcmpv6NeighbourSolicitation ? kSolicitedNode : kAllNodes;
        spec.target = target;
        spec.link_address = kInsideMac;
        return spec;
    }
    LinkAddressOption sent_option(const NeighbourSpec& spec) {
        EXPECT_EQ(host.out(build_neighbour_message(spec)), Reason::sent);
        EXPECT_TRUE(checksum_is_right(host.last.frame));
        return load_header<LinkAddressOption>(host.last.frame.data() + kBody +
                                              sizeof(NeighbourMessage));
    }
};

TEST_F(Mask, AServersPacketLeavesUnderTheMaskedSource) {
    const std::vector<Byte> frame = build_frame(reply_to(tcp(), kTcpAck));
    ASSERT_EQ(host.out(frame), Reason::sent);
    EXPECT_EQ(source_of(host.last.frame), kMasked);
    std::vector<Byte> restored = host.last.frame;
    std::copy(kInsideMac.bytes.begin(), kInsideMac.bytes.end(), restored.begin() + 6);
    EXPECT_EQ(restored, frame);
}
TEST_F(Mask, InMulticastModesTheNicsOwnAddressIsTheSource) {
    for (const LinkMode mode : {LinkMode::multicast, LinkMode::igmp}) {
        Host each(1, mode);
        ASSERT_EQ(each.out(build_frame(reply_to(tcp(), kTcpAck))), Reason::sent);
        EXPECT_EQ(source_of(each.last.frame), kOutsideMac);
    }
}
TEST_F(Mask, UnmaskedServersSendWithTheClusterMac) {
    host.tables.bares_source_mac = 1;
    ASSERT_EQ(host.out(build_frame(reply_to(tcp(), kTcpAck))), Reason::sent);
    EXPECT_EQ(source_of(host.last.frame), host.tables.cluster_mac);
    const auto claim = sent_arp(arp(kArpRequest, dedicated(1), kRouter));
    EXPECT_EQ(claim.sender_mac, kMasked) << "the host's own addresses stay at its own MAC";
}

TEST_F(Mask, WhatIsNoIpAtAllIsMaskedToo) {
    FrameSpec link;
    link.source_mac = kClusterMac;
    for (const std::uint16_t type :
         std::initializer_list<std::uint16_t>{0x0026, 0x88cc, 0x8809, 0x88f7, 0x8847}) {
        ASSERT_EQ(host.out(build_link(link, type, std::vector<Byte>(46, 0x42))), Reason::sent);
        EXPECT_EQ(source_of(host.last.frame), kMasked);
    }
}
TEST_F(Mask, BrokenIpIsMaskedToo) {
    FrameSpec link;
    link.source_mac = kClusterMac;
    for (const std::uint16_t type : {kEthertypeIpv4, kEthertypeIpv6}) {
        ASSERT_EQ(host.out(build_link(link, type, {})), Reason::sent);
        EXPECT_EQ(source_of(host.last.frame), kMasked);
        ASSERT_EQ(host.out(build_link(link, type, std::vector<Byte>(60, 0xff))), Reason::sent);
        EXPECT_EQ(source_of(host.last.frame), kMasked);
    }
}
TEST_F(Mask, TaggedFramesAreMaskedToo) {
    ArpSpec spec = arp(kArpReply, kVip, kRouter);
    spec.vlans = {3, 4};
    ASSERT_EQ(host.out(build_arp(spec)), Reason::sent);
    EXPECT_EQ(source_of(host.last.frame), kMasked);
    EXPECT_EQ(load_header<ArpPacket>(host.last.frame.data() + kArp + 8).sender_mac, kClusterMac);
}
TEST_F(Mask, AFrameWithoutAHeaderDoesNotLeave) {
    for (std::size_t length = 0; length < 14; ++length)
        EXPECT_EQ(host.out(std::vector<Byte>(length)), Reason::inside_malformed);
}
TEST_F(Mask, ADeeplyTaggedFrameDoesNotLeave) {
    FrameSpec spec = reply_to(tcp(), kTcpAck);
    spec.vlans = {1, 2, 3};
    EXPECT_EQ(host.out(build_frame(spec)), Reason::inside_malformed);
}
TEST_F(Mask, ServersDoNotSpeakForTheCluster) {
    FrameSpec link;
    EXPECT_EQ(host.out(build_link(link, kEthertypeHeartbeat, std::vector<Byte>(64))),
              Reason::inside_control);
    link.vlans = {5};
    EXPECT_EQ(host.out(build_link(link, kEthertypeHeartbeat, std::vector<Byte>(64))),
              Reason::inside_control);
}

TEST_F(Mask, AnAnswerToThePortsOwnArpQuestionStaysInside) {
    std::vector<Byte> frame = build_arp(arp(kArpReply, kVip, kRouter));
    auto packet = load_header<ArpPacket>(frame.data() + kArp);
    packet.target_mac = kInsideMac;
    const auto with = [&](std::uint32_t target_ip, const MacAddress& target_mac) {
        packet.target_ip = be32{target_ip};
        packet.target_mac = target_mac;
        store_header(frame.data() + kArp, packet);
        return host.out(frame);
    };
    EXPECT_EQ(with(0, kInsideMac), Reason::inside_answer);
    EXPECT_EQ(with(0, kClusterMac), Reason::sent) << "another one's";
    EXPECT_EQ(with(kRouter, kInsideMac), Reason::sent) << "not the question of the port";
}
TEST_F(Mask, AnAdvertisementToThePortsOwnAddressStaysInside) {
    std::vector<Byte> frame = build_inside_question(kVip6, kInsideMac);
    auto ip = load_header<Ipv6Header>(frame.data() + kArp);
    const IpAddress port = ip.source;
    ip.source = kVip6;
    const auto to = [&](const IpAddress& destination) {
        ip.destination = destination;
        store_header(frame.data() + kArp, ip);
        frame[kArp + sizeof(Ipv6Header)] = kIcmpv6NeighbourAdvertisement;
        return host.out(frame);
    };
    EXPECT_EQ(to(port), Reason::inside_answer);
    EXPECT_EQ(to(link_local_of(kClusterMac)), Reason::sent);
}

TEST_F(Mask, AnArpQuestionFromAVipNamesTheClusterMac) {
    const ArpPacket packet = sent_arp(arp(kArpRequest, kVip, kRouter));
    EXPECT_EQ(packet.sender_mac, kClusterMac);
    EXPECT_EQ(packet.sender_ip.host(), kVip);
    EXPECT_EQ(source_of(host.last.frame), kMasked);
}
TEST_F(Mask, AnArpQuestionFromADedicatedAddressNamesTheStation) {
    EXPECT_EQ(sent_arp(arp(kArpRequest, dedicated(1), kRouter)).sender_mac, kMasked);
}
TEST_F(Mask, AGratuitousArpForAVipNamesTheClusterMac) {
    EXPECT_EQ(sent_arp(arp(kArpRequest, kVip, kVip)).sender_mac, kClusterMac);
    ArpSpec reply = arp(kArpReply, kVip, kVip);
    reply.target_mac = kInsideMac;
    const ArpPacket packet = sent_arp(reply);
    EXPECT_EQ(packet.sender_mac, kClusterMac);
    EXPECT_EQ(packet.target_mac, kMasked);
}
TEST_F(Mask, InMulticastModesAQuestionNamesNeitherVipNorMulticastMac) {
    for (const LinkMode mode : {LinkMode::multicast, LinkMode::igmp}) {
        Host each(1, mode);
        ASSERT_EQ(each.out(build_arp(arp(kArpRequest, kVip, kRouter))), Reason::sent);
        const auto packet = load_header<ArpPacket>(each.last.frame.data() + kArp);
        EXPECT_EQ(packet.sender_mac, kOutsideMac);
        EXPECT_EQ(packet.sender_ip.host(), dedicated(1));
        EXPECT_EQ(packet.target_ip.host(), kRouter);
        EXPECT_EQ(each.out(build_arp(arp(kArpRequest, kVip, kVip))), Reason::inside_virtual_probe);
    }
}
TEST_F(Mask, AHostWithoutDedicatedAddressAsksWithoutASender) {
    Host each(1, LinkMode::multicast);
    each.tables.address_count = each.tables.vip_count;
    ASSERT_EQ(each.out(build_arp(arp(kArpRequest, kVip, kRouter))), Reason::sent);
    EXPECT_EQ(load_header<ArpPacket>(each.last.frame.data() + kArp).sender_ip.host(), 0U);
}
TEST_F(Mask, AnArpProbeForAVipStaysInside) {
    EXPECT_EQ(host.out(build_arp(arp(kArpRequest, 0, kVip))), Reason::inside_virtual_probe);
    EXPECT_EQ(host.out(build_arp(arp(kArpRequest, 0, dedicated(1)))), Reason::sent);
}
TEST_F(Mask, AShortArpPacketDoesNotLeave) {
    std::vector<Byte> frame = build_arp(arp(kArpRequest, kVip, kRouter));
    frame.resize(frame.size() - 1);
    EXPECT_EQ(host.out(frame), Reason::inside_malformed);
}
TEST_F(Mask, AReverseArpAnnouncementNamesTheStation) {
    ArpSpec spec = arp(3, 0, 0);
    spec.target_mac = kInsideMac;
    std::vector<Byte> frame = build_arp(spec);
    store_big_endian(frame.data() + 12, kEthertypeReverseArp);
    ASSERT_EQ(host.out(frame), Reason::sent);
    const auto packet = load_header<ArpPacket>(host.last.frame.data() + kArp);
    EXPECT_EQ(packet.sender_mac, kMasked);
    EXPECT_EQ(packet.target_mac, kMasked);
}

TEST_F(Mask, ASolicitationFromAVipNamesTheClusterMac) {
    const LinkAddressOption option =
        sent_option(neighbour(kIcmpv6NeighbourSolicitation, kVip6, v6(0, 1)));
    EXPECT_EQ(option.mac, kClusterMac);
    EXPECT_EQ(option.type, kOptionSourceLinkAddress);
}
TEST_F(Mask, ASolicitationFromADedicatedAddressNamesTheStation) {
    EXPECT_EQ(sent_option(neighbour(kIcmpv6NeighbourSolicitation, dedicated6(1), v6(0, 1))).mac,
              kMasked);
}
TEST_F(Mask, AnAdvertisementNamesTheMacOfItsTarget) {
    EXPECT_EQ(sent_option(neighbour(kIcmpv6NeighbourAdvertisement, kVip6, kVip6)).mac, kClusterMac);
    EXPECT_EQ(
        sent_option(neighbour(kIcmpv6NeighbourAdvertisement, dedicated6(1), dedicated6(1))).mac,
        kMasked);
    EXPECT_EQ(sent_option(neighbour(kIcmpv6NeighbourAdvertisement, dedicated6(1), kVip6)).mac,
              kClusterMac);
}
TEST_F(Mask, InMulticastModesASolicitationFromAVipTeachesNobody) {
    Host each(1, LinkMode::multicast);
    ASSERT_EQ(
        each.out(build_neighbour_message(neighbour(kIcmpv6NeighbourSolicitation, kVip6, v6(0, 1)))),
        Reason::sent);
    const auto option = load_header<LinkAddressOption>(each.last.frame.data() + kBody + 24);
    EXPECT_EQ(option.type, 253);
    EXPECT_EQ(option.mac, MacAddress{});
    EXPECT_TRUE(checksum_is_right(each.last.frame));
}
TEST_F(Mask, AProbeForAV6VipStaysInside) {
    NeighbourSpec probe = neighbour(kIcmpv6NeighbourSolicitation, {}, kVip6);
    probe.link_address = {};
    EXPECT_EQ(host.out(build_neighbour_message(probe)), Reason::inside_virtual_probe);
    probe.target = dedicated6(1);
    EXPECT_EQ(host.out(build_neighbour_message(probe)), Reason::sent);
}
TEST_F(Mask, ARouterSolicitationNamesTheStation) {
    FrameSpec spec;
    spec.source_mac = kInsideMac;
    spec.source = dedicated6(1);
    spec.destination = kAllNodes;
    spec.protocol = kProtocolIcmpv6;
    spec.icmp_type = kIcmpv6RouterSolicitation;
    spec.payload = {1, 1, 0x02, 0x0b, 0, 0, 0, 1};
    ASSERT_EQ(host.out(build_frame(spec)), Reason::sent);
    EXPECT_EQ(load_header<LinkAddressOption>(host.last.frame.data() + kBody + 8).mac, kMasked);
    EXPECT_TRUE(checksum_is_right(host.last.frame));
}
TEST_F(Mask, AWrongChecksumStaysWrong) {
    std::vector<Byte> frame =
        build_neighbour_message(neighbour(kIcmpv6NeighbourSolicitation, kVip6, v6(0, 1)));
    frame[kBody + 2] ^= 0x10;
    ASSERT_EQ(host.out(frame), Reason::sent);
    EXPECT_FALSE(checksum_is_right(host.last.frame));
}
TEST_F(Mask, BrokenNeighbourOptionsDoNotLeave) {
    std::vector<Byte> frame =
        build_neighbour_message(neighbour(kIcmpv6NeighbourSolicitation, kVip6, v6(0, 1)));
    frame[kBody + 25] = 0;
    EXPECT_EQ(host.out(frame), Reason::inside_malformed);
}

TEST_F(Mask, BehindTheFenceNoVipAnswers) {
    host.fence_holds = false;
    EXPECT_EQ(host.out(build_frame(reply_to(tcp(), kTcpSyn | kTcpAck))), Reason::fenced);
    EXPECT_EQ(host.out(build_frame(reply_to(over_v6(udp()), 0))), Reason::fenced);
    FrameSpec own = reply_to(tcp(), kTcpAck);
    own.source = IpAddress::v4(dedicated(1));
    EXPECT_EQ(host.out(build_frame(own)), Reason::sent);
    EXPECT_EQ(host.out(build_arp(arp(kArpRequest, dedicated(1), kRouter))), Reason::sent);
}
TEST_F(Mask, WhatLeavesIsNamedFromTheClientsPointOfView) {
    host.out(build_frame(reply_to(tcp(), kTcpAck)));
    EXPECT_EQ(host.last.info.client, IpAddress::v4(kClient));
    EXPECT_EQ(host.last.info.vip, IpAddress::v4(kVip));
    EXPECT_EQ(host.last.info.client_port, 40000);
    EXPECT_EQ(host.last.info.vip_port, 80);
}

}  // namespace
}  // namespace nlb::test
