// What a host says and hears of the cluster's virtual addresses, through the agent that uses it.
#include "controlplane/agent/address_guard.hpp"

#include <gtest/gtest.h>

#include "core/packet/address_claim.hpp"
#include "core/packet/frame_builder.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Bench;
using testing::field_of;

constexpr std::uint32_t kPrimary = 0xc0000250;
constexpr MacAddress kCluster{{0x02, 0xbf, 192, 0, 2, 0x50}};
constexpr MacAddress kStranger{{0x52, 0x54, 0, 1, 2, 3}};

std::vector<Byte> claim_of(const MacAddress& source, const MacAddress& holder,
                           std::uint32_t address = kPrimary) {
    ArpSpec arp;
    arp.source_mac = source;
    arp.operation = kArpReply;
    arp.sender_mac = holder;
    arp.sender_ip = address;
    return build_arp(arp);
}

struct AddressGuardTest : ::testing::Test {
    Bench bench{testing::small_settings(2)};

    void hear(const std::vector<Byte>& frame) {
        bench.deliver(ipc::MessageType::punted, ipc::Punted{bench.now.time_since_epoch().count()},
                      frame);
    }
    // Frames handed to the dataplane that claim (announcements) or ask for a virtual address.
    [[nodiscard]] std::size_t announcements() const { return count(true); }
    [[nodiscard]] std::size_t probes() const { return count(false); }

private:
    [[nodiscard]] std::size_t count(bool claims) const {
        std::size_t found = 0;
        for (const auto& datagram : bench.sink.datagrams) {
            const auto message = *ipc::read_message(datagram);
            if (message.type != ipc::MessageType::send) continue;
            const auto frame = message.rest_after<ipc::Send>();
            const bool is_arp = frame[12] == 0x08 && frame[13] == 0x06;
            if (is_arp && read_address_claim(frame).has_value() == claims) ++found;
        }
        return found;
    }
};

TEST_F(AddressGuardTest, ABeginnerAsksThreeTimesAndThenAnnouncesWhatItServes) {
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_GE(probes(), 3U * 2U) << "each of two addresses";
    EXPECT_EQ(announcements(), 2U);
    const std::size_t asked = probes();
    bench.pass(milliseconds{3000});
    EXPECT_EQ(probes(), asked) << "a member asks nobody";
    EXPECT_EQ(announcements(), 2U) << "once";
}

TEST_F(AddressGuardTest, ABeginnerThatHearsTheClustersMacAnswerDoesNotBegin) {
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    const MacAddress second = masked_mac(2, IpAddress::v4(kPrimary));
    for (int i = 0; i < 60; ++i) {
        hear(claim_of(second, kCluster));
        bench.pass(milliseconds{100});
    }
    EXPECT_EQ(bench.agent.membership().state(), MembershipState::join);
    const Event* const told = bench.events.last("stranger_serves");
    ASSERT_NE(told, nullptr);
    EXPECT_NE(field_of(*told, "because").find("host 2 answers for this cluster's addresses"),
              std::string::npos);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged) << "nobody answers any more";
}

TEST_F(AddressGuardTest, ASignLastsNoLongerThanTheBeginnersPatience) {
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    for (int i = 0; i < 700; ++i) {
        hear(claim_of(kStranger, kStranger));
        bench.pass(milliseconds{100});
    }
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
}

TEST_F(AddressGuardTest, AStrangersClaimIsToldAndAnsweredOnceInTenSeconds) {
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    ASSERT_EQ(announcements(), 2U);
    for (int i = 0; i < 95; ++i) {
        hear(claim_of(kStranger, kStranger));
        bench.pass(milliseconds{100});
    }
    EXPECT_EQ(announcements(), 3U);
    EXPECT_EQ(bench.agent.address_conflicts(), 95U);
    bench.pass(seconds{1});
    hear(claim_of(kStranger, kStranger));
    EXPECT_EQ(announcements(), 4U);
    hear(claim_of(kStranger, kStranger, kPrimary + 1));
    EXPECT_EQ(announcements(), 5U) << "each address by itself";
    const Event* const told = bench.events.last("address_conflict");
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(field_of(*told, "address"), "192.0.2.80");
    EXPECT_EQ(field_of(*told, "mac"), "52:54:00:01:02:03");
    EXPECT_EQ(bench.agent.shown(), ShownState::converged) << "it never touches a member";
}

TEST_F(AddressGuardTest, AMembersAnnouncementIsNoConflict) {
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    hear(claim_of(masked_mac(2, IpAddress::v4(kPrimary)), kCluster));
    EXPECT_EQ(bench.agent.address_conflicts(), 0U);
    EXPECT_EQ(bench.events.last("stranger_serves"), nullptr);
}

TEST_F(AddressGuardTest, AnAddressThatIsNotTheClustersIsNobodysBusiness) {
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    hear(claim_of(kStranger, kStranger, 0xc0000299));
    EXPECT_EQ(bench.agent.address_conflicts(), 0U);
}

}  // namespace
}  // namespace nlb::controlplane::test
