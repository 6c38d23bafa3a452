// What befalls the host's own dataplane: workers, addresses, the link, connections that others
// answer.
#include <algorithm>
#include <gtest/gtest.h>

#include "controlplane/agent/cluster_agent.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using Type = ipc::MessageType;

TEST(ClusterAgent, AWorkerThatHangsCostsTheHostItsBuckets) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    ASSERT_EQ(bench.agent.serves_not_because(bench.now), "");
    bench.workers_stand = bench.now;
    bench.pass(milliseconds{450});
    EXPECT_EQ(bench.agent.serves_not_because(bench.now), "") << "it may only be busy";
    bench.pass(milliseconds{200});
    EXPECT_EQ(bench.agent.serves_not_because(bench.now), "a worker of the dataplane does not move");
    EXPECT_LE(bench.agent.membership().valid_until(), bench.now);
    EXPECT_NE(bench.events.last("worker_stuck"), nullptr);
    bench.workers_stand.reset();
    bench.pass(milliseconds{3000});
    EXPECT_NE(bench.events.last("worker_moves"), nullptr);
    EXPECT_EQ(bench.agent.serves_not_because(bench.now).find("device"), std::string::npos);
}

ipc::Inside without_address() {
    return {ipc::InsideState::addresses_missing, 2, IpAddress::v4(0xc0000250)};
}

TEST(ClusterAgent, AHostWithoutItsAddressesTakesNoBucketAndSaysWhy) {
    Bench bench;
    bench.inside = without_address();
    ipc::Hello hello = Bench::fresh_hello();
    hello.inside = bench.inside;
    ASSERT_EQ(bench.hello(hello), "");
    bench.pass(milliseconds{5000});
    EXPECT_FALSE(bench.agent.active());
    EXPECT_EQ(bench.agent.serves_not_because(bench.now),
              "the address 192.0.2.80 and 1 more are missing on the inside device");
    bench.inside = {};
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.serves_not_because(bench.now).find("device"), std::string::npos);
    EXPECT_NE(bench.agent.membership().own()[0], 0U);
}

TEST(ClusterAgent, AMemberThatLosesItsAddressesLeavesInOrderAndComesBackWithThem) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    ASSERT_NE(bench.agent.membership().own()[0], 0U);
    bench.inside = without_address();
    bench.pass(milliseconds{1000});
    EXPECT_FALSE(bench.agent.active());
    EXPECT_LE(bench.agent.membership().valid_until(), bench.now);
    EXPECT_EQ(bench.agent.shown(), ShownState::converging) << "nobody has stopped it";
    bench.inside = {};
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
}

TEST(ClusterAgent, WhatIsMissingOnADeviceThatSomebodyElseKeepsIsOnlyTold) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    bench.inside = {ipc::InsideState::ready, 1, IpAddress::v4(0xc0000250)};
    bench.pass(milliseconds{1000});
    EXPECT_EQ(bench.agent.serves_not_because(bench.now).find("device"), std::string::npos);
    EXPECT_EQ(bench.agent.inside()->missing, 1U);
    const Event* const told = bench.events.last("inside_incomplete");
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(testing::field_of(*told, "because"),
              "the address 192.0.2.80 is missing on the inside device");
    EXPECT_TRUE(bench.agent.active());
}

TEST(ClusterAgent, ALinkThatIsDownFences) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    bench.sink.datagrams.clear();
    bench.answered = 0;
    bench.deliver(Type::status, ipc::Status{});
    ASSERT_FALSE(bench.sink.datagrams.empty());
    EXPECT_EQ(bench.sink.types().front(), Type::lease);
    EXPECT_FALSE(bench.agent.link_up());
}

TEST(ClusterAgent, ADeviceThatIsLostAndComesBackIsToldWithItsName) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    ipc::CountersReport report{};
    ipc::set_text(report.ports[1].name, "net_tap0");
    report.ports[1].state = ipc::PortState::up;
    bench.deliver(Type::counters, report);
    report.ports[1].state = ipc::PortState::lost;
    bench.deliver(Type::counters, report);
    const Event* const lost = bench.events.last("port_lost");
    ASSERT_NE(lost, nullptr);
    EXPECT_EQ(testing::field_of(*lost, "port"), "inside");
    EXPECT_EQ(testing::field_of(*lost, "device"), "net_tap0");
    EXPECT_EQ(bench.events.last("port_back"), nullptr);
    EXPECT_EQ(bench.agent.serves_not_because(bench.now),
              "the device of the inside port is gone: put it back, and bind it with nlb-bind-nic");
    report.ports[1].state = ipc::PortState::failed;
    bench.deliver(Type::counters, report);
    EXPECT_EQ(bench.agent.serves_not_because(bench.now),
              "the device of the inside port is being reset");
    report.ports[1].state = ipc::PortState::down;
    bench.deliver(Type::counters, report);
    EXPECT_EQ(bench.agent.serves_not_because(bench.now).find("device"), std::string::npos);
    ASSERT_NE(bench.events.last("port_back"), nullptr) << "its link may be down";
}

TEST(ClusterAgent, AFullTableIsToldOnceEachTimeThatItBegins) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    const auto told = [&bench] {
        const auto names = bench.events.names();
        return std::count(names.begin(), names.end(), "connections_full");
    };
    ipc::CountersReport report{};
    for (const std::uint64_t untracked : {0U, 5U, 9U, 9U, 12U}) {
        report.counters.table_full = untracked;
        bench.deliver(Type::counters, report);
    }
    EXPECT_EQ(told(), 2) << "5 and 9 are one time, 12 is another";
    EXPECT_EQ(testing::field_of(*bench.events.last("connections_full"), "untracked"), "3");
}

TEST(ClusterAgent, AConnectionWhoseAnswersGoElsewhereIsToldWithItsRemedyOnceAMinute) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    ipc::CountersReport report{};
    bench.deliver(Type::counters, report);
    std::uint64_t& count =
        report.counters.reasons[static_cast<std::size_t>(Reason::answered_elsewhere)];
    count = 3;
    report.opening = {IpAddress::v4(0xc0000250), IpAddress::v4(0xc6336407), 40000, 443, 0};
    bench.deliver(Type::counters, report);
    const Event* const told = bench.events.last("answers_elsewhere");
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(testing::field_of(*told, "connections"), "3");
    EXPECT_EQ(testing::field_of(*told, "from"), "192.0.2.80:40000");
    EXPECT_EQ(testing::field_of(*told, "to"), "198.51.100.7:443");
    EXPECT_EQ(testing::field_of(*told, "then"), "bind to 192.0.2.11");
    const std::size_t before = bench.events.events.size();
    ++count;
    bench.deliver(Type::counters, report);
    EXPECT_EQ(bench.events.events.size(), before);
}

}  // namespace
}  // namespace nlb::controlplane
