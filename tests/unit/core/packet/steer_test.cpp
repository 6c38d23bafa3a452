// On a host with several workers all that one client's sessions and fragments need to remember is with one of them.
#include "core/steer.hpp"

#include <gtest/gtest.h>

#include "fragment_frames.hpp"

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
    Snapshot snapshot = host.snapshot();
    snapshot.lane = arrived;
    snapshot.lanes = kLanes;
    SimpleConnections fresh;
    FragmentTable fragments(0);
    settle_ingress(*burst, snapshot, fresh, fragments, *counters);
    return burst->reasons[0] == Reason::steered ? burst->info[0].fragment.place : arrived;
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

}  // namespace
}  // namespace nlb::test
