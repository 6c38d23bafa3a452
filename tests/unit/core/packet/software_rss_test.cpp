// Which lane gets a frame: what belongs to one flow gets one, in both directions.
#include "core/packet/software_rss.hpp"

#include <array>
#include <gtest/gtest.h>

#include "core/packet/frame_builder.hpp"
#include "core/packet/headers.hpp"

namespace nlb {
namespace {

constexpr FlowLaneKey kKey{0x1234'5678'9abc'def0, 0x0fed'cba9'8765'4321};
constexpr std::uint16_t kLanes = 4;

FrameSpec flow(std::uint32_t number, bool v6 = false) {
    FrameSpec spec;
    spec.source = v6 ? IpAddress{{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
                                  static_cast<Byte>(number)}}
                     : IpAddress::v4(0x0a00'0000 + number);
    spec.destination = v6 ? IpAddress{{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}}
                          : IpAddress::v4(0xc0000250);
    spec.source_port = static_cast<std::uint16_t>(1024 + number * 7);
    spec.destination_port = 80;
    return spec;
}

FrameSpec answer(FrameSpec spec) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    return spec;
}

TEST(FlowLane, BothDirectionsOfAFlowHaveOneLane) {
    for (const bool v6 : {false, true})
        for (std::uint32_t number = 0; number < 200; ++number)
            for (const std::uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolIcmp}) {
                FrameSpec there = flow(number, v6);
                there.protocol = v6 && protocol == kProtocolIcmp ? kProtocolIcmpv6 : protocol;
                const auto lane = flow_lane(build_frame(there), kKey, kLanes);
                ASSERT_TRUE(lane.has_value());
                EXPECT_EQ(lane, flow_lane(build_frame(answer(there)), kKey, kLanes));
            }
}

TEST(FlowLane, FlowsAreSpreadEvenlyOverTheLanes) {
    std::array<int, kLanes> counts{};
    constexpr int kFlows = 8000;
    for (std::uint32_t number = 0; number < kFlows; ++number)
        ++counts[*flow_lane(build_frame(flow(number)), kKey, kLanes)];
    for (const int count : counts) EXPECT_NEAR(count, kFlows / kLanes, 200);
}

TEST(FlowLane, AnotherKeySpreadsThemOtherwise) {
    int moved = 0;
    for (std::uint32_t number = 0; number < 400; ++number)
        moved += flow_lane(build_frame(flow(number)), kKey, kLanes) !=
                         flow_lane(build_frame(flow(number)), {3, 4}, kLanes)
                     ? 1
                     : 0;
    EXPECT_GT(moved, 200);
}

TEST(FlowLane, AnIcmpErrorGoesToTheLaneOfTheFlowThatItQuotes) {
    for (std::uint32_t number = 0; number < 100; ++number) {
        FrameSpec error;
        error.source = IpAddress::v4(0xc6336401 + number);
        error.destination = IpAddress::v4(0xc0000250);
        error.protocol = kProtocolIcmp;
        error.icmp_type = 3;
        error.icmp_code = 4;
        error.payload = build_packet(answer(flow(number)));
        error.payload.resize(28);  // as little as a router has to quote
        EXPECT_EQ(flow_lane(build_frame(error), kKey, kLanes),
                  flow_lane(build_frame(flow(number)), kKey, kLanes));
    }
}

TEST(FlowLane, TagsDoNotMatterAndWhatIsNoFlowStays) {
    FrameSpec tagged = flow(7);
    tagged.vlans = {5, 9};
    EXPECT_EQ(flow_lane(build_frame(tagged), kKey, kLanes),
              flow_lane(build_frame(flow(7)), kKey, kLanes));
    EXPECT_FALSE(flow_lane(build_arp({}), kKey, kLanes).has_value());
    std::vector<Byte> fragment = build_frame(flow(7));
    fragment[14 + 6] = 0x20;
    EXPECT_FALSE(flow_lane(fragment, kKey, kLanes).has_value());
    const std::vector<Byte> whole = build_frame(flow(7));
    for (std::size_t length = 0; length < 34; ++length)
        EXPECT_FALSE(flow_lane(std::span{whole}.first(length), kKey, kLanes).has_value()) << length;
}

}  // namespace
}  // namespace nlb
