// What is well-formed, what is not, and by which reason; all against host 1, whose tables would
// accept a good packet.
#include <gtest/gtest.h>

#include "core/packet/checksum.hpp"
#include "tests/unit/core/flow/fragment_frames.hpp"

namespace nlb::test {
namespace {

constexpr std::size_t kIp = sizeof(EthernetHeader);
constexpr std::size_t kTcp4 = kIp + sizeof(Ipv4Header);

struct Parse : ::testing::Test {
    Host host{1};
    FrameSpec good = served_by(host, tcp());
    std::vector<Byte> frame = build_frame(good);

    void seal_v4(std::vector<Byte>& bytes, std::size_t header_bytes = sizeof(Ipv4Header)) {
        store_big_endian<std::uint16_t>(bytes.data() + kIp + 10, 0);
        store_big_endian(bytes.data() + kIp + 10, checksum_of(bytes.data() + kIp, header_bytes));
    }
    Reason with_v4(std::size_t offset, std::uint16_t value) {
        store_big_endian(frame.data() + kIp + offset, value);
        seal_v4(frame);
        return host.in(frame);
    }
    // What a DHCP client sends before it has an address.
    Reason nameless_to(std::uint32_t destination, std::uint16_t port) {
        FrameSpec spec = udp(port, 0, 68);
        spec.destination = IpAddress::v4(destination);
        return host.in(build_frame(spec));
    }
    Reason from_to(std::uint32_t source, std::uint32_t destination) {
        FrameSpec spec = good;
        spec.source = IpAddress::v4(source);
        spec.destination = IpAddress::v4(destination);
        return host.in(build_frame(spec));
    }
    Reason from_to_v6(const IpAddress& source, const IpAddress& destination) {
        std::vector<Byte> bytes = build_frame(over_v6(good));
        store_header(bytes.data() + kIp + 8, source);
        store_header(bytes.data() + kIp + 24, destination);
        return host.in(bytes);
    }
    // A TCP packet to the IPv6 VIP behind a chain of extension headers; `first` is the type of the
    // chain's first one.
    std::vector<Byte> behind(std::uint8_t first, const std::vector<Byte>& chain) {
        std::vector<Byte> bytes = build_frame(served_by(host, over_v6(tcp())));
        bytes[kIp + 6] = first;
        bytes.insert(bytes.begin() + kIp + sizeof(Ipv6Header), chain.begin(), chain.end());
        store_big_endian(bytes.data() + kIp + 4,
                         static_cast<std::uint16_t>(bytes.size() - kIp - sizeof(Ipv6Header)));
        return bytes;
    }
};

std::vector<Byte> options(std::uint8_t next) {
    return {next, 0, 1, 4, 0, 0, 0, 0};
}
std::vector<Byte> fragment(std::uint8_t next, std::uint16_t offset_more) {
    return {next, 0, static_cast<Byte>(offset_more >> 8), static_cast<Byte>(offset_more), 0, 0,
            0,    9};
}

TEST_F(Parse, AGoodPacketIsAccepted) {
    EXPECT_EQ(host.in(frame), Reason::new_flow);
}
TEST_F(Parse, EveryPrefixOfAGoodPacketIsDropped) {
    for (std::size_t length = 0; length < frame.size(); ++length) {
        const Reason reason =
            host.in({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length)});
        EXPECT_EQ(reason, length < kTcp4 ? Reason::truncated : Reason::ip_total_length) << length;
    }
}
TEST_F(Parse, EveryPrefixOfAGoodV6PacketIsDropped) {
    frame = build_frame(over_v6(good));
    for (std::size_t length = 0; length < frame.size(); ++length) {
        const Reason reason =
            host.in({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length)});
        EXPECT_EQ(reason,
                  length < kIp + sizeof(Ipv6Header) ? Reason::truncated : Reason::ip_total_length)
            << length;
    }
}
TEST_F(Parse, PaddingIsFine) {
    frame.resize(frame.size() + 6);
    EXPECT_EQ(host.in(frame), Reason::new_flow);
}
TEST_F(Parse, WhoAsksEverybodyForAnAddressHasNoneYet) {
    constexpr std::uint32_t kEverybody = 0xffff'ffff;
    EXPECT_EQ(nameless_to(kEverybody, 67), Reason::broadcast);
    EXPECT_EQ(nameless_to(kSubnetBroadcast, 67), Reason::broadcast);
    EXPECT_EQ(nameless_to(0xe000'0001, 67), Reason::multicast);
}
TEST_F(Parse, NobodyElseSendsFromTheUnspecifiedAddress) {
    constexpr std::uint32_t kEverybody = 0xffff'ffff;
    EXPECT_EQ(nameless_to(kEverybody, 68), Reason::martian_unspecified);
    EXPECT_EQ(nameless_to(kEverybody, 53), Reason::martian_unspecified);
    for (const std::uint32_t one : {kVip, dedicated(1), dedicated(2), kRouter, 0x7f00'0001U, 0U})
        EXPECT_EQ(nameless_to(one, 67), Reason::martian_unspecified);
    FrameSpec spec = udp(67);
    spec.source = IpAddress::v4(0);
    spec.destination = IpAddress::v4(kEverybody);
    std::vector<Byte> bytes = build_frame(spec);
    store_big_endian(bytes.data() + kIp + 6, kIpv4MoreFragments);
    seal_v4(bytes);
    EXPECT_EQ(host.in(bytes), Reason::martian_unspecified);
    spec.protocol = kProtocolTcp;
    EXPECT_EQ(host.in(build_frame(spec)), Reason::martian_unspecified);
}
TEST_F(Parse, AnErrorAboutAPacketToTheUnspecifiedAddressIsNoMartian) {
    FrameSpec about = udp(67);
    about.source = IpAddress::v4(0);
    EXPECT_NE(host.in(build_frame(error_about(about, 3))), Reason::martian_unspecified);
}
TEST_F(Parse, TheWrongVersionInAnIpv4FrameIsDropped) {
    frame[kIp] = 0x65;
    EXPECT_EQ(host.in(frame), Reason::ip_version);
}
TEST_F(Parse, TheWrongVersionInAnIpv6FrameIsDropped) {
    frame = build_frame(over_v6(good));
    frame[kIp] = 0x45;
    EXPECT_EQ(host.in(frame), Reason::ip_version);
}
TEST_F(Parse, AHeaderOfLessThanTwentyBytesIsImpossible) {
    frame[kIp] = 0x44;
    EXPECT_EQ(host.in(frame), Reason::ip_header_length);
}
TEST_F(Parse, AHeaderBeyondTheFrameIsImpossible) {
    frame.resize(kTcp4 + 20);
    frame[kIp] = 0x4f;
    EXPECT_EQ(host.in(frame), Reason::ip_header_length);
}
TEST_F(Parse, ATotalLengthShorterThanTheHeaderIsImpossible) {
    EXPECT_EQ(with_v4(2, 19), Reason::ip_total_length);
}
TEST_F(Parse, ATotalLengthBeyondTheFrameIsImpossible) {
    EXPECT_EQ(with_v4(2, 41), Reason::ip_total_length);
}
TEST_F(Parse, AWrongChecksumIsDropped) {
    frame[kIp + 8] ^= 1;
    EXPECT_EQ(host.in(frame), Reason::ip_checksum);
}
TEST_F(Parse, Ipv4OptionsAreSteppedOver) {
    const std::vector<Byte> record_route{7, 7, 4, 0, 0, 0, 0, 0};
    frame.insert(frame.begin() + kTcp4, record_route.begin(), record_route.end());
    frame[kIp] = 0x47;
    store_big_endian<std::uint16_t>(frame.data() + kIp + 2, 48);
    seal_v4(frame, 28);
    EXPECT_EQ(host.in(frame), Reason::new_flow);
    EXPECT_EQ(host.last.info.vip_port, 80);
}

TEST_F(Parse, AnUnspecifiedSourceIsMartian) {
    EXPECT_EQ(from_to(0, kVip), Reason::martian_unspecified);
    EXPECT_EQ(from_to(0x00000001, kVip), Reason::martian_unspecified);
}
TEST_F(Parse, ALoopbackSourceIsMartian) {
    EXPECT_EQ(from_to(0x7f000001, kVip), Reason::martian_loopback);
}
TEST_F(Parse, ALoopbackDestinationIsMartian) {
    EXPECT_EQ(from_to(kClient, 0x7f000001), Reason::martian_loopback);
}
TEST_F(Parse, AMulticastSourceIsMartian) {
    EXPECT_EQ(from_to(0xe0000001, kVip), Reason::martian_multicast);
}
TEST_F(Parse, TheBroadcastSourceIsMartian) {
    EXPECT_EQ(from_to(0xffffffff, kVip), Reason::martian_broadcast);
}
TEST_F(Parse, ASubnetBroadcastSourceIsMartian) {
    EXPECT_EQ(from_to(kSubnetBroadcast, kVip), Reason::martian_broadcast);
}
TEST_F(Parse, APacketFromAVipToItselfIsMartian) {
    EXPECT_EQ(from_to(kVip, kVip), Reason::martian_land);
}
TEST_F(Parse, V6MartiansHaveTheSameReasons) {
    constexpr IpAddress kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    constexpr IpAddress kGroup{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    EXPECT_EQ(from_to_v6({}, kVip6), Reason::martian_unspecified);
    EXPECT_EQ(from_to_v6(kLoopback, kVip6), Reason::martian_loopback);
    EXPECT_EQ(from_to_v6(kClient6, kLoopback), Reason::martian_loopback);
    EXPECT_EQ(from_to_v6(kGroup, kVip6), Reason::martian_multicast);
    EXPECT_EQ(from_to_v6(kVip6, kVip6), Reason::martian_land);
}
TEST_F(Parse, AMappedAddressIsNotTakenForTheIpv4Vip) {
    EXPECT_EQ(from_to_v6(kClient6, IpAddress::v4(kVip)), Reason::martian_mapped);
    EXPECT_EQ(from_to_v6(IpAddress::v4(kClient), kVip6), Reason::martian_mapped);
}

TEST_F(Parse, ATcpHeaderMustBeWhole) {
    frame.resize(kTcp4 + 19);
    EXPECT_EQ(with_v4(2, 39), Reason::transport_header);
}
TEST_F(Parse, ATcpDataOffsetBelowFiveIsImpossible) {
    frame[kTcp4 + 12] = 4 << 4;
    EXPECT_EQ(host.in(frame), Reason::transport_header);
}
TEST_F(Parse, ATcpDataOffsetBeyondThePacketIsImpossible) {
    frame[kTcp4 + 12] = 6 << 4;
    EXPECT_EQ(host.in(frame), Reason::transport_header);
}
TEST_F(Parse, AUdpLengthBeyondThePacketIsImpossible) {
    frame = build_frame(udp());
    store_big_endian<std::uint16_t>(frame.data() + kTcp4 + 4, 9);
    EXPECT_EQ(host.in(frame), Reason::transport_header);
    store_big_endian<std::uint16_t>(frame.data() + kTcp4 + 4, 7);
    EXPECT_EQ(host.in(frame), Reason::transport_header);
}
TEST_F(Parse, AnIcmpHeaderMustBeWhole) {
    frame = build_frame(echo());
    frame.resize(kTcp4 + 7);
    EXPECT_EQ(with_v4(2, 27), Reason::transport_header);
}

TEST_F(Parse, AFirstFragmentWithItsHeaderIsClassified) {
    FrameSpec spec = tcp();
    spec.payload = {1, 2, 3, 4};
    frame = build_frame(spec);
    EXPECT_EQ(with_v4(6, kIpv4MoreFragments), Reason::new_flow);
    EXPECT_NE(host.last.info.traits & kTraitFirstFragment, 0);
}
TEST_F(Parse, ATinyFirstFragmentIsDropped) {
    frame.resize(kTcp4 + 16);
    store_big_endian<std::uint16_t>(frame.data() + kIp + 2, 36);
    EXPECT_EQ(with_v4(6, kIpv4MoreFragments), Reason::fragment_tiny);
}
TEST_F(Parse, ATcpFragmentAtOffsetEightIsDropped) {
    EXPECT_EQ(with_v4(6, 1), Reason::fragment_tiny);
}
TEST_F(Parse, ALaterFragmentForAVipWaitsForTheFirstOne) {
    EXPECT_EQ(with_v4(6, 5), Reason::fragment_held);
}
TEST_F(Parse, AFragmentThatWouldEndBeyondADatagramIsDropped) {
    EXPECT_EQ(with_v4(6, 0x1fff), Reason::ip_total_length);
}
TEST_F(Parse, DontFragmentIsNoFragment) {
    EXPECT_EQ(with_v4(6, 0x4000), Reason::new_flow);
}
TEST_F(Parse, AFirstUdpFragmentMayAnnounceMoreThanItHolds) {
    frame = build_frame(served_by(host, udp()));
    store_big_endian<std::uint16_t>(frame.data() + kTcp4 + 4, 4000);
    EXPECT_EQ(with_v4(6, kIpv4MoreFragments), Reason::owner);
}

TEST_F(Parse, ExtensionHeadersAreSteppedOver) {
    std::vector<Byte> chain = options(kProtocolDestinationOptions);
    const std::vector<Byte> second = options(kProtocolTcp);
    chain.insert(chain.end(), second.begin(), second.end());
    EXPECT_EQ(host.in(behind(kProtocolHopByHop, chain)), Reason::new_flow);
    EXPECT_EQ(host.last.info.vip_port, 80);
}
TEST_F(Parse, AnAuthenticationHeaderIsASessionsAndEndsTheChain) {
    EXPECT_EQ(
        host.in(behind(kProtocolAuthentication,
                       {kProtocolTcp, 4,  0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                        10,           11, 12})),
        Reason::new_flow);
    EXPECT_EQ(host.last.info.protocol, kProtocolAuthentication);
    EXPECT_NE(host.last.info.traits & kTraitSession, 0);
}
TEST_F(Parse, HopByHopOptionsComeFirstOrNotAtAll) {
    std::vector<Byte> chain = options(kProtocolHopByHop);
    const std::vector<Byte> second = options(kProtocolTcp);
    chain.insert(chain.end(), second.begin(), second.end());
    EXPECT_EQ(host.in(behind(kProtocolDestinationOptions, chain)), Reason::ip_extension_headers);
}
TEST_F(Parse, EightExtensionHeadersAreTheMost) {
    std::vector<Byte> chain;
    for (int n = 1; n <= 9; ++n) {
        std::vector<Byte> whole = chain;
        const std::vector<Byte> final_header = options(kProtocolTcp);
        whole.insert(whole.end(), final_header.begin(), final_header.end());
        EXPECT_EQ(host.in(behind(kProtocolDestinationOptions, whole)),
                  n == 1   ? Reason::new_flow
                  : n <= 8 ? Reason::owner
                           : Reason::ip_extension_headers);
        const std::vector<Byte> link = options(kProtocolDestinationOptions);
        chain.insert(chain.end(), link.begin(), link.end());
    }
}
TEST_F(Parse, AnExtensionHeaderBeyondThePacketIsDropped) {
    std::vector<Byte> chain = options(kProtocolTcp);
    chain[1] = 200;
    EXPECT_EQ(host.in(behind(kProtocolDestinationOptions, chain)), Reason::ip_extension_headers);
}
TEST_F(Parse, ASourceRouteWithSegmentsLeftIsDropped) {
    EXPECT_EQ(host.in(behind(kProtocolRouting, {kProtocolTcp, 0, 0, 1, 0, 0, 0, 0})),
              Reason::ip_extension_headers);
    EXPECT_EQ(host.in(behind(kProtocolRouting, {kProtocolTcp, 0, 0, 0, 0, 0, 0, 0})),
              Reason::new_flow);
}
TEST_F(Parse, AnAtomicFragmentIsAWholePacket) {
    EXPECT_EQ(host.in(behind(kProtocolFragment, fragment(kProtocolTcp, 0))), Reason::new_flow);
    EXPECT_EQ(host.last.info.traits & kTraitFirstFragment, 0);
}
TEST_F(Parse, AFirstV6FragmentIsClassified) {
    const FrameSpec spec = over_v6(large_udp(2000));
    EXPECT_EQ(host.in(Datagram(spec).piece(0, 1280)),
              bucket_on(host, spec) % kHosts == 0 ? Reason::owner : Reason::not_owner);
    EXPECT_NE(host.last.info.traits & kTraitFirstFragment, 0);
}
TEST_F(Parse, ALaterV6FragmentIsRecognised) {
    EXPECT_EQ(host.in(behind(kProtocolFragment, fragment(kProtocolUdp, 1281))),
              Reason::fragment_malformed)
        << "20 bytes, and more to come";
    EXPECT_EQ(host.in(behind(kProtocolFragment, fragment(kProtocolUdp, 1280))),
              Reason::fragment_held);
}
TEST_F(Parse, ATinyFirstV6FragmentIsDropped) {
    std::vector<Byte> bytes = behind(kProtocolFragment, fragment(kProtocolTcp, 1));
    bytes.resize(bytes.size() - 4);
    store_big_endian(bytes.data() + kIp + 4,
                     static_cast<std::uint16_t>(bytes.size() - kIp - sizeof(Ipv6Header)));
    EXPECT_EQ(host.in(bytes), Reason::fragment_tiny);
}
TEST_F(Parse, TwoFragmentHeadersAreNonsense) {
    std::vector<Byte> chain = fragment(kProtocolFragment, 1);
    const std::vector<Byte> second = fragment(kProtocolTcp, 1);
    chain.insert(chain.end(), second.begin(), second.end());
    EXPECT_EQ(host.in(behind(kProtocolFragment, chain)), Reason::fragment_tiny);
}
TEST_F(Parse, APayloadLengthBeyondTheFrameIsImpossible) {
    frame = build_frame(over_v6(good));
    frame[kIp + 5] = 21;
    EXPECT_EQ(host.in(frame), Reason::ip_total_length);
}

TEST_F(Parse, AnIcmpErrorTakesTheQuotedFlowsName) {
    host.in(build_frame(error_about(tcp(kTcpAck), 3)));
    EXPECT_NE(host.last.info.traits & kTraitIcmpError, 0);
    EXPECT_EQ(host.last.info.client, IpAddress::v4(kClient));
    EXPECT_EQ(host.last.info.client_port, 40000);
    EXPECT_EQ(host.last.info.vip_port, 80);
    EXPECT_EQ(host.last.info.protocol, kProtocolTcp);
    EXPECT_EQ(host.last.rule, kHttp);
}
TEST_F(Parse, AnIcmpErrorThatQuotesNoPortsIsDropped) {
    EXPECT_EQ(host.in(build_frame(error_about(tcp(kTcpAck), 3, 3))), Reason::transport_header);
}
TEST_F(Parse, AnIcmpv6PacketTooBigTakesTheQuotedFlowsName) {
    host.in(build_frame(error_about(over_v6(tcp(kTcpAck)), 2)));
    EXPECT_EQ(host.last.info.client, kClient6);
    EXPECT_EQ(host.last.info.vip_port, 80);
    EXPECT_EQ(host.last.rule, kHttp);
}
TEST_F(Parse, AnIcmpv6ErrorOfAnUndefinedTypeDoesTooWhereItQuotesAPacket) {
    for (const std::uint8_t type : {std::uint8_t{0}, std::uint8_t{5}, std::uint8_t{100},
                                    std::uint8_t{101}, std::uint8_t{127}}) {
        host.in(build_frame(error_about(over_v6(tcp(kTcpAck)), type)));
        EXPECT_NE(host.last.info.traits & kTraitIcmpError, 0) << unsigned{type};
        EXPECT_EQ(host.last.info.client, kClient6);
        EXPECT_EQ(host.last.rule, kHttp);
    }
    host.in(build_frame(error_about(over_v6(tcp(kTcpAck)), 129)));
    EXPECT_EQ(host.last.info.traits & kTraitIcmpError, 0) << "an echo reply quotes nothing";
}
TEST_F(Parse, AnIcmpv6ErrorOfAnUndefinedTypeThatQuotesNothingIsAPacketLikeOthers) {
    const FrameSpec whole = error_about(over_v6(tcp(kTcpAck)), 100);
    for (std::size_t kept = 0; kept < 44; ++kept) {
        FrameSpec cut = whole;
        cut.payload.resize(kept);
        host.in(build_frame(cut));
        EXPECT_NE(host.last.reason, Reason::transport_header) << kept;
        EXPECT_EQ(host.last.info.traits & kTraitIcmpError, 0) << kept;
        EXPECT_EQ(host.last.info.client, cut.source) << kept;
        EXPECT_EQ(host.last.info.protocol, kProtocolIcmpv6) << kept;
        EXPECT_EQ(host.last.rule, kDefaultRule) << kept;
    }
    FrameSpec defined = error_about(over_v6(tcp(kTcpAck)), 2);
    defined.payload.resize(20);
    EXPECT_EQ(host.in(build_frame(defined)), Reason::transport_header);
}
TEST_F(Parse, AnErrorAboutSomebodyElsesPacketGoesToTheDefaultHost) {
    FrameSpec error = error_about(tcp(kTcpAck), 3);
    error.destination = IpAddress::v4(kSecondVip);
    host.in(build_frame(error));
    EXPECT_EQ(host.last.rule, kDefaultRule);
    EXPECT_EQ(host.last.info.traits & kTraitIcmpError, 0);
}

}  // namespace
}  // namespace nlb::test
