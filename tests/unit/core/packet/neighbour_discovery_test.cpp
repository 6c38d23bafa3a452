// Neighbour discovery from outside: solicitations for our addresses, advertisements for the inside
// stack (RFC 4861).
#include <gtest/gtest.h>

#include "core/packet/checksum.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr IpAddress kRouter6 = v6(0, 1);
constexpr IpAddress kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr IpAddress kSolicitedNode{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0x80}};
constexpr std::size_t kBody = sizeof(EthernetHeader) + sizeof(Ipv6Header);

NeighbourSpec solicitation(const IpAddress& target = kVip6) {
    NeighbourSpec spec;
    spec.source = kRouter6;
    spec.destination = kSolicitedNode;
    spec.target = target;
    spec.link_address = kClientMac;
    return spec;
}
NeighbourSpec probe(const IpAddress& target = kVip6) {
    NeighbourSpec spec = solicitation(target);
    spec.source = {};
    spec.link_address = {};
    return spec;
}
NeighbourSpec advertisement(const IpAddress& destination, const IpAddress& target = kRouter6) {
    NeighbourSpec spec = solicitation(target);
    spec.type = kIcmpv6NeighbourAdvertisement;
    spec.destination = destination;
    return spec;
}
bool checksum_is_right(const std::vector<Byte>& frame) {
    const auto ip = load_header<Ipv6Header>(frame.data() + sizeof(EthernetHeader));
    const std::size_t length = ip.payload_length.host();
    return checksum_finish(
               checksum_add(pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, length),
                            frame.data() + kBody, length)) == 0;
}
void reseal(std::vector<Byte>& frame) {
    const auto ip = load_header<Ipv6Header>(frame.data() + sizeof(EthernetHeader));
    const std::size_t length = ip.payload_length.host();
    store_big_endian<std::uint16_t>(frame.data() + kBody + 2, 0);
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, length);
    store_big_endian(frame.data() + kBody + 2,
                     checksum_finish(checksum_add(pseudo, frame.data() + kBody, length)));
}

TEST(NeighbourDiscovery, TheDefaultHostAnswersForAVipWithTheClusterMac) {
    Host host(1);
    ASSERT_EQ(host.in(build_neighbour_message(solicitation())), Reason::nd_answered);
    EXPECT_EQ(
        host.last.frame,
        from_hex(
            "02c100000001 0201c0000250 86dd"
            "60000000 0020 3a ff 20010db8000000000000000000000080 20010db8000000000000000000000001"
            "88 00 c667 60000000 20010db8000000000000000000000080"
            "02 01 02bfc0000250"));
    EXPECT_TRUE(checksum_is_right(host.last.frame));
}
TEST(NeighbourDiscovery, AnAnswerGrowsBeyondAQuestionWithoutOption) {
    Host host(1);
    NeighbourSpec spec = solicitation();
    spec.link_address = {};
    const std::vector<Byte> question = build_neighbour_message(spec);
    ASSERT_EQ(host.in(question), Reason::nd_answered);
    EXPECT_EQ(host.last.frame.size(), question.size() + 8);
    EXPECT_TRUE(checksum_is_right(host.last.frame));
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination, kClientMac);
}
TEST(NeighbourDiscovery, AnAnswerThatDoesNotFitIsNotWritten) {
    Host host(1);
    std::vector<Byte> question = build_neighbour_message(probe());
    const std::vector<Byte> before = question;
    Burst burst;
    Counters counters{};
    burst.count = 1;
    const auto size = static_cast<std::uint16_t>(question.size());
    burst.frames[0] = {question.data(), size, size};
    settle_ingress(burst, host.context(), *host.connections, *host.fragments, counters);
    EXPECT_EQ(burst.reasons[0], Reason::no_room);
    EXPECT_EQ(question, before);
}
TEST(NeighbourDiscovery, AProbeIsAnsweredToAllNodesUnsolicited) {
    Host host(1);
    ASSERT_EQ(host.in(build_neighbour_message(probe())), Reason::nd_answered);
    const auto ip = load_header<Ipv6Header>(host.last.frame.data() + 14);
    EXPECT_EQ(ip.destination, kAllNodes);
    EXPECT_EQ(load_header<NeighbourMessage>(host.last.frame.data() + kBody).flags.host(),
              kNeighbourOverride);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination,
              (MacAddress{{0x33, 0x33, 0, 0, 0, 1}}));
    EXPECT_TRUE(checksum_is_right(host.last.frame));
}
TEST(NeighbourDiscovery, TheOtherHostsStaySilent) {
    for (HostId id = 2; id <= kHosts; ++id) {
        Host host(id);
        EXPECT_EQ(host.in(build_neighbour_message(solicitation())), Reason::not_default_host);
    }
}
TEST(NeighbourDiscovery, NobodyAnswersForAVipBehindTheFence) {
    Host host(1);
    host.fence_holds = false;
    EXPECT_EQ(host.in(build_neighbour_message(solicitation())), Reason::fenced);
    EXPECT_EQ(host.in(build_neighbour_message(solicitation(dedicated6(1)))), Reason::nd_answered);
}
TEST(NeighbourDiscovery, ADedicatedAddressIsAnsweredWithTheStationsMac) {
    Host host(2);
    ASSERT_EQ(host.in(build_neighbour_message(solicitation(dedicated6(2)))), Reason::nd_answered);
    EXPECT_EQ(load_header<LinkAddressOption>(host.last.frame.data() + kBody + 24).mac,
              masked_mac(2, IpAddress::v4(kVip)));
    EXPECT_EQ(host.in(build_neighbour_message(solicitation(dedicated6(3)))), Reason::other_host);
    EXPECT_EQ(host.in(build_neighbour_message(solicitation(kClient6))), Reason::nd_not_ours);
}
TEST(NeighbourDiscovery, WhatWasForwardedIsMalformed) {
    Host host(1);
    std::vector<Byte> frame = build_neighbour_message(solicitation());
    frame[14 + 7] = 254;
    EXPECT_EQ(host.in(frame), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AWrongChecksumIsMalformed) {
    Host host(1);
    std::vector<Byte> frame = build_neighbour_message(solicitation());
    frame[kBody + 2] ^= 1;
    EXPECT_EQ(host.in(frame), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AnOptionOfLengthZeroIsMalformed) {
    Host host(1);
    std::vector<Byte> frame = build_neighbour_message(solicitation());
    frame[kBody + 25] = 0;
    reseal(frame);
    EXPECT_EQ(host.in(frame), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AnOptionBeyondTheMessageIsMalformed) {
    Host host(1);
    std::vector<Byte> frame = build_neighbour_message(solicitation());
    frame[kBody + 25] = 2;
    reseal(frame);
    EXPECT_EQ(host.in(frame), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, ACodeOtherThanZeroIsMalformed) {
    Host host(1);
    std::vector<Byte> frame = build_neighbour_message(solicitation());
    frame[kBody + 1] = 1;
    reseal(frame);
    EXPECT_EQ(host.in(frame), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AGroupAsTargetIsMalformed) {
    Host host(1);
    EXPECT_EQ(host.in(build_neighbour_message(solicitation(kAllNodes))), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AMessageCutShortIsMalformed) {
    Host host(1);
    std::vector<Byte> frame = build_neighbour_message(probe());
    frame.resize(frame.size() - 8);
    store_big_endian<std::uint16_t>(frame.data() + 18, 16);
    reseal(frame);
    EXPECT_EQ(host.in(frame), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AProbeThatNamesALinkAddressIsMalformed) {
    Host host(1);
    NeighbourSpec spec = probe();
    spec.link_address = kClientMac;
    EXPECT_EQ(host.in(build_neighbour_message(spec)), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AProbeToAllNodesIsMalformed) {
    Host host(1);
    NeighbourSpec spec = probe();
    spec.destination = kAllNodes;
    EXPECT_EQ(host.in(build_neighbour_message(spec)), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, AdvertisementsForUsReachTheInsideStack) {
    Host host(2);
    EXPECT_EQ(host.in(build_neighbour_message(advertisement(kVip6))), Reason::neighbour_reply);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination, kInsideMac);
    EXPECT_EQ(host.in(build_neighbour_message(advertisement(dedicated6(2)))),
              Reason::neighbour_reply);
    EXPECT_EQ(host.in(build_neighbour_message(advertisement(dedicated6(1)))), Reason::other_host);
    EXPECT_EQ(host.in(build_neighbour_message(advertisement(kClient6))), Reason::nd_not_ours);
    EXPECT_EQ(host.in(build_neighbour_message(advertisement(kAllNodes))), Reason::neighbour_reply);
}
TEST(NeighbourDiscovery, AnAnnouncementOfAVipDoesNotLookLikeADuplicateToTheInsideStack) {
    Host host(2);
    EXPECT_EQ(host.in(build_neighbour_message(advertisement(kAllNodes, kVip6))),
              Reason::virtual_announcement);
}
TEST(NeighbourDiscovery, ASolicitedAdvertisementToAGroupIsMalformed) {
    Host host(2);
    NeighbourSpec spec = advertisement(kAllNodes);
    spec.flags = kNeighbourSolicited;
    EXPECT_EQ(host.in(build_neighbour_message(spec)), Reason::nd_malformed);
}
TEST(NeighbourDiscovery, RouterAdvertisementsReachEveryHost) {
    Host host(3);
    FrameSpec spec;
    spec.source = kRouter6;
    spec.destination = kAllNodes;
    spec.protocol = kProtocolIcmpv6;
    spec.icmp_type = kIcmpv6RouterAdvertisement;
    spec.payload.resize(8);
    spec.destination_mac = {{0x33, 0x33, 0, 0, 0, 1}};
    const std::vector<Byte> frame = build_frame(spec);
    EXPECT_EQ(host.in(frame), Reason::multicast);
    EXPECT_EQ(host.last.frame, frame);
}

constexpr IpAddress kInsideLinkLocal{
    {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x0b, 0, 0xff, 0xfe, 0, 0, 1}};
constexpr IpAddress kRouterLinkLocal{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

TEST(LinkLocal, AQuestionForSuchAnAddressReachesEveryInsideStack) {
    Host host(1);
    NeighbourSpec spec;
    spec.source = kRouterLinkLocal;
    spec.destination = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1}};
    spec.target = kInsideLinkLocal;
    spec.link_address = kClientMac;
    EXPECT_EQ(host.in(build_neighbour_message(spec)), Reason::multicast);
}

TEST(LinkLocal, WhatIsSentToTheStationsMacIsItsInsideStacks) {
    Host host(1);
    FrameSpec spec = over_v6(udp(546));
    spec.source = kRouterLinkLocal;
    spec.destination = kInsideLinkLocal;
    spec.destination_mac = host.tables.masked_mac;
    EXPECT_EQ(host.in(build_frame(spec)), Reason::link_local);
    spec.destination_mac = host.tables.cluster_mac;
    EXPECT_EQ(host.in(build_frame(spec)), Reason::not_our_address);
    NeighbourSpec answer;
    answer.type = kIcmpv6NeighbourAdvertisement;
    answer.source = answer.target = kRouterLinkLocal;
    answer.destination = kInsideLinkLocal;
    answer.flags = kNeighbourSolicited;
    answer.destination_mac = host.tables.masked_mac;
    EXPECT_EQ(host.in(build_neighbour_message(answer)), Reason::link_local);
    answer.destination_mac = host.tables.cluster_mac;
    EXPECT_EQ(host.in(build_neighbour_message(answer)), Reason::nd_not_ours);
    NeighbourSpec question = answer;
    question.type = kIcmpv6NeighbourSolicitation;
    question.target = kInsideLinkLocal;
    question.destination_mac = host.tables.masked_mac;
    EXPECT_EQ(host.in(build_neighbour_message(question)), Reason::link_local)
        << "is the neighbour still there";
}

}  // namespace
}  // namespace nlb::test
