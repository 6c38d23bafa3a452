// Rules with a time-out, on one host: what the owner of a bucket does with a client that was
// elsewhere, and what that other host does. What several hosts do to one another is the simulator's
// (tests/sim).
#include <gtest/gtest.h>

#include "core/clients/client_table.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::uint32_t kTimeoutMs = 60'000;

struct Sticky : ::testing::Test {
    Host host{1};
    FrameSpec flow = tcp();
    BucketId bucket = 0;

    Sticky() {
        host.clients = std::make_unique<ClientTable>(256);
        for (const RuleId rule : {kHttp, kNetwork}) host.tables.rules[rule].sticky_ms = kTimeoutMs;
        host.tables.rules[kDns].affinity = Affinity::single;
        host.tables.rules[kDns].sticky_ms = kTimeoutMs;
        enter(1, true);
        bucket = bucket_of_client(flow);
    }
    // Tables of another epoch.
    void enter(std::uint64_t era, bool settled) {
        host.tables.era = era;
        host.tables.settled = settled ? 1 : 0;
        host.clients->enter(host.tables);
    }
    BucketId bucket_of_client(const FrameSpec& spec) const {
        return bucket_of(client_hash(host.tables.hash_key, Affinity::single, spec.source, 0));
    }
    // Who owns the client's bucket of each of the rules.
    void give_bucket_to(HostId owner, const FrameSpec& spec) {
        const BucketId of_client = bucket_of_client(spec);
        for (const RuleId rule : {kHttp, kDns}) {
            host.own(rule, of_client, owner == host.tables.self);
            host.tables.owner[rule][of_client] = owner;
        }
    }
    Reason send(FrameSpec spec, std::uint8_t flags = kTcpSyn) {
        if (spec.protocol == kProtocolTcp) spec.tcp_flags = flags;
        return host.in(build_frame(spec));
    }
    // The client was seen at host 2, then this host gets the bucket.
    void come_after_move(const FrameSpec& spec) {
        give_bucket_to(2, spec);
        EXPECT_EQ(send(spec), Reason::not_owner);
        give_bucket_to(1, spec);
        enter(host.tables.era + 1, true);
    }
    std::vector<GrantRequest> requests() {
        std::vector<GrantRequest> taken(64);
        taken.resize(host.clients->take_requests(taken));
        return taken;
    }
    ClientName name_of(const FrameSpec& spec, RuleId rule = kHttp) const {
        return client_name(host.tables, rule, bucket_of_client(spec), spec.source);
    }
    bool grant(const FrameSpec& spec, Duration length, RuleId rule = kHttp) {
        const Instant until = host.now + length;
        return host.clients->give(host.tables.era,
                                  {name_of(spec, rule),
                                   until.time_since_epoch().count(),
                                   rule,
                                   bucket_of_client(spec),
                                   {}},
                                  host.now);
    }
};

TEST_F(Sticky, AClientThatComesAgainInTimeIsLeftToItsFormerHost) {
    come_after_move(flow);
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    const auto asked = requests();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].host, 2);
    EXPECT_EQ(asked[0].rule, kHttp);
    EXPECT_EQ(asked[0].bucket, bucket);
    EXPECT_EQ(asked[0].client, name_of(flow));
    EXPECT_EQ(asked[0].timeout_ms, kTimeoutMs);
    EXPECT_EQ(asked[0].era, host.tables.era);
    EXPECT_EQ(host.connections->size(), 0U);
}

TEST_F(Sticky, AClientWhoseBucketDidNotMoveIsServedLikeAnyOther) {
    give_bucket_to(1, flow);
    EXPECT_EQ(send(flow), Reason::new_flow);
    EXPECT_EQ(send(flow, kTcpAck), Reason::owner);
    EXPECT_TRUE(requests().empty());
}

TEST_F(Sticky, ANewClientGoesToTheNewOwner) {
    come_after_move(flow);
    const FrameSpec stranger = tcp(kTcpSyn, kClient + 77);
    give_bucket_to(1, stranger);
    EXPECT_EQ(send(stranger), Reason::new_flow);
}

TEST_F(Sticky, AfterTheTimeoutAClientGoesWhereItsBucketIs) {
    come_after_move(flow);
    host.wait(kTimeoutMs / 1000 + 1);
    EXPECT_EQ(send(flow), Reason::new_flow);
    EXPECT_TRUE(requests().empty());
}

TEST_F(Sticky, EachConnectionAndEachEndOfOneBeginTheTimeoutAnew) {
    give_bucket_to(2, flow);
    EXPECT_EQ(send(flow), Reason::not_owner);
    host.wait(50);
    EXPECT_EQ(send(flow, kTcpFin | kTcpAck), Reason::not_owner);
    host.wait(50);
    give_bucket_to(1, flow);
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
}

TEST_F(Sticky, AFormerHostThatHasNoBucketOfTheRuleAnyMoreIsNobodysHost) {
    come_after_move(flow);
    for (HostId& owner : host.tables.owner[kHttp])
        if (owner == 2) owner = 3;
    EXPECT_EQ(send(flow), Reason::new_flow);
}

TEST_F(Sticky, AnOwnerThatIsAboutToGiveTheBucketAwayGrantsNothing) {
    come_after_move(flow);
    host.tables.owner[kHttp][bucket] = 3;
    EXPECT_EQ(send(flow), Reason::new_flow);
    EXPECT_TRUE(requests().empty());
}

TEST_F(Sticky, TheOtherPacketsOfAClientThatIsElsewhereAreNotAnsweredHere) {
    come_after_move(flow);
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    EXPECT_EQ(send(flow, kTcpAck), Reason::client_elsewhere);
    FrameSpec neighbour = tcp(kTcpAck, kClient + 1);
    while (bucket_of_client(neighbour) != bucket)
        neighbour.source = IpAddress::v4(neighbour.source.as_v4() + 1);
    EXPECT_EQ(send(neighbour, kTcpAck), Reason::owner) << "of the same bucket, but nobody's guest";
}

TEST_F(Sticky, WhatTheOwnerHasADescriptorForStaysWithItUntilASyn) {
    give_bucket_to(1, flow);
    send(flow);
    FrameSpec second = flow;
    second.source_port = 40001;
    // the client's next connection is seen there, by the map; the flow stays
    give_bucket_to(2, flow);
    host.wait(kTimeoutMs / 1000 + 1);
    EXPECT_EQ(send(second), Reason::not_owner);
    give_bucket_to(1, flow);
    EXPECT_EQ(send(second), Reason::client_elsewhere);
    EXPECT_EQ(send(flow, kTcpAck), Reason::owner);
    EXPECT_EQ(send(flow), Reason::moved_flow)
        << "from here on the other host answers for these ports";
    EXPECT_EQ(send(flow, kTcpAck), Reason::client_elsewhere);
}

TEST_F(Sticky, AGrantIsRepeatedEverMoreSeldomAndAgainBeforeItEnds) {
    come_after_move(flow);
    std::size_t asked = 0;
    std::uint32_t repeats_in_first_second = 0;
    for (std::uint32_t ms = 0; ms < kTimeoutMs; ms += 10) {
        EXPECT_EQ(send(flow), Reason::client_elsewhere);
        const std::size_t now = requests().size();
        asked += now;
        if (ms < 1000) repeats_in_first_second += static_cast<std::uint32_t>(now);
        host.now += std::chrono::milliseconds{10};
    }
    EXPECT_GE(repeats_in_first_second, 3U);
    EXPECT_LE(asked, 14U);
}

TEST_F(Sticky, WhenTooManyAskAtOnceTheOwnerKeepsTheRest) {
    std::vector<FrameSpec> clients;
    for (std::uint32_t i = 0; i < ClientTable::kRequestsPerWindow + 5; ++i)
        clients.push_back(tcp(kTcpSyn, kClient + 300 + i));
    for (const FrameSpec& client : clients) {
        give_bucket_to(2, client);
        EXPECT_EQ(send(client), Reason::not_owner);
    }
    for (const FrameSpec& client : clients) give_bucket_to(1, client);
    std::size_t elsewhere = 0;
    std::size_t kept = 0;
    for (const FrameSpec& client : clients)
        (send(client) == Reason::client_elsewhere ? elsewhere : kept) += 1;
    EXPECT_EQ(elsewhere, ClientTable::kRequestsPerWindow);
    EXPECT_EQ(kept, 5U);
    EXPECT_EQ(requests().size(), ClientTable::kRequestsPerWindow);
    host.now += std::chrono::milliseconds{ClientTable::kWindowMs};
    EXPECT_EQ(send(clients.back()), Reason::owner) << "whom the owner has taken it keeps";
}

// What a commitment is: its owner does not change its mind while somebody may rely on it.
TEST_F(Sticky, ACommitmentOfAnOlderEpochBindsUntilEverybodyHasLeftThatEpoch) {
    come_after_move(flow);
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    for (HostId& owner : host.tables.owner[kHttp])
        if (owner == 2) owner = 3;
    enter(9, false);
    EXPECT_EQ(send(flow), Reason::client_elsewhere) << "host 2 may still go by the former epoch";
    EXPECT_EQ(requests().size(), 1U) << "and is not granted anything new";
    enter(9, true);
    EXPECT_EQ(send(flow), Reason::new_flow);
}

TEST_F(Sticky, ACommitmentOutlastsItsGrant) {
    come_after_move(flow);
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    for (HostId& owner : host.tables.owner[kHttp])
        if (owner == 2) owner = 3;
    host.now += std::chrono::milliseconds{kTimeoutMs + kTimeoutMs / 50 + 50};
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    host.now += std::chrono::seconds{2};
    EXPECT_EQ(send(flow), Reason::new_flow);
}

TEST_F(Sticky, ANewerEpochsCommitmentIsNotUndoneByACoreThatStillGoesByTheOlderTables) {
    come_after_move(flow);
    const Tables older = host.tables;
    enter(9, false);
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    const auto committed = host.clients->record_of(name_of(flow));
    host.tables = older;
    for (HostId& owner : host.tables.owner[kHttp])
        if (owner == 2) owner = 3;
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    EXPECT_EQ(host.clients->record_of(name_of(flow)), committed);
}

// The older tables did not know the client's host as a member, and gave the bucket to another one.
TEST_F(Sticky, NorByOneThatDoesNotOwnTheBucketByThem) {
    come_after_move(flow);
    const Tables older = host.tables;
    enter(9, false);
    const Tables newer = host.tables;
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
    host.tables = older;
    const auto committed = host.clients->record_of(name_of(flow));
    give_bucket_to(3, flow);
    for (HostId& owner : host.tables.owner[kHttp]) owner = 3;
    EXPECT_EQ(send(flow), Reason::not_owner);
    EXPECT_EQ(host.clients->record_of(name_of(flow)), committed);
    host.tables = newer;
    EXPECT_EQ(send(flow), Reason::client_elsewhere);
}
TEST_F(Sticky, NorIsAGrantForgottenByACoreThatStillGoesByTheOlderTables) {
    give_bucket_to(2, flow);
    const Tables older = host.tables;
    enter(9, false);
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    const auto granted = host.clients->record_of(name_of(flow));
    host.tables = older;
    for (HostId& owner : host.tables.owner[kHttp]) owner = 3;
    EXPECT_EQ(send(flow), Reason::not_owner);
    EXPECT_EQ(host.clients->record_of(name_of(flow)), granted);
}

// The former host.
TEST_F(Sticky, AGuestIsServedAlthoughItsBucketIsAnotherHosts) {
    give_bucket_to(2, flow);
    EXPECT_EQ(send(flow), Reason::not_owner);
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    EXPECT_EQ(send(flow), Reason::client_guest);
    ASSERT_NE(host.descriptor(flow), nullptr);
    EXPECT_EQ(send(flow, kTcpAck), Reason::descriptor);
    EXPECT_EQ(host.connections->flow_index().held()[kHttp], BucketMask{1} << bucket)
        << "the bucket is dirty here";
}

// Active FTP of a guest: what he answers comes to the host that serves him.
TEST_F(Sticky, AServersOwnConnectionToAGuestIsTracked) {
    give_bucket_to(2, flow);
    host.out(build_frame(reply_to(flow, kTcpSyn)));
    EXPECT_EQ(host.descriptor(flow), nullptr) << "another host serves the client";
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    host.out(build_frame(reply_to(flow, kTcpSyn)));
    ASSERT_NE(host.descriptor(flow), nullptr);
    EXPECT_EQ(send(flow, kTcpSyn | kTcpAck), Reason::descriptor);
}

TEST_F(Sticky, AGrantHoldsUntilItsEndForNewFlowsAndFlowsStay) {
    give_bucket_to(2, flow);
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    EXPECT_EQ(send(flow), Reason::client_guest);
    host.wait(31);
    FrameSpec second = flow;
    second.source_port = 40001;
    EXPECT_EQ(send(second), Reason::not_owner);
    EXPECT_EQ(send(flow, kTcpAck), Reason::descriptor);
}

TEST_F(Sticky, AGrantEndsWithItsEpoch) {
    give_bucket_to(2, flow);
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    enter(host.tables.era + 1, false);
    EXPECT_EQ(send(flow), Reason::not_owner);
}

TEST_F(Sticky, AGrantOfAnotherEpochThanTheNewestTablesIsNotTaken) {
    give_bucket_to(2, flow);
    host.clients->give(host.tables.era - 1,
                       {name_of(flow), kForever.time_since_epoch().count(), kHttp, bucket, {}},
                       host.now);
    EXPECT_EQ(send(flow), Reason::not_owner);
}

TEST_F(Sticky, AGuestsFlowThatCannotBeTrackedIsNotBegun) {
    host.connections = std::make_unique<SimpleConnections>(0);
    give_bucket_to(2, flow);
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    EXPECT_EQ(send(flow), Reason::guest_untracked) << "its next packet would be nobody's";
}

TEST_F(Sticky, AClosedFenceServesNoGuest) {
    give_bucket_to(2, flow);
    ASSERT_TRUE(grant(flow, std::chrono::seconds{30}));
    host.fence_holds = false;
    EXPECT_EQ(send(flow), Reason::fenced);
}

TEST_F(Sticky, DatagramsFollowTheirClientToo) {
    const FrameSpec query = udp();
    give_bucket_to(2, query);
    EXPECT_EQ(send(query), Reason::not_owner);
    ASSERT_TRUE(grant(query, std::chrono::seconds{30}, kDns));
    EXPECT_EQ(send(query), Reason::client_guest);
    give_bucket_to(1, query);
    EXPECT_EQ(send(query), Reason::owner);
    const FrameSpec other = udp(53, kClient + 50);
    come_after_move(other);
    EXPECT_EQ(send(other), Reason::client_elsewhere);
}

TEST_F(Sticky, OneClientOfANetworkBringsTheOthersAlong) {
    FrameSpec first = tcp();
    first.destination_port = 8080;
    FrameSpec second = first;
    second.source = IpAddress::v4(first.source.as_v4() ^ 1U);
    const BucketId shared =
        bucket_of(client_hash(host.tables.hash_key, Affinity::network, first.source, 0));
    host.own(kNetwork, shared, false);
    host.tables.owner[kNetwork][shared] = 2;
    EXPECT_EQ(send(first), Reason::not_owner);
    host.own(kNetwork, shared, true);
    EXPECT_EQ(send(second), Reason::client_elsewhere);
}

TEST_F(Sticky, RulesWithoutATimeoutRememberNobody) {
    host.tables.rules[kHttp].sticky_ms = 0;
    come_after_move(flow);
    EXPECT_EQ(send(flow), Reason::new_flow);
    EXPECT_EQ(host.clients->remembered(), 0U);
}

}  // namespace
}  // namespace nlb::test
