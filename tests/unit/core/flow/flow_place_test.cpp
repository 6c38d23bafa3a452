// A flow's rule and bucket, found from its key, are those that classification finds for its
// packets.
#include "core/flow/flow_place.hpp"

#include <gtest/gtest.h>

#include "core/flow/sessions.hpp"
#include "core/flow/track.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

// Of each kind of rule, and of sessions.
std::vector<FrameSpec> some_packets() {
    std::vector<FrameSpec> packets;
    constexpr std::array<std::uint16_t, 6> kPorts{80, 53, 8080, 8443, 9, kPptpPort};
    for (const std::uint16_t port : kPorts) {
        packets.push_back(tcp(kTcpAck));
        packets.back().destination_port = port;
        packets.push_back(packets.back());
        packets.back().destination = IpAddress::v4(kSecondVip);
        packets.push_back(over_v6(packets.front()));
        packets.back().destination_port = port;
    }
    for (const std::uint8_t protocol : {kProtocolGre, kProtocolEsp}) {
        packets.push_back(tcp(0));
        packets.back().protocol = protocol;
        packets.back().payload.assign(16, Byte{0});
        packets.push_back(over_v6(packets.back()));
    }
    packets.push_back(udp(500));
    packets.push_back(udp(4500));
    return packets;
}

TEST(FlowPlace, IsWhereClassificationPutsThePackets) {
    Host host(1);
    for (const FrameSpec& packet : some_packets())
        for (std::uint16_t i = 0; i < 50; ++i) {
            FrameSpec spec = packet;
            spec.source = spec.source.is_v4() ? IpAddress::v4(kClient + i * 77U) : v6(i, 7);
            spec.source_port = static_cast<std::uint16_t>(1000 + i);
            host.in(build_frame(spec));
            const PacketInfo& info = host.last.info;
            const bool session = (info.traits & kTraitSession) != 0;
            const FlowPlace place =
                place_of(session ? session_key_of(info) : flow_key_of(info), host.tables);
            ASSERT_EQ(place.rule, host.last.rule) << "protocol " << int{spec.protocol};
            ASSERT_EQ(place.bucket, host.last.bucket) << "protocol " << int{spec.protocol};
        }
}
TEST(FlowPlace, AnAddressThatIsVirtualNoMoreHasNone) {
    const Host host(1);
    const FlowKey key{IpAddress::v4(kClient), IpAddress::v4(dedicated(1)), 1, 80, kProtocolTcp, {}};
    EXPECT_EQ(place_of(key, host.tables).rule, kNoRule);
}

}  // namespace
}  // namespace nlb::test
