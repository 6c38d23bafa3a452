// A cluster in igmp mode: the host is in its group exactly while it takes part, and answers the
// switch's queries.
#include <gtest/gtest.h>

#include "core/packet/checksum.hpp"
#include "core/packet/frame_builder.hpp"
#include "core/packet/igmp_messages.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::seconds;
using testing::Bench;

ClusterSettings igmp_settings() {
    ClusterSettings settings = testing::small_settings(1);
    settings.cluster.mode = LinkMode::igmp;
    return settings;
}

std::vector<Byte> query() {
    FrameSpec spec;
    spec.source = IpAddress::v4(0xc0000201);
    spec.destination = IpAddress::v4(0xe0000001);
    spec.protocol = kProtocolIgmp;
    spec.payload = {kIgmpQuery, 10, 0, 0, 0, 0, 0, 0};
    store_big_endian(spec.payload.data() + 2,
                     checksum_of(spec.payload.data(), spec.payload.size()));
    return build_frame(spec);
}

// IGMP frames that were sent so far.
std::vector<std::vector<Byte>> sent(const Bench& bench) {
    std::vector<std::vector<Byte>> frames;
    for (const auto& datagram : bench.sink.datagrams) {
        const auto message = *ipc::read_message(datagram);
        if (message.type != ipc::MessageType::send) continue;
        const auto frame = message.rest_after<ipc::Send>();
        if (load_big_endian<std::uint16_t>(frame.data() + 12) == kEthertypeIpv4)
            frames.emplace_back(frame.begin(), frame.end());
    }
    return frames;
}
std::vector<Byte> built(IgmpMessage message) {
    return build_igmp(message, 0xc000020b, igmp_group(0xc0000250));
}

TEST(IgmpAgent, AHostJoinsWhenItTakesPartAndLeavesWhenItStops) {
    Bench bench(igmp_settings());
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    ASSERT_EQ(sent(bench).size(), 2U);
    EXPECT_EQ(sent(bench)[0], built(IgmpMessage::join_v3));
    EXPECT_EQ(sent(bench)[1], built(IgmpMessage::report_v2));
    bench.pass(seconds{3});
    EXPECT_EQ(sent(bench).size(), 4U) << "said twice";
    static_cast<void>(bench.agent.command_host(bench.now, HostCommand::stop));
    bench.pass(seconds{3});
    ASSERT_EQ(sent(bench).size(), 8U);
    EXPECT_EQ(sent(bench)[4], built(IgmpMessage::leave_v3));
    EXPECT_EQ(sent(bench)[7], built(IgmpMessage::leave_v2));
}

TEST(IgmpAgent, AQueryThatWasPuntedIsAnsweredInItsVersion) {
    Bench bench(igmp_settings());
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(seconds{3});
    bench.deliver(ipc::MessageType::punted, ipc::Punted{}, query());
    bench.pass(seconds{1});
    ASSERT_EQ(sent(bench).size(), 5U);
    EXPECT_EQ(sent(bench)[4], built(IgmpMessage::report_v2));
}

TEST(IgmpAgent, ALinkThatComesBackIsToldAgain) {
    Bench bench(igmp_settings());
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(seconds{3});
    ipc::Status down{};
    bench.deliver(ipc::MessageType::status, down);
    bench.pass(seconds{2});
    ASSERT_EQ(sent(bench).size(), 8U) << "the status that follows says the link is up again";
    EXPECT_EQ(sent(bench)[4], built(IgmpMessage::join_v3));
}

TEST(IgmpAgent, OtherModesHaveNone) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.deliver(ipc::MessageType::punted, ipc::Punted{}, query());
    bench.pass(seconds{70});
    EXPECT_TRUE(sent(bench).empty());
}

}  // namespace
}  // namespace nlb::controlplane
