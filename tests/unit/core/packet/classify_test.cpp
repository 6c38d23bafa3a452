// Destination, rule, bucket, and the owners that need no descriptor.
#include <gtest/gtest.h>
#include <numeric>

#include "core/packet/checksum.hpp"
#include "core/tables/affinity_hash.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

struct Classify : ::testing::Test {
    Host host{1};

    RuleId rule_of(FrameSpec spec) {
        host.in(build_frame(spec));
        return host.last.rule;
    }
    static FrameSpec to(FrameSpec spec, std::uint32_t destination, std::uint16_t port) {
        spec.destination = IpAddress::v4(destination);
        spec.destination_port = port;
        return spec;
    }
};

TEST_F(Classify, OwnDedicatedAddressesAreAccepted) {
    EXPECT_EQ(host.in(build_frame(to(tcp(), dedicated(1), 22))), Reason::dedicated);
    EXPECT_EQ(host.last.rule, kNoRule);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination, kInsideMac);
    FrameSpec six = over_v6(tcp());
    six.destination = dedicated6(1);
    EXPECT_EQ(host.in(build_frame(six)), Reason::dedicated);
}
TEST_F(Classify, RemoteControlIsConsumedAtEveryAddressOfThisHostAndBehindTheFence) {
    for (const bool holds : {true, false}) {
        host.fence_holds = holds;
        host.tables.remote_port = 2504;
        EXPECT_EQ(host.in(build_frame(to(udp(), kVip, 2504))), Reason::remote_control);
        EXPECT_EQ(host.last.rule, kNoRule);
        EXPECT_EQ(host.in(build_frame(to(udp(), kSecondVip, 2504))), Reason::remote_control);
        EXPECT_EQ(host.in(build_frame(to(udp(), dedicated(1), 2504))), Reason::remote_control);
        EXPECT_EQ(host.in(build_frame(to(udp(), dedicated(2), 2504))), Reason::other_host);
        FrameSpec six = over_v6(udp());
        six.destination_port = 2504;
        EXPECT_EQ(host.in(build_frame(six)), Reason::remote_control);
        EXPECT_NE(host.in(build_frame(to(tcp(), kVip, 2504))), Reason::remote_control);
        EXPECT_NE(host.in(build_frame(to(udp(), kVip, 2505))), Reason::remote_control);
        host.tables.remote_port = 0;
        EXPECT_NE(host.in(build_frame(to(udp(), kVip, 2504))), Reason::remote_control);
        EXPECT_NE(host.in(build_frame(to(udp(), kVip, 0))), Reason::remote_control);
        EXPECT_EQ(host.in(build_frame(to(udp(), dedicated(1), 2504))), Reason::dedicated);
    }
}
TEST_F(Classify, OwnDedicatedAddressesAreAcceptedBehindTheFence) {
    host.fence_holds = false;
    EXPECT_EQ(host.in(build_frame(to(tcp(), dedicated(1), 22))), Reason::dedicated);
}
TEST_F(Classify, LaterFragmentsForADedicatedAddressAreAccepted) {
    std::vector<Byte> frame = build_frame(to(udp(), dedicated(1), 53));
    store_big_endian<std::uint16_t>(frame.data() + 20, 5);
    store_big_endian<std::uint16_t>(frame.data() + 24, 0);
    store_big_endian(frame.data() + 24, checksum_of(frame.data() + 14, 20));
    EXPECT_EQ(host.in(frame), Reason::dedicated);
}
TEST_F(Classify, HostsReachEachOtherByDedicatedAddresses) {
    FrameSpec spec = to(tcp(), dedicated(1), 22);
    spec.source = IpAddress::v4(dedicated(2));
    EXPECT_EQ(host.in(build_frame(spec)), Reason::dedicated);
    spec.destination = IpAddress::v4(dedicated(3));
    EXPECT_EQ(host.in(build_frame(spec)), Reason::other_host);
}
TEST_F(Classify, AnotherHostsDedicatedAddressIsRejected) {
    EXPECT_EQ(host.in(build_frame(to(tcp(), dedicated(2), 22))), Reason::other_host);
}
TEST_F(Classify, AForeignAddressIsDropped) {
    EXPECT_EQ(host.in(build_frame(to(tcp(), 0xc0000263, 80))), Reason::not_our_address);
}
TEST_F(Classify, BroadcastAndMulticastReachEveryHost) {
    for (HostId id = 1; id <= kHosts; ++id) {
        Host each(id);
        EXPECT_EQ(each.in(build_frame(to(udp(), 0xffffffff, 67))), Reason::broadcast);
        EXPECT_EQ(each.in(build_frame(to(udp(), kSubnetBroadcast, 67))), Reason::broadcast);
        EXPECT_EQ(each.in(build_frame(to(udp(), 0xe00000fb, 5353))), Reason::multicast);
    }
}
TEST_F(Classify, AGroupDestinationMacStaysForBroadcastsOnly) {
    FrameSpec spec = to(udp(), kSubnetBroadcast, 67);
    spec.destination_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    host.in(build_frame(spec));
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination,
              spec.destination_mac);
    spec = served_by(host, tcp());
    spec.destination_mac = {{0x03, 0xbf, 192, 0, 2, 80}};
    ASSERT_EQ(host.in(build_frame(spec)), Reason::new_flow);
    EXPECT_EQ(load_header<EthernetHeader>(host.last.frame.data()).destination, kInsideMac);
}
TEST_F(Classify, NothingButTheDestinationMacChangesOnTheWayIn) {
    const std::vector<Byte> frame = build_frame(served_by(host, tcp()));
    ASSERT_EQ(host.in(frame), Reason::new_flow);
    ASSERT_EQ(host.last.frame.size(), frame.size());
    EXPECT_TRUE(std::equal(frame.begin() + 6, frame.end(), host.last.frame.begin() + 6));
}

TEST_F(Classify, ARuleMatchesProtocolAndPort) {
    EXPECT_EQ(rule_of(tcp()), kHttp);
    EXPECT_EQ(rule_of(udp(53)), kDns);
    EXPECT_EQ(rule_of(to(tcp(), kVip, 53)), kDns);
    EXPECT_EQ(rule_of(udp(80)), kDefaultRule);
    EXPECT_EQ(rule_of(to(tcp(), kVip, 81)), kDefaultRule);
}
TEST_F(Classify, ARuleForOneVipBeatsOneForAll) {
    EXPECT_EQ(rule_of(to(tcp(), kSecondVip, 80)), kSecondHttp);
    EXPECT_EQ(rule_of(over_v6(tcp())), kHttp);
}
TEST_F(Classify, TheOrderOfTheRulesDoesNotMatter) {
    std::swap(host.tables.rules[kHttp], host.tables.rules[kSecondHttp]);
    EXPECT_EQ(rule_of(to(tcp(), kSecondVip, 80)), kHttp);
    EXPECT_EQ(rule_of(tcp()), kSecondHttp);
}
TEST_F(Classify, EachPacketOfABurstHasItsOwnRule) {
    std::vector<std::vector<Byte>> frames{build_frame(tcp()), build_frame(udp()),
                                          build_frame(to(tcp(), kSecondVip, 80)),
                                          build_frame(to(tcp(), kVip, 53)), build_frame(tcp())};
    Burst burst;
    Counters counters{};
    for (std::vector<Byte>& frame : frames) {
        const auto size = static_cast<std::uint16_t>(frame.size());
        burst.frames[burst.count++] = {frame.data(), size, size};
    }
    settle_ingress(burst, host.context(), *host.connections, *host.fragments, counters);
    EXPECT_EQ(burst.rule_at(0), kHttp);
    EXPECT_EQ(burst.rule_at(1), kDns);
    EXPECT_EQ(burst.rule_at(2), kSecondHttp);
    EXPECT_EQ(burst.rule_at(3), kDns);
    EXPECT_EQ(burst.rule_at(4), kHttp);
}
TEST_F(Classify, ARuleForOneVipCoversNoOther) {
    EXPECT_EQ(rule_of(to(tcp(), kSecondVip, 8443)), kAdmin);
    EXPECT_EQ(rule_of(to(tcp(), kVip, 8443)), kDefaultRule);
}
TEST_F(Classify, ADisabledRuleDropsOnEveryHost) {
    for (HostId id = 1; id <= kHosts; ++id) {
        Host each(id);
        EXPECT_EQ(each.in(build_frame(to(tcp(), kVip, 100))), Reason::rule_disabled);
        EXPECT_EQ(each.in(build_frame(to(udp(), kVip, 200))), Reason::rule_disabled);
        EXPECT_NE(each.in(build_frame(to(tcp(), kVip, 201))), Reason::rule_disabled);
    }
}
TEST_F(Classify, ADisabledRuleDropsBehindTheFenceToo) {
    host.fence_holds = false;
    EXPECT_EQ(host.in(build_frame(to(tcp(), kVip, 100))), Reason::rule_disabled);
}
TEST_F(Classify, ASingleRuleIsServedByOneHost) {
    for (HostId id = 1; id <= kHosts; ++id) {
        Host each(id);
        EXPECT_EQ(each.in(build_frame(to(tcp(), kSecondVip, 8443))),
                  id == 2 ? Reason::new_flow : Reason::not_owner);
    }
}
TEST_F(Classify, WhatNoRuleCoversIsTheDefaultHosts) {
    for (HostId id = 1; id <= kHosts; ++id) {
        Host each(id);
        EXPECT_EQ(each.in(build_frame(udp(9))), id == 1 ? Reason::owner : Reason::not_owner);
        FrameSpec sctp = tcp();
        sctp.protocol = 132;
        EXPECT_EQ(each.in(build_frame(sctp)), id == 1 ? Reason::owner : Reason::not_owner);
    }
}
TEST_F(Classify, SingleAffinityIgnoresPorts) {
    const BucketId bucket = bucket_on(host, tcp());
    for (std::uint16_t port = 1; port < 200; ++port)
        EXPECT_EQ(bucket_on(host, tcp(kTcpSyn, kClient, port)), bucket);
}
TEST_F(Classify, AffinityNoneSpreadsOneClientsPorts) {
    std::uint64_t seen = 0;
    for (std::uint16_t port = 1; port < 1000; ++port)
        seen |= std::uint64_t{1} << bucket_on(host, udp(53, kClient, port));
    EXPECT_EQ(seen, kAllBuckets);
}
TEST_F(Classify, NetworkAffinityKeepsNeighboursTogether) {
    const BucketId bucket = bucket_on(host, to(tcp(), kVip, 8080));
    for (std::uint32_t i = 0; i < 100; ++i)
        EXPECT_EQ(bucket_on(host, to(tcp(kTcpSyn, kClient + i), kVip, 8080)), bucket);
}
TEST_F(Classify, TheBucketIsTheHashsPlace) {
    host.in(build_frame(tcp()));
    EXPECT_EQ(host.last.bucket,
              bucket_of(affinity_hash(host.tables.hash_key, IpAddress::v4(kClient), 0)));
    EXPECT_EQ(host.last.owner, owner_of(kHttp, host.last.bucket));
}

TEST_F(Classify, OneHostAnswersAPing) {
    for (HostId id = 1; id <= kHosts; ++id) {
        Host each(id);
        EXPECT_EQ(each.in(build_frame(echo())), id == 1 ? Reason::owner : Reason::not_owner);
        EXPECT_EQ(each.in(build_frame(over_v6(echo()))),
                  id == 1 ? Reason::owner : Reason::not_owner);
    }
}
TEST_F(Classify, AllHostsAnswerAPingWhenToldTo) {
    for (HostId id = 1; id <= kHosts; ++id) {
        Host each(id);
        each.tables.icmp = IcmpMode::all;
        EXPECT_EQ(each.in(build_frame(echo())), Reason::echo_all);
        each.fence_holds = false;
        EXPECT_EQ(each.in(build_frame(echo())), Reason::fenced);
    }
}
TEST_F(Classify, AnIcmpErrorFollowsTheQuotedUdpFlow) {
    for (const auto& flow : {udp(53, kClient, 1), udp(53, kClient, 2), udp(53, kClient, 3),
                             over_v6(udp(53, kClient, 4))}) {
        for (HostId id = 1; id <= kHosts; ++id) {
            Host each(id);
            const Reason of_flow = each.in(build_frame(flow));
            EXPECT_EQ(each.in(build_frame(error_about(flow, 3))), of_flow);
        }
    }
}
TEST_F(Classify, AnErrorAboutAnEchoReplyIsTheDefaultHosts) {
    FrameSpec error = error_about(echo(), 3);
    EXPECT_EQ(host.in(build_frame(error)), Reason::owner);
    EXPECT_EQ(host.last.rule, kDefaultRule);
}

TEST_F(Classify, UdpIsDecidedByItsBucketAlone) {
    const FrameSpec mine = served_by(host, udp());
    const FrameSpec others = served_by(host, udp(), false);
    EXPECT_EQ(host.in(build_frame(mine)), Reason::owner);
    EXPECT_EQ(host.in(build_frame(others)), Reason::not_owner);
    EXPECT_EQ(host.connections->look_ups(), 0U);
}
TEST_F(Classify, BehindTheFenceNothingForAVipPasses) {
    const FrameSpec flow = served_by(host, tcp());
    host.in(build_frame(flow));
    host.fence_holds = false;
    for (const std::uint8_t flags : {kTcpSyn, kTcpAck, kTcpRst}) {
        FrameSpec spec = flow;
        spec.tcp_flags = flags;
        EXPECT_EQ(host.in(build_frame(spec)), Reason::fenced);
    }
    EXPECT_EQ(host.in(build_frame(served_by(host, udp()))), Reason::fenced);
    EXPECT_EQ(host.in(build_frame(echo())), Reason::fenced);
    EXPECT_EQ(host.in(build_frame(error_about(flow, 3))), Reason::fenced);
    EXPECT_EQ(host.connections->size(), 1U);
}
TEST_F(Classify, ABucketThatNobodyHandlesHasItsOwnReason) {
    host.tables.own[kDns] = 0;
    host.tables.owner[kDns] = {};
    EXPECT_EQ(host.in(build_frame(udp())), Reason::no_owner);
}
TEST_F(Classify, EveryPacketCountsOneReasonAndItsRule) {
    std::vector<std::vector<Byte>> frames{build_frame(served_by(host, udp())),
                                          build_frame(served_by(host, udp(), false)),
                                          build_frame(to(tcp(), dedicated(1), 22)),
                                          {1, 2, 3}};
    Burst burst;
    Counters counters{};
    for (std::vector<Byte>& frame : frames) {
        const auto size = static_cast<std::uint16_t>(frame.size());
        burst.frames[burst.count++] = {frame.data(), size, size};
    }
    settle_ingress(burst, host.context(), *host.connections, *host.fragments, counters);
    EXPECT_EQ(std::accumulate(counters.reasons.begin(), counters.reasons.end(), std::uint64_t{0}),
              frames.size());
    EXPECT_EQ(counters.reasons[static_cast<std::size_t>(Reason::truncated)], 1U);
    EXPECT_EQ(counters.accepted[kDns], 1U);
    EXPECT_EQ(counters.rejected[kDns], 1U);
    EXPECT_EQ(std::accumulate(counters.accepted.begin(), counters.accepted.end(), std::uint64_t{0}),
              1U);
}

}  // namespace
}  // namespace nlb::test
