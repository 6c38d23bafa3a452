// On a host with several workers all that one client's sessions and fragments need to remember is
// with one of them.
#include "core/flow/steer.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/flow/fragment_frames.hpp"

namespace nlb::test {
namespace {

constexpr std::uint16_t kLanes = 4;

// The lane that decides a frame which came to `arrived`.
std::uint16_t lane_of(const Host& host, std::vector<Byte> frame, std::uint16_t arrived) {
    auto burst = std::make_unique<Burst>();
    auto counters = std::make_unique<Counters>();
    const auto length = static_cast<std::uint16_t>(frame.size());
    burst->count = 1;
    burst->frames[0] = {frame.data(), length, length};
    BurstContext context = host.context();
    context.lane = arrived;
    context.lanes = kLanes;
    SimpleConnections fresh;
    FragmentTable fragments(0);
    settle_ingress(*burst, context, fresh, fragments, *counters);
    return burst->reasons[0] == Reason::steered ? burst->info[0].fragment.slot : arrived;
}

TEST(Steer, AllPacketsOfAClientsSessionMeetAtOneLaneWhereverTheyCame) {
    Host host(1);
    std::array<bool, kLanes> used{};
    for (std::uint16_t i = 1; i < 40; ++i) {
        FrameSpec esp = udp(0, kClient + i);
        esp.protocol = kProtocolEsp;
        esp.payload.assign(20, 1);
        const std::uint16_t lane = lane_of(host, build_frame(esp), 0);
        ASSERT_LT(lane, kLanes);
        used[lane] = true;
        const Datagram large(large_udp(2000, kClient + i));
        for (std::uint16_t arrived = 0; arrived < kLanes; ++arrived) {
            EXPECT_EQ(lane_of(host, build_frame(esp), arrived), lane);
            EXPECT_EQ(lane_of(host, build_frame(udp(500, kClient + i)), arrived), lane);
            EXPECT_EQ(lane_of(host, build_frame(udp(4500, kClient + i, 61000)), arrived), lane);
            EXPECT_EQ(lane_of(host, large.piece(0, 1400), arrived), lane);
            EXPECT_EQ(lane_of(host, large.piece(1400, 600), arrived), lane);
            FrameSpec pptp = tcp(kTcpAck, kClient + i);
            pptp.destination_port = 1723;
            EXPECT_EQ(lane_of(host, build_frame(pptp), arrived), lane);
        }
    }
    EXPECT_EQ(used, (std::array{true, true, true, true}));
}

TEST(Steer, EverythingElseIsDecidedWhereItCame) {
    Host host(1);
    for (std::uint16_t arrived = 0; arrived < kLanes; ++arrived) {
        EXPECT_EQ(lane_of(host, build_frame(tcp()), arrived), arrived);
        EXPECT_EQ(lane_of(host, build_frame(udp()), arrived), arrived);
        EXPECT_EQ(lane_of(host, build_frame(echo()), arrived), arrived);
    }
}

// The lanes of one host: a flow's descriptor is with one of them, and its bucket is another host's
// by now.
struct LanesOfOneHost : ::testing::Test {
    Host host{1};
    std::array<SimpleConnections, kLanes> tables;
    std::array<const FlowIndex*, kLanes> flow_indexes{};
    std::array<unsigned, kLanes> asked{};

    LanesOfOneHost() {
        for (std::size_t i = 0; i < kLanes; ++i) flow_indexes[i] = &tables[i].flow_index();
    }
    Reason offer(std::vector<Byte> frame, std::uint16_t lane, bool handed_over,
                 std::uint16_t& next) {
        auto burst = std::make_unique<Burst>();
        auto counters = std::make_unique<Counters>();
        const auto length = static_cast<std::uint16_t>(frame.size());
        burst->count = 1;
        burst->frames[0] = {frame.data(), length, length};
        burst->handed_over = handed_over;
        BurstContext context = host.context();
        context.lane = lane;
        context.lanes = kLanes;
        context.flow_indexes = flow_indexes;
        FragmentTable fragments(0);
        settle_ingress(*burst, context, tables[lane], fragments, *counters);
        next = burst->info[0].fragment.slot;
        ++asked[lane];
        return burst->reasons[0];
    }
    // What becomes of a frame that came to a lane, wherever it is handed.
    Reason settle(const std::vector<Byte>& frame, std::uint16_t lane) {
        asked = {};
        Reason reason = offer(frame, lane, false, lane);
        for (int hop = 0; reason == Reason::steered; ++hop) {
            if (hop > kLanes) return Reason::live;
            reason = offer(frame, lane, true, lane);
        }
        return reason;
    }
    void establish(FrameSpec flow, std::uint16_t lane) {
        for (const std::uint8_t flags : {kTcpSyn, kTcpAck}) {
            flow.tcp_flags = flags;
            ASSERT_NE(verdict_of(settle(build_frame(flow), lane)), Verdict::reject);
        }
    }
};

TEST_F(LanesOfOneHost, AnErrorFindsTheLaneThatTracksItsFlowWhereverItCame) {
    for (std::uint32_t client = 1; client <= 8; ++client) {
        const FrameSpec flow = served_by(host, tcp(kTcpSyn, kClient + 16 * client));
        for (std::uint16_t tracked = 0; tracked < kLanes; ++tracked) {
            FrameSpec one = flow;
            one.source_port = static_cast<std::uint16_t>(50000 + tracked);
            establish(one, tracked);
        }
        const BucketId bucket = bucket_on(host, flow);
        host.own(kHttp, bucket, false);
        for (std::uint16_t tracked = 0; tracked < kLanes; ++tracked) {
            FrameSpec one = flow;
            one.source_port = static_cast<std::uint16_t>(50000 + tracked);
            for (std::uint16_t arrived = 0; arrived < kLanes; ++arrived)
                EXPECT_EQ(settle(build_frame(error_about(one, 3)), arrived), Reason::descriptor)
                    << tracked << " " << arrived;
        }
        host.own(kHttp, bucket, true);
    }
}

TEST_F(LanesOfOneHost, SoItIsWhereTheBucketIsOursAndDirtyElsewhere) {
    const FrameSpec flow = served_by(host, tcp());
    establish(flow, 2);
    host.dirty_elsewhere(kHttp, bucket_on(host, flow), true);
    for (std::uint16_t arrived = 0; arrived < kLanes; ++arrived)
        EXPECT_EQ(settle(build_frame(error_about(flow, 3)), arrived), Reason::owner) << arrived;
}

TEST_F(LanesOfOneHost, AnErrorAboutAFlowOfNobodyIsRejectedAfterEachLaneWasAskedOnce) {
    FrameSpec flow = served_by(host, tcp());
    establish(flow, 1);
    establish(flow, 3);
    host.own(kHttp, bucket_on(host, flow), false);
    flow.source_port = 60000;
    for (std::uint16_t arrived = 0; arrived < kLanes; ++arrived) {
        EXPECT_EQ(settle(build_frame(error_about(flow, 3)), arrived), Reason::not_owner);
        EXPECT_LE(asked[0] + asked[1] + asked[2] + asked[3], 4U);
        EXPECT_GE(asked[1], 1U);
        EXPECT_GE(asked[3], 1U);
        for (const std::size_t empty : {0U, 2U})
            EXPECT_EQ(asked[empty], arrived == empty ? 1U : 0U) << "it holds nothing in the bucket";
    }
}

TEST_F(LanesOfOneHost, WithoutDescriptorsInTheBucketNobodyIsAsked) {
    const FrameSpec flow = served_by(host, tcp());
    host.own(kHttp, bucket_on(host, flow), false);
    EXPECT_EQ(settle(build_frame(error_about(flow, 3)), 0), Reason::not_owner);
    EXPECT_EQ(asked, (std::array{1U, 0U, 0U, 0U}));
}

}  // namespace
}  // namespace nlb::test
