// The explanations of a whole cluster: whatever the packet, no two hosts may take a new flow, and
// flows stay where they began.
#include <gtest/gtest.h>

#include "cli/decision_view.hpp"
#include "cli/explanation.hpp"
#include "cli/selection.hpp"
#include "config/load.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/frame_builder.hpp"
#include "core/packet/frame_room.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

using std::chrono::seconds;

class Explain : public testing::Test {
protected:
    void SetUp() override {
        auto loaded = config::load_text(lab_yaml(), "lab.yaml");
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        config_ = loaded.value().config;
    }
    const config::Cluster& cluster() { return config_.clusters.front(); }
    Explainer explainer(HostSet members) {
        return Explainer(
            cluster(),
            ideal_scenes(cluster(), members, hosts_by_id(cluster(), all_hosts(cluster()))),
            HashKey{1, 2, 3, 4});
    }
    Explainer explainer() { return explainer(all_hosts(cluster())); }

    static std::vector<Byte> frame(const std::string& protocol, const std::string& source,
                                   const std::string& destination, const std::string& flags = "") {
        const auto built =
            frame_of({protocol, source, destination, flags}, {{0x02, 0xbf, 192, 0, 2, 80}});
        if (!built) ADD_FAILURE() << built.error().message;
        return built.value();
    }

    config::Config config_;
};

std::size_t taker(const std::vector<Explanation>& explanations) {
    for (std::size_t i = 0; i < explanations.size(); ++i)
        if (verdict_of(explanations[i].reason) == Verdict::accept) return i;
    return explanations.size();
}

TEST_F(Explain, EverySynIsAcceptedByExactlyOneHostAndHostsShareThem) {
    Explainer all = explainer();
    AcceptTally tally;
    std::array<std::size_t, 3> taken{};
    for (int i = 0; i < 3000; ++i) {
        const std::string source = "198.51." + std::to_string(i / 250) + "." +
                                   std::to_string(i % 250 + 1) + ":" + std::to_string(1024 + i);
        const auto explanations =
            all.explain_packet(frame("tcp", source, "192.0.2.80:80"), seconds{i / 100});
        tally.count(explanations);
        ASSERT_LT(taker(explanations), 3U);
        ++taken[taker(explanations)];
    }
    EXPECT_EQ(tally.one, 3000U);
    EXPECT_EQ(tally.packets(), 3000U);
    for (const std::size_t count : taken) EXPECT_NEAR(static_cast<double>(count), 1000, 150);
}

TEST_F(Explain, AFlowOfACaptureFindsItsDescriptorAgain) {
    Explainer all = explainer();
    const auto syn =
        all.explain_packet(frame("tcp", "198.51.100.7:4000", "192.0.2.80:80"), seconds{10});
    const auto data =
        all.explain_packet(frame("tcp", "198.51.100.7:4000", "192.0.2.80:80", "PA"), seconds{11});
    const std::size_t host = taker(syn);
    ASSERT_LT(host, 3U);
    EXPECT_EQ(syn[host].reason, Reason::new_flow);
    EXPECT_EQ(taker(data), host);
    EXPECT_EQ(all.hosts()[host].connections.size(), 1U);
}

TEST_F(Explain, AFrameThatNoBufferHoldsIsTooLargeAsOnTheCoresAndAnMtuOfTheHostsMakesRoom) {
    std::vector<Byte> large = frame("udp", "198.51.100.7:4000", "192.0.2.80:7");
    large.resize(frame_room(0));
    EXPECT_LT(taker(explainer().explain_packet(large, seconds{1})), 3U);
    large.resize(frame_room(0) + 1);
    for (const Explanation& one : explainer().explain_packet(large, seconds{1}))
        EXPECT_EQ(one.reason, Reason::too_large);
    for (config::Host& host : config_.clusters.front().hosts) host.mtu = 9000;
    EXPECT_LT(taker(explainer().explain_packet(large, seconds{1})), 3U);
}

TEST_F(Explain, TwoTapsTakeWhatTcpHasJoinedAndOneTapDoesNot) {
    std::vector<Byte> joined = frame("udp", "198.51.100.7:4000", "192.0.2.80:7");
    joined.resize(60'000);
    config::Host& host = config_.clusters.front().hosts.front();
    host.inside = "nlb_tap0,iface=nlb0";
    EXPECT_EQ(explainer().explain_packet(joined, seconds{1})[0].reason, Reason::too_large);
    host.outside = "nlb_tap1,iface=uplink0";
    EXPECT_NE(explainer().explain_packet(joined, seconds{1})[0].reason, Reason::too_large);
    joined.resize(kFrameRoomJoined + 1U);
    EXPECT_EQ(explainer().explain_packet(joined, seconds{1})[0].reason, Reason::too_large);
}

TEST_F(Explain, TimeThatPassesInTheCaptureEndsFlows) {
    Explainer all = explainer();
    const auto syn =
        all.explain_packet(frame("tcp", "198.51.100.7:4000", "192.0.2.80:80"), seconds{10});
    const std::size_t host = taker(syn);
    ASSERT_LT(host, 3U);
    EXPECT_EQ(all.hosts()[host].connections.size(), 1U);
    static_cast<void>(
        all.explain_packet(frame("udp", "198.51.100.7:4000", "192.0.2.80:7"), seconds{9}));
    EXPECT_EQ(all.hosts()[host].connections.size(), 1U) << "time that goes back is ignored";
    static_cast<void>(all.explain_packet(frame("udp", "198.51.100.7:4000", "192.0.2.80:7"),
                                         seconds{10 + 24 * 3600}));
    EXPECT_EQ(all.hosts()[host].connections.size(), 0U);
}

TEST_F(Explain, APacketThatIsStampedTooEarlyCountsAsJustNow) {
    Explainer all = explainer();
    const auto udp = frame("udp", "198.51.100.7:4000", "192.0.2.80:7");
    static_cast<void>(all.explain_packet(udp, seconds{0}));
    static_cast<void>(all.explain_packet(udp, seconds{100}));
    const std::size_t host =
        taker(all.explain_packet(frame("tcp", "198.51.100.7:4000", "192.0.2.80:80"), seconds{80}));
    ASSERT_LT(host, 3U);
    static_cast<void>(all.explain_packet(udp, seconds{115}));
    EXPECT_EQ(all.hosts()[host].connections.size(), 1U) << "half open for 15 s, not for 35";
}

TEST_F(Explain, AbsentHostsTakeNothingAndTheRestTakesAll) {
    HostSet two;
    two.insert(1);
    two.insert(3);
    Explainer some = explainer(two);
    for (int port = 1024; port < 1424; ++port) {
        const std::size_t host = taker(some.explain_packet(
            frame("tcp", "198.51.100.7:" + std::to_string(port), "192.0.2.80:80"), {}));
        EXPECT_TRUE(host == 0 || host == 2);
    }
}

TEST_F(Explain, TrafficWithoutARuleGoesToTheDefaultHostAndSingleRulesToTheirs) {
    Explainer all = explainer();
    const auto uncovered =
        all.explain_packet(frame("tcp", "198.51.100.7:4000", "192.0.2.80:9999"), {});
    EXPECT_EQ(taker(uncovered), 0U);
    EXPECT_EQ(uncovered[1].rule, kDefaultRule);
    EXPECT_EQ(uncovered[1].owner, 1);
    EXPECT_EQ(taker(all.explain_packet(frame("icmp", "2001:db8::7", "2001:db8::80"), {})), 0U);
    EXPECT_EQ(taker(all.explain_packet(frame("tcp", "[2001:db8::7]:99", "[2001:db8::80]:443"), {})),
              0U);
    EXPECT_EQ(taker(all.explain_packet(frame("icmp", "198.51.100.7", "192.0.2.12"), {})), 1U);
}

TEST_F(Explain, TheFlowIsShownAsItWasAskedFor) {
    Explainer all = explainer();
    EXPECT_EQ(
        flow_text(all.explain_packet(frame("tcp", "198.51.100.7:4000", "192.0.2.80:80", "SA"), {})
                      .front()
                      .info),
        "tcp 198.51.100.7:4000 > 192.0.2.80:80 SA");
    EXPECT_EQ(
        flow_text(
            all.explain_packet(frame("icmp", "2001:db8::7", "2001:db8::80"), {}).front().info),
        "icmp 2001:db8::7 > 2001:db8::80");
    const std::vector<Byte> stub(10);
    EXPECT_EQ(flow_text(all.explain_packet(stub, {}).front().info), "");
    EXPECT_EQ(all.explain_packet(stub, {}).front().reason, Reason::truncated);
}

// The 16 bytes at `offset` of a UDP datagram of 32 to dns.
std::vector<Byte> fragment(std::uint16_t offset, bool last) {
    FrameSpec spec;
    spec.source = IpAddress::v4(0xc633'6407);
    spec.destination = IpAddress::v4(0xc000'0250);
    spec.protocol = 253;
    spec.payload.assign(16, 0);
    store_big_endian<std::uint16_t>(spec.payload.data(), 4000);
    store_big_endian<std::uint16_t>(spec.payload.data() + 2, 53);
    store_big_endian<std::uint16_t>(spec.payload.data() + 4, 32);
    std::vector<Byte> frame = build_frame(spec);
    Byte* const ip = frame.data() + sizeof(EthernetHeader);
    ip[offsetof(Ipv4Header, protocol)] = kProtocolUdp;
    store_big_endian<std::uint16_t>(
        ip + 6, static_cast<std::uint16_t>(offset / 8 | (last ? 0U : kIpv4MoreFragments)));
    store_big_endian<std::uint16_t>(ip + 10, 0);
    store_big_endian<std::uint16_t>(ip + 10, checksum_of(ip, sizeof(Ipv4Header)));
    return frame;
}

TEST_F(Explain, AFragmentThatWaitsKeepsTheOrderOfPackets) {
    Explainer all = explainer();
    EXPECT_TRUE(all.offer(fragment(16, true), {}).empty());
    EXPECT_TRUE(all.offer(frame("tcp", "198.51.100.8:4000", "192.0.2.80:80"), {}).empty());
    const auto settled = all.offer(fragment(0, false), {});
    ASSERT_EQ(settled.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(settled[i].number, i + 1);
    EXPECT_EQ(taker(settled[0].explanations), taker(settled[2].explanations));
    EXPECT_EQ(settled[0].explanations[taker(settled[0].explanations)].reason,
              Reason::fragment_followed);
}

TEST_F(Explain, WhatStillWaitsAtTheEndOfACaptureWaitedInVain) {
    Explainer all = explainer();
    EXPECT_TRUE(all.offer(fragment(16, true), {}).empty());
    const auto settled = all.finish();
    ASSERT_EQ(settled.size(), 1U);
    for (const Explanation& explanation : settled[0].explanations)
        EXPECT_EQ(explanation.reason, Reason::fragment_unmatched);
}

}  // namespace
}  // namespace nlb::cli
