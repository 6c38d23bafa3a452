// Room in the connection table: who is tracked when it is full or flooded, and which connections of
// the server's own are.
#include "tests/unit/core/flow/track_fixture.hpp"

namespace nlb::test {
namespace {

TEST_F(Track, AFullTableAcceptsUntrackedAndCountsIt) {
    host.connections = std::make_unique<SimpleConnections>(0);
    std::vector<Byte> frame = build_frame(flow);
    Burst burst;
    Counters counters{};
    burst.count = 1;
    const auto size = static_cast<std::uint16_t>(frame.size());
    burst.frames[0] = {frame.data(), size, size};
    settle_ingress(burst, host.context(), *host.connections, *host.fragments, counters);
    EXPECT_EQ(burst.reasons[0], Reason::untracked_flow);
    EXPECT_EQ(counters.table_full, 1U);
    EXPECT_EQ(counters.accepted[kHttp], 1U);
}
// Active FTP: the server connects from the virtual address.
TEST_F(Track, AServersOwnConnectionIsTrackedByTheOwnerOfItsBucket) {
    gain_bucket();
    EXPECT_EQ(send(kTcpSyn | kTcpAck), Reason::tracked_elsewhere);
    answer(kTcpSyn);
    ASSERT_TRUE(tracked());
    EXPECT_EQ(descriptor()->bucket, bucket);
    EXPECT_EQ(send(kTcpSyn | kTcpAck), Reason::owner);
    EXPECT_EQ(send(kTcpAck), Reason::owner);
    EXPECT_EQ(descriptor()->state, FlowState::established);
    lose_bucket();
    EXPECT_EQ(send(kTcpAck), Reason::descriptor);
}
TEST_F(Track, AServersOwnConnectionInABucketOfOthersIsNotTracked) {
    lose_bucket();
    EXPECT_EQ(answer(kTcpSyn), Reason::answered_elsewhere);
    EXPECT_FALSE(tracked());
    EXPECT_EQ(answer(kTcpSyn | kTcpAck), Reason::sent) << "it answers, and begins nothing";
}
TEST_F(Track, ASynThatAServerRepeatsAfterItsBucketMovedIsAnsweredHere) {
    EXPECT_EQ(answer(kTcpSyn), Reason::sent);
    lose_bucket();
    EXPECT_EQ(answer(kTcpSyn), Reason::sent);
    EXPECT_EQ(send(kTcpSyn | kTcpAck), Reason::descriptor);
}
TEST_F(Track, AConnectionFromADedicatedAddressIsNotTracked) {
    FrameSpec own = reply_to(flow, kTcpSyn);
    own.source = IpAddress::v4(dedicated(1));
    EXPECT_EQ(host.out(build_frame(own)), Reason::sent);
    EXPECT_EQ(host.connections->size(), 0U);
}
TEST_F(Track, AFullTableGivesUpAHalfOpenFlowForANewOne) {
    host.connections = std::make_unique<SimpleConnections>(4);
    establish();
    const FrameSpec first = flow;
    for (std::uint16_t port = 1; port <= 100; ++port) {
        flow.source_port = port;
        EXPECT_EQ(send(kTcpSyn), Reason::new_flow) << port;
        EXPECT_TRUE(tracked()) << "the newest is tracked";
        host.wait(1);
    }
    flow = first;
    ASSERT_TRUE(tracked());
    EXPECT_EQ(descriptor()->state, FlowState::established);
    EXPECT_LE(host.connections->size(), 4U);
}
TEST_F(Track, AFloodOfSynsHoldsAQuarterOfTheTableAndOnlyItsOwnAreGivenUp) {
    constexpr std::uint16_t kCapacity = 400;
    host.connections = std::make_unique<SimpleConnections>(kCapacity);
    const FrameSpec first = flow;
    for (std::uint16_t port = 1; port <= 200; ++port) {
        flow.source_port = port;
        establish();
    }
    for (std::uint16_t port = 1000; port < 3000; ++port) {
        flow.source_port = port;
        EXPECT_EQ(send(kTcpSyn), Reason::new_flow);
    }
    EXPECT_EQ(host.connections->size(), 200U + kCapacity / 4);
    EXPECT_EQ(host.connections->flow_index().half_open(), kCapacity / 4);
    for (flow.source_port = 1; flow.source_port <= 200; ++flow.source_port)
        ASSERT_TRUE(tracked()) << flow.source_port;
    flow = first;
    establish();  // somebody who does answer is tracked meanwhile
    lose_bucket();
    EXPECT_EQ(send(kTcpAck), Reason::descriptor);
}
TEST_F(Track, TheExcessOfAFloodIsShedAndChangesNothing) {
    host.connections = std::make_unique<SimpleConnections>(400);
    establish();
    const FrameSpec first = flow;
    host.connections->limit_evictions(50);
    for (std::uint16_t port = 1000; port < 1150; ++port) {
        flow.source_port = port;
        EXPECT_EQ(send(kTcpSyn), Reason::new_flow) << port;
    }
    const std::size_t tracked_so_far = host.connections->size();
    flow.source_port = 1150;
    EXPECT_EQ(send(kTcpSyn), Reason::syn_shed);
    EXPECT_FALSE(tracked());
    EXPECT_EQ(send(kTcpAck), Reason::owner) << "as of any flow that nobody saw begin";
    flow.source_port = 1149;
    EXPECT_EQ(send(kTcpSyn), Reason::owner) << "a repeated SYN needs no descriptor";
    EXPECT_EQ(host.connections->size(), tracked_so_far);
    flow = first;
    EXPECT_EQ(send(kTcpAck), Reason::owner);
    host.connections->limit_evictions(1);
    flow.source_port = 1150;
    EXPECT_EQ(send(kTcpSyn), Reason::new_flow) << "when it is over";
}
TEST_F(Track, EstablishedFlowsAreNeverGivenUp) {
    host.connections = std::make_unique<SimpleConnections>(3);
    const FrameSpec first = flow;
    for (std::uint16_t port = 1; port <= 3; ++port) {
        flow.source_port = port;
        establish();
    }
    flow = first;
    EXPECT_EQ(send(kTcpSyn), Reason::untracked_flow);
    for (flow.source_port = 1; flow.source_port <= 3; ++flow.source_port) EXPECT_TRUE(tracked());
}

}  // namespace
}  // namespace nlb::test
