// Descriptors: the table of docs/packet-path.md, the ends of flows, and what may not cost a
// look-up.
#include <gtest/gtest.h>

#include "tests/unit/core/flow/track_fixture.hpp"

namespace nlb::test {
namespace {

// The columns of the table, owner first.
TEST_F(Track, ASynAtTheOwnerMakesADescriptor) {
    EXPECT_EQ(send(kTcpSyn), Reason::new_flow);
    ASSERT_TRUE(tracked());
    EXPECT_EQ(descriptor()->state, FlowState::half_open);
    EXPECT_EQ(descriptor()->bucket, bucket);
    EXPECT_EQ(descriptor()->rule, kHttp);
}
TEST_F(Track, ASynElsewhereIsRejected) {
    lose_bucket();
    EXPECT_EQ(send(kTcpSyn), Reason::not_owner);
    EXPECT_EQ(host.connections->size(), 0U);
}
TEST_F(Track, ASynForAFlowThatMovedAwayDeletesItsDescriptor) {
    establish();
    lose_bucket();
    EXPECT_EQ(send(kTcpSyn), Reason::moved_flow);
    EXPECT_FALSE(tracked());
    EXPECT_EQ(send(kTcpAck), Reason::not_owner);
}
TEST_F(Track, AnOtherPacketAtTheOwnerOfACleanBucketIsAccepted) {
    EXPECT_EQ(send(kTcpAck), Reason::owner);
    EXPECT_FALSE(tracked());
}
TEST_F(Track, AnUnknownFlowInABucketThatIsDirtyElsewhereIsRejected) {
    gain_bucket();
    EXPECT_EQ(send(kTcpAck), Reason::tracked_elsewhere);
    EXPECT_EQ(send(kTcpRst), Reason::tracked_elsewhere);
    EXPECT_EQ(send(kTcpSyn | kTcpAck), Reason::tracked_elsewhere);
}
TEST_F(Track, AKnownFlowInABucketThatIsDirtyElsewhereIsAccepted) {
    gain_bucket();
    EXPECT_EQ(send(kTcpSyn), Reason::new_flow);
    EXPECT_EQ(send(kTcpAck), Reason::owner);
}
TEST_F(Track, AFlowStaysWhenItsBucketMoves) {
    establish();
    lose_bucket();
    EXPECT_EQ(send(kTcpAck), Reason::descriptor);
    EXPECT_EQ(send(kTcpAck), Reason::descriptor);
}
TEST_F(Track, AFlowOfARuleThatIsDisabledHereEndsOnceItsBucketIsGone) {
    establish();
    host.tables.ended_rules = 1U << kHttp;
    EXPECT_EQ(send(kTcpAck), Reason::owner) << "until the bucket has moved, this host answers";
    lose_bucket();
    EXPECT_EQ(send(kTcpAck), Reason::not_owner);
    EXPECT_FALSE(tracked());
    EXPECT_EQ(send(kTcpAck), Reason::not_owner);
}
TEST_F(Track, ASilentFlowOfADisabledRuleIsEndedByTheSweep) {
    establish();
    host.tables.ended_rules = 1U << kHttp;
    host.connections->sweep(host.tables, host.now);
    EXPECT_TRUE(tracked());
    lose_bucket();
    host.connections->sweep(host.tables, host.now);
    EXPECT_FALSE(tracked());
}
TEST_F(Track, AnUnknownFlowInABucketOfOthersIsRejected) {
    establish();
    lose_bucket();
    flow.source_port = 40001;
    EXPECT_EQ(send(kTcpAck), Reason::not_owner);
}
TEST_F(Track, ARetransmittedSynMakesNoSecondDescriptor) {
    send(kTcpSyn);
    host.wait(20);
    EXPECT_EQ(send(kTcpSyn), Reason::owner);
    EXPECT_EQ(host.connections->size(), 1U);
    EXPECT_EQ(descriptor()->seen_s, seconds_of(host.now));
}
TEST_F(Track, ASynDoesNotShortenAnEstablishedFlow) {
    establish();
    EXPECT_EQ(send(kTcpSyn), Reason::owner);
    EXPECT_EQ(descriptor()->state, FlowState::established);
}
TEST_F(Track, ASynOnAClosingTupleBeginsAnew) {
    establish();
    send(kTcpFin | kTcpAck);
    answer(kTcpFin | kTcpAck);
    ASSERT_EQ(descriptor()->state, FlowState::closing);
    EXPECT_EQ(send(kTcpSyn), Reason::new_flow);
    EXPECT_EQ(descriptor()->state, FlowState::half_open);
    EXPECT_EQ(descriptor()->marks, 0);
}
TEST_F(Track, OnlyAPlainSynOpensAFlow) {
    for (const int flags : {kTcpSyn | kTcpAck, kTcpSyn | kTcpRst, kTcpSyn | kTcpFin, 0}) {
        EXPECT_EQ(send(static_cast<std::uint8_t>(flags)), Reason::owner) << flags;
        EXPECT_EQ(host.connections->size(), 0U) << flags;
    }
}
TEST_F(Track, EcnSetupIsAPlainSyn) {
    EXPECT_EQ(send(kTcpSyn | 0xc0), Reason::new_flow);
}

TEST_F(Track, ARstFromTheServerEndsIt) {
    establish();
    EXPECT_EQ(answer(kTcpRst), Reason::sent);
    EXPECT_FALSE(tracked());
}
TEST_F(Track, OneFinLeavesTheFlowEstablished) {
    establish();
    send(kTcpFin | kTcpAck);
    EXPECT_EQ(descriptor()->state, FlowState::established);
    host.wait(3600);
    host.connections->sweep(host.tables, host.now);
    EXPECT_TRUE(tracked());
}
TEST_F(Track, BothFinsCloseInEitherOrder) {
    establish();
    answer(kTcpFin | kTcpAck);
    EXPECT_EQ(descriptor()->state, FlowState::established);
    send(kTcpFin | kTcpAck);
    EXPECT_EQ(descriptor()->state, FlowState::closing);
}
TEST_F(Track, AClosingFlowOfAMovedBucketStillGetsItsLastAck) {
    establish();
    lose_bucket();
    send(kTcpFin | kTcpAck);
    answer(kTcpFin | kTcpAck);
    EXPECT_EQ(send(kTcpAck), Reason::descriptor);
}
TEST_F(Track, AClosingFlowEndsAfterSixtySecondsWhateverArrives) {
    establish();
    send(kTcpFin | kTcpAck);
    answer(kTcpFin | kTcpAck);
    lose_bucket();  // from now on every packet is looked up
    host.wait(60);
    EXPECT_EQ(send(kTcpAck), Reason::descriptor);
    host.connections->sweep(host.tables, host.now);
    EXPECT_TRUE(tracked());
    host.wait(1);
    host.connections->sweep(host.tables, host.now);
    EXPECT_FALSE(tracked());
}
TEST_F(Track, AHalfOpenFlowEndsAfterThirtySeconds) {
    send(kTcpSyn);
    host.wait(30);
    host.connections->sweep(host.tables, host.now);
    EXPECT_TRUE(tracked());
    host.wait(1);
    host.connections->sweep(host.tables, host.now);
    EXPECT_FALSE(tracked());
}
TEST_F(Track, TheDefaultRulesTcpFlowsAreTrackedToo) {
    flow.destination_port = 22;
    EXPECT_EQ(send(kTcpSyn), Reason::new_flow);
    EXPECT_EQ(descriptor()->rule, kDefaultRule);
}

TEST_F(Track, AnErrorAboutAMovedFlowReachesItsHost) {
    establish();
    lose_bucket();
    EXPECT_EQ(host.in(build_frame(error_about(flow, 3))), Reason::descriptor);
}
TEST_F(Track, AnErrorInABucketThatIsDirtyElsewhereFollowsItsFlow) {
    gain_bucket();
    EXPECT_EQ(host.in(build_frame(error_about(flow, 3))), Reason::tracked_elsewhere);
    send(kTcpSyn);
    EXPECT_EQ(host.in(build_frame(error_about(flow, 3))), Reason::owner);
}
TEST_F(Track, AnErrorChangesNoDescriptor) {
    send(kTcpSyn);
    const Descriptor before = *descriptor();
    host.wait(5);
    host.in(build_frame(error_about(flow, 3)));
    EXPECT_EQ(std::memcmp(&before, descriptor(), sizeof before), 0);
}

TEST_F(Track, EstablishedPacketsInACleanBucketOfOursPayNoLookUp) {
    establish();
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
}
TEST_F(Track, NorBesideFlowsThatAreWatchedInTheSameBucket) {
    establish();
    const FrameSpec established = flow;
    do {
        ++flow.source_port;
    } while (bucket_on(host, flow) != bucket);
    send(kTcpSyn);
    const FrameSpec opening = std::exchange(flow, established);
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
    flow = opening;
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
}
TEST_F(Track, AFlowThatIsStalePaysOnce) {
    establish();
    host.wait(stale_after_s(7200) - 10);
    host.connections->sweep(host.tables, host.now);
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
    host.wait(11);
    host.connections->sweep(host.tables, host.now);
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
    EXPECT_EQ(descriptor()->seen_s, seconds_of(host.now));
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
    host.connections->sweep(host.tables, host.now);
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
}
TEST_F(Track, PacketsOfBucketsOfOthersPayNoLookUpUnlessDescriptorsAreHere) {
    establish();
    lose_bucket();
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
    const BucketId held = bucket;
    flow = served_by(host, tcp(), false);
    ASSERT_NE(bucket_on(host, flow), held);
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
    EXPECT_EQ(look_ups_of(kTcpSyn), 0U);
}
TEST_F(Track, AFlowThatIsHalfOpenPaysUntilItIsEstablished) {
    send(kTcpSyn);
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
    EXPECT_EQ(look_ups_of(kTcpAck), 1U) << "its server has not answered";
    answer(kTcpSyn | kTcpAck);
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
}
TEST_F(Track, AFlowThatSpeaksNowAndThenIsNeverExpired) {
    for (const std::uint32_t gap : {1U, 60U, 300U, 1111U, 3590U, 3600U, 3610U, 7100U, 7200U}) {
        host.connections = std::make_unique<SimpleConnections>();
        establish();
        for (std::uint32_t at = 0; at < 200000; at += gap) {
            for (std::uint32_t second = 0; second < gap; second += 20) {
                host.wait(std::min(20U, gap - second));
                host.connections->sweep(host.tables, host.now);
            }
            send(kTcpAck);
            ASSERT_TRUE(tracked()) << "gap " << gap << " at " << at;
        }
    }
}
TEST_F(Track, ASilentFlowIsExpiredBetweenOnceAndSixteenTenthsOfItsIdleTime) {
    establish();
    const Instant begun = host.now;
    while (tracked()) {
        host.wait(10);
        host.connections->sweep(host.tables, host.now);
    }
    const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(host.now - begun).count();
    EXPECT_GT(lasted, 7200);
    EXPECT_LT(lasted, 7200 * 16 / 10);
}
TEST_F(Track, ABurstSeesItsOwnChanges) {
    FrameSpec second = flow;
    second.tcp_flags = kTcpAck;
    FrameSpec third = flow;
    third.tcp_flags = kTcpRst;
    gain_bucket();
    std::vector<std::vector<Byte>> frames{build_frame(flow), build_frame(second), build_frame(flow),
                                          build_frame(third), build_frame(second)};
    Burst burst;
    Counters counters{};
    for (std::vector<Byte>& frame : frames) {
        const auto size = static_cast<std::uint16_t>(frame.size());
        burst.frames[burst.count++] = {frame.data(), size, size};
    }
    settle_ingress(burst, host.context(), *host.connections, *host.fragments, counters);
    EXPECT_EQ(burst.reasons[0], Reason::new_flow);
    EXPECT_EQ(burst.reasons[1], Reason::owner);
    EXPECT_EQ(burst.reasons[2], Reason::owner);
    EXPECT_EQ(burst.reasons[3], Reason::owner);
    EXPECT_EQ(burst.reasons[4], Reason::tracked_elsewhere);
}

TEST(FlowIndex, HeldBucketsFollowTheDescriptors) {
    SimpleConnections table;
    const FlowKey one{IpAddress::v4(1), IpAddress::v4(2), 3, 4, 6, {}};
    const FlowKey two{IpAddress::v4(1), IpAddress::v4(2), 5, 4, 6, {}};
    table.insert(one, {1, kHttp, 17, FlowState::half_open, 0});
    table.insert(two, {1, kHttp, 17, FlowState::established, 0});
    EXPECT_EQ(table.flow_index().held()[kHttp], BucketMask{1} << 17);
    EXPECT_EQ(table.flow_index().counts()[kHttp], 2U);
    EXPECT_TRUE(table.flow_index().may_be_watched(one));
    table.erase(one);
    EXPECT_EQ(table.flow_index().held()[kHttp], BucketMask{1} << 17);
    EXPECT_FALSE(table.flow_index().may_be_watched(one));
    table.erase(two);
    EXPECT_EQ(table.flow_index().held()[kHttp], 0U);
    EXPECT_EQ(table.flow_index().counts()[kHttp], 0U);
}
TEST(FlowIndex, HalfOpenFlowsAreNeverMissedHoweverManyThereAre) {
    FlowIndex flow_index;
    std::vector<FlowKey> keys;
    for (std::uint32_t i = 0; i < 300000; ++i)
        keys.push_back({IpAddress::v4(i * 2654435761U), IpAddress::v4(9), 7, 80, 6, {}});
    for (const FlowKey& key : keys) flow_index.on_insert(key, {0, 0, 0, FlowState::half_open, 0});
    for (std::size_t i = 0; i < keys.size(); i += 2)
        flow_index.on_opened(keys[i], {0, 0, 0, FlowState::established, 0});
    for (std::size_t i = 1; i < keys.size(); i += 2)
        ASSERT_TRUE(flow_index.may_be_watched(keys[i]));
}
TEST(FlowIndex, FewHalfOpenFlowsMakeFewOthersPay) {
    FlowIndex flow_index;
    for (std::uint32_t i = 0; i < 1000; ++i)
        flow_index.on_insert({IpAddress::v4(i), IpAddress::v4(9), 7, 80, 6, {}},
                             {0, 0, 0, FlowState::half_open, 0});
    int pay = 0;
    for (std::uint32_t i = 0; i < 20000; ++i)
        pay += flow_index.may_be_watched(
            {IpAddress::v4(0x0a000000 + i), IpAddress::v4(9), 7, 80, 6, {}});
    EXPECT_LT(pay, 20000 * 3 / 100);
}

}  // namespace
}  // namespace nlb::test
