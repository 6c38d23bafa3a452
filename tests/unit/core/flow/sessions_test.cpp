// Sessions: all packets of one client's IPsec session, or of its PPTP tunnel, reach one host, and
// stay there when their bucket moves.
#include "core/flow/sessions.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/flow/fragment_frames.hpp"

namespace nlb::test {
namespace {

constexpr std::uint8_t kInit = 34;
constexpr std::uint8_t kAuth = 35;

FrameSpec portless(std::uint8_t protocol, const FrameSpec& like) {
    FrameSpec spec = like;
    spec.protocol = protocol;
    spec.payload.assign(24, 0x11);
    return spec;
}
// An IKEv2 message of the initiator.
FrameSpec ike(const FrameSpec& like, std::uint8_t exchange = kInit, std::uint16_t port = kIkePort) {
    FrameSpec spec = like;
    spec.protocol = kProtocolUdp;
    spec.destination_port = port;
    spec.payload.assign(port == kIkeNatPort ? 4 : 0, 0);
    const std::size_t at = spec.payload.size();
    spec.payload.resize(at + 28, 0);
    spec.payload[at] = 0xc1;
    if (exchange != kInit) spec.payload[at + 8] = 0x5e;
    spec.payload[at + 17] = 0x20;
    spec.payload[at + 18] = exchange;
    spec.payload[at + 19] = 0x08;
    return spec;
}
FrameSpec esp_in_udp(const FrameSpec& like) {
    FrameSpec spec = ike(like, kAuth, kIkeNatPort);
    spec.payload[0] = 0xc5;
    return spec;
}
FrameSpec answer(FrameSpec spec) {
    spec = reply_to(spec, 0);
    return spec;
}

// Rules as in world.hpp, and one for IKE in the slot of kNetwork, one for PPTP in the slot of kDns.
class Sessions : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        for (HostId id = 1; id <= kHosts; ++id) {
            Host& host = hosts_.emplace_back(id);
            host.tables.rules[kNetwork] = {
                kIkePort,           kIkePort,       kEveryVip, kProtocolUdpBit,
                RuleMode::multiple, Affinity::none, {}};
            host.tables.rules[kHttp] = {
                kPptpPort,          kPptpPort,        kEveryVip, kProtocolTcpBit,
                RuleMode::multiple, Affinity::single, {}};
        }
        client_ = GetParam() ? over_v6(udp()) : udp();
    }
    // The hosts that accept, by their bits.
    std::uint32_t takers(const FrameSpec& spec) {
        std::uint32_t bits = 0;
        for (Host& host : hosts_)
            bits |= verdict_of(host.in(build_frame(spec))) == Verdict::accept
                        ? 1U << host.tables.self
                        : 0U;
        return bits;
    }
    Host& taker(const FrameSpec& spec) {
        for (Host& host : hosts_)
            if (verdict_of(host.in(build_frame(spec))) == Verdict::accept) return host;
        ADD_FAILURE();
        return hosts_.front();
    }
    FrameSpec pptp_syn() {
        FrameSpec syn = client_;
        syn.protocol = kProtocolTcp;
        syn.tcp_flags = kTcpSyn;
        syn.destination_port = kPptpPort;
        return syn;
    }
    // The bucket of the last packet that `from` decided goes to `to`.
    static void move(Host& from, Host& to) {
        const auto [rule, bucket] = std::pair(from.last.rule, from.last.bucket);
        from.own(rule, bucket, false);
        to.own(rule, bucket, true);
        to.dirty_elsewhere(rule, bucket, true);
    }
    Host& other_than(const Host& host) { return hosts_[host.tables.self == 1 ? 1 : 0]; }

    std::vector<Host> hosts_;
    FrameSpec client_;
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Sessions, testing::Values(false, true),
                         [](const auto& family) { return family.param ? "v6" : "v4"; });

TEST_P(Sessions, AllPacketsOfAClientsIpsecReachOneHost) {
    std::uint32_t all_owners = 0;
    for (std::uint16_t i = 1; i < 60; ++i) {
        client_.source = GetParam() ? v6(4, i) : IpAddress::v4(kClient + i);
        client_.source_port = static_cast<std::uint16_t>(4000 + i);
        const std::uint32_t owner = takers(ike(client_));
        EXPECT_EQ(__builtin_popcount(owner), 1);
        EXPECT_EQ(takers(ike(client_, kAuth)), owner);
        EXPECT_EQ(takers(ike(client_, kAuth, kIkeNatPort)), owner);
        EXPECT_EQ(takers(esp_in_udp(client_)), owner);
        EXPECT_EQ(takers(portless(kProtocolEsp, client_)), owner);
        EXPECT_EQ(takers(portless(kProtocolAuthentication, client_)), owner);
        all_owners |= owner;
    }
    EXPECT_EQ(all_owners, 0b11110U)
        << "although the rule has affinity none, by the client's address";
}

TEST_P(Sessions, ATunnelFollowsItsConnectionsRuleAndClient) {
    const std::uint32_t owner = takers(pptp_syn());
    EXPECT_EQ(takers(portless(kProtocolGre, client_)), owner);
    EXPECT_EQ(hosts_[0].last.rule, kHttp);
}

TEST_P(Sessions, WithoutARuleTheyAreTheDefaultHosts) {
    for (Host& host : hosts_)
        host.tables.rules[kNetwork].first_port = host.tables.rules[kNetwork].last_port = 9;
    EXPECT_EQ(takers(ike(client_)), 1U << 1);
    EXPECT_EQ(takers(portless(kProtocolEsp, client_)), 1U << 1);
    EXPECT_EQ(hosts_[0].last.rule, kDefaultRule);
}

TEST_P(Sessions, ADisabledRuleDropsThem) {
    hosts_[0].tables.rules[kNetwork].mode = RuleMode::disabled;
    EXPECT_EQ(hosts_[0].in(build_frame(portless(kProtocolEsp, client_))), Reason::rule_disabled);
}

TEST_P(Sessions, ASessionStaysOnItsHostWhenItsBucketMoves) {
    Host& home = taker(ike(client_));
    Host& next = other_than(home);
    move(home, next);
    EXPECT_EQ(home.in(build_frame(portless(kProtocolEsp, client_))), Reason::descriptor);
    EXPECT_EQ(next.in(build_frame(portless(kProtocolEsp, client_))), Reason::tracked_elsewhere);
    EXPECT_EQ(takers(esp_in_udp(client_)), 1U << home.tables.self);
}

TEST_P(Sessions, ANewInitiationMovesTheSessionToTheOwner) {
    Host& home = taker(ike(client_));
    Host& next = other_than(home);
    move(home, next);
    EXPECT_EQ(next.in(build_frame(ike(client_))), Reason::new_flow);
    EXPECT_EQ(home.in(build_frame(ike(client_))), Reason::moved_flow);
    EXPECT_EQ(takers(portless(kProtocolEsp, client_)), 1U << next.tables.self);
    EXPECT_EQ(next.in(build_frame(portless(kProtocolEsp, client_))), Reason::owner);
}

TEST_P(Sessions, StateIsKeptWhenTheConfigurationSaysSo) {
    for (Host& host : hosts_) host.tables.ipsec_replaces = 0;
    Host& home = taker(ike(client_));
    Host& next = other_than(home);
    move(home, next);
    EXPECT_EQ(home.in(build_frame(ike(client_))), Reason::descriptor);
    EXPECT_EQ(next.in(build_frame(ike(client_))), Reason::tracked_elsewhere);
}

TEST_P(Sessions, ANewConnectionMovesTheTunnelToTheOwner) {
    Host& home = taker(pptp_syn());
    EXPECT_EQ(home.in(build_frame(portless(kProtocolGre, client_))), Reason::owner);
    Host& next = other_than(home);
    move(home, next);
    EXPECT_EQ(takers(portless(kProtocolGre, client_)), 1U << home.tables.self);
    FrameSpec again = pptp_syn();
    again.source_port = 41000;
    EXPECT_EQ(takers(again), 1U << next.tables.self);
    EXPECT_EQ(takers(portless(kProtocolGre, client_)), 1U << next.tables.self);
}

TEST_P(Sessions, AnErrorGoesWhereTheSessionItQuotesGoes) {
    Host& home = taker(ike(client_));
    Host& next = other_than(home);
    move(home, next);
    const std::uint8_t type = GetParam() ? 2 : 3;
    for (const FrameSpec& quoted : {portless(kProtocolEsp, client_), ike(client_, kAuth),
                                    portless(kProtocolAuthentication, client_)}) {
        EXPECT_EQ(takers(error_about(quoted, type)), 1U << home.tables.self);
        EXPECT_EQ(home.last.reason, Reason::descriptor);
    }
}

TEST_P(Sessions, OneThatNobodyAnsweredEndsLikeAHalfOpenConnection) {
    Host& home = taker(ike(client_));
    home.wait(31);
    home.connections->sweep(home.tables, home.now);
    EXPECT_EQ(home.connections->size(), 0U);
}

TEST_P(Sessions, AnAnswerPastTheFirstExchangeEstablishesIt) {
    Host& home = taker(ike(client_));
    EXPECT_EQ(home.out(build_frame(answer(ike(client_)))), Reason::sent);
    home.wait(20);
    EXPECT_EQ(home.in(build_frame(ike(client_, kAuth))), Reason::owner);
    EXPECT_EQ(home.out(build_frame(answer(ike(client_, kAuth)))), Reason::sent);
    home.wait(86400);
    home.connections->sweep(home.tables, home.now);
    EXPECT_EQ(home.connections->size(), 1U) << "idle for a day is allowed";
    home.wait(1);
    home.connections->sweep(home.tables, home.now);
    EXPECT_EQ(home.connections->size(), 0U);
}

TEST_P(Sessions, AnAnswerOfTheFirstExchangeProvesNothing) {
    Host& home = taker(ike(client_));
    EXPECT_EQ(home.out(build_frame(answer(ike(client_)))), Reason::sent);
    home.wait(31);
    home.connections->sweep(home.tables, home.now);
    EXPECT_EQ(home.connections->size(), 0U);
}

TEST_P(Sessions, ATunnelEndsAfterTenSilentSeconds) {
    Host& home = taker(portless(kProtocolGre, client_));
    home.wait(10);
    home.connections->sweep(home.tables, home.now);
    EXPECT_EQ(home.connections->size(), 1U);
    home.wait(1);
    home.connections->sweep(home.tables, home.now);
    EXPECT_EQ(home.connections->size(), 0U);
}

TEST_P(Sessions, AFallenFenceRejectsThem) {
    Host& home = taker(ike(client_));
    home.fence_holds = false;
    EXPECT_EQ(home.in(build_frame(portless(kProtocolEsp, client_))), Reason::fenced);
}

TEST_P(Sessions, HeadersThatAreCutAreDropped) {
    for (const auto& [protocol, least] :
         {std::pair{kProtocolGre, 4}, {kProtocolEsp, 8}, {kProtocolAuthentication, 12}}) {
        FrameSpec spec = portless(protocol, client_);
        spec.payload.resize(static_cast<std::size_t>(least) - 1);
        EXPECT_EQ(hosts_[0].in(build_frame(spec)), Reason::transport_header);
        spec.payload.resize(static_cast<std::size_t>(least));
        EXPECT_NE(hosts_[0].in(build_frame(spec)), Reason::transport_header);
    }
}

TEST_P(Sessions, TheFragmentsOfALongIkeMessageFollowIt) {
    FrameSpec spec = ike(client_, kAuth);
    spec.payload.resize(3000, 1);
    Host& home = taker(ike(client_));
    const auto pieces = Datagram(spec).pieces(1400);
    EXPECT_EQ(home.in(pieces[0]), Reason::owner);
    EXPECT_EQ(home.in(pieces[1]), Reason::fragment_followed);
}

TEST(Ike, OnlyAFirstMessageOfAnInitiatorBeginsASession) {
    const auto begins = [](const FrameSpec& spec) {
        return is_ike_initiation(spec.destination_port, spec.payload.data(), spec.payload.size());
    };
    FrameSpec spec = ike(udp());
    EXPECT_TRUE(begins(spec));
    EXPECT_TRUE(begins(ike(udp(), kInit, kIkeNatPort)));
    EXPECT_FALSE(begins(ike(udp(), kAuth)));
    EXPECT_FALSE(begins(esp_in_udp(udp())));
    spec.payload[19] = 0x28;
    EXPECT_FALSE(begins(spec)) << "a response";
    spec = ike(udp());
    spec.payload[0] = 0;
    EXPECT_FALSE(begins(spec)) << "no initiator";
    spec = ike(udp());
    spec.payload[17] = 0x10;
    spec.payload[18] = 2;
    spec.payload[19] = 0;
    EXPECT_TRUE(begins(spec)) << "main mode of version 1";
    spec.payload.resize(27);
    EXPECT_FALSE(begins(spec));
    EXPECT_FALSE(is_ike_initiation(kIkeNatPort, spec.payload.data(), 3));
}

}  // namespace
}  // namespace nlb::test
