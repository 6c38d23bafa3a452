// Health checks through the whole agent: what is asked, what the cluster is told, what the cores
// install, what the operator reads.
#include <gtest/gtest.h>

#include "config/table_builder.hpp"
#include "controlplane/agent/cluster_agent.hpp"
#include "core/ipc/tables_codec.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using Outcome = CheckResult::Outcome;
using std::chrono::milliseconds;
using testing::Bench;

ClusterSettings checked_settings(config::AllFailed all_failed,
                                 config::OnFail on_fail = config::OnFail::drain) {
    ClusterSettings settings = testing::small_settings(1);
    config::Health health;
    health.check = config::CheckKind::http;
    health.interval = milliseconds{200};
    health.timeout = milliseconds{100};
    health.all_failed = all_failed;
    health.on_fail = on_fail;
    settings.cluster.port_rules[0].health = health;
    return settings;
}

// The tables that the cores were given last.
Tables installed(const testing::RecordingSink& sink) {
    Tables tables{};
    for (const auto& datagram : sink.datagrams) {
        const auto message = *ipc::read_message(datagram);
        if (message.type == ipc::MessageType::install)
            tables = decode_tables(message.rest_after<ipc::Install>()).value();
    }
    return tables;
}

// Lets time pass and answers each check alike.
void pass_with(Bench& bench, Duration time, Outcome outcome, const char* because = "") {
    const Instant end = bench.now + time;
    while (bench.now < end) {
        bench.pass(milliseconds{5});
        for (const CheckOrder& order : bench.agent.take_due_checks(bench.now))
            bench.agent.on_check(bench.now, order.token, {outcome, because, milliseconds{2}});
    }
}

TEST(ClusterAgentHealth, AChecksOrderNamesTheVirtualAddressAndTheRulesFirstPort) {
    Bench bench(checked_settings(config::AllFailed::keep));
    const auto orders = bench.agent.take_due_checks(bench.now);
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].rule, 0);
    EXPECT_EQ(orders[0].address, IpAddress::v4(0xc0000250));
    EXPECT_EQ(orders[0].port, 80);
    EXPECT_TRUE(bench.agent.take_due_checks(bench.now).empty()) << "it is running";
    bench.agent.on_check(bench.now, orders[0].token + 7, {Outcome::passed, "", {}});
    EXPECT_EQ(bench.agent.healths().of(0)->word(), HealthWord::unknown) << "nobody's answer";
    EXPECT_EQ(bench.agent.healths().of(1), nullptr);
}

TEST(ClusterAgentHealth, WithDropNobodyServesBeforeTheFirstSuccess) {
    Bench bench(checked_settings(config::AllFailed::drop));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    pass_with(bench, milliseconds{3000}, Outcome::failed, "connect refused");
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_EQ(bench.agent.membership().own()[0], 0U);
    EXPECT_EQ(bench.agent.membership().own()[1], kAllBuckets) << "a rule without a check";
    pass_with(bench, milliseconds{1000}, Outcome::passed);
    EXPECT_EQ(bench.agent.membership().own()[0], kAllBuckets);
    const Event* const up = bench.events.last("health_up");
    ASSERT_NE(up, nullptr);
    EXPECT_EQ(testing::field_of(*up, "rule"), "http");
    EXPECT_EQ(testing::field_of(*bench.events.last("converged"), "cause"), "health");
}

TEST(ClusterAgentHealth, WithKeepTheLastFailedHostGoesOn) {
    Bench bench(checked_settings(config::AllFailed::keep));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    pass_with(bench, milliseconds{3000}, Outcome::failed, "http 503");
    EXPECT_EQ(bench.agent.membership().own()[0], kAllBuckets);
    const Event* const down = bench.events.last("health_down");
    ASSERT_NE(down, nullptr);
    EXPECT_EQ(testing::field_of(*down, "because"), "http 503");
}

TEST(ClusterAgentHealth, AMachineThatCannotAskSaysWhyAndIsNoFailedServer) {
    Bench bench(checked_settings(config::AllFailed::keep));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    pass_with(bench, milliseconds{1000}, Outcome::passed);
    pass_with(bench, milliseconds{3000}, Outcome::impossible, "no systemd runs here");
    const Event* const told = bench.events.last("health_unknown");
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(testing::field_of(*told, "because"), "no systemd runs here");
    EXPECT_EQ(bench.events.last("health_down"), nullptr);
}

TEST(ClusterAgentHealth, AFailureCutsFlowsOnlyWhenItIsToStopThem) {
    for (const config::OnFail on_fail : {config::OnFail::drain, config::OnFail::stop}) {
        Bench bench(checked_settings(config::AllFailed::drop, on_fail));
        ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
        pass_with(bench, milliseconds{3000}, Outcome::passed);
        EXPECT_EQ(installed(bench.sink).ended_rules, 0U);
        pass_with(bench, milliseconds{1500}, Outcome::failed);
        EXPECT_EQ(bench.agent.membership().own()[0], 0U);
        EXPECT_EQ(installed(bench.sink).ended_rules, on_fail == config::OnFail::stop ? 1U : 0U);
    }
}

TEST(ClusterAgentHealth, WhatTheOperatorDisabledIsCutAndWhatHeDrainsIsNot) {
    Bench bench(checked_settings(config::AllFailed::drop, config::OnFail::stop));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    pass_with(bench, milliseconds{3000}, Outcome::passed);
    EXPECT_EQ(bench.agent.command_rules(bench.now, {1}, RuleState::disabled).value,
              ReturnValue::ok);
    EXPECT_EQ(installed(bench.sink).ended_rules, 2U);
    pass_with(bench, milliseconds{1500}, Outcome::failed);
    EXPECT_EQ(installed(bench.sink).ended_rules, 3U);
    EXPECT_EQ(bench.agent.command_rules(bench.now, {0}, RuleState::draining).value,
              ReturnValue::ok);
    EXPECT_EQ(installed(bench.sink).ended_rules, 2U);
}

TEST(ClusterAgentHealth, AControlPlaneThatComesBackKeepsTheShareUntilACheckHasSpoken) {
    Bench before(checked_settings(config::AllFailed::drop));
    ASSERT_EQ(before.hello(Bench::fresh_hello()), "");
    pass_with(before, milliseconds{3000}, Outcome::passed);
    std::vector<Byte> block;
    for (const auto& datagram : before.sink.datagrams) {
        const auto message = *ipc::read_message(datagram);
        if (message.type == ipc::MessageType::store)
            block.assign(message.payload.begin(), message.payload.end());
    }
    Bench after(checked_settings(config::AllFailed::drop));
    after.now = before.now;
    ipc::Hello hello = Bench::fresh_hello();
    hello.valid_until_ns = before.agent.membership().valid_until().time_since_epoch().count();
    hello.own = before.agent.membership().own();
    hello.install_token = 9;
    hello.layout = installed(before.sink).layout;
    ASSERT_EQ(after.hello(hello, block), "");
    after.pass(milliseconds{1000});
    EXPECT_EQ(after.agent.membership().own()[0], kAllBuckets);
    pass_with(after, milliseconds{1500}, Outcome::failed);
    EXPECT_EQ(after.agent.membership().own()[0], 0U);
}

TEST(ClusterAgentHealth, ACheckThatARuleGetsAnewFindsAServerThatServes) {
    Bench bench(testing::small_settings(1));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    bench.hold(checked_settings(config::AllFailed::drop));
    bench.pass(milliseconds{2000});
    ASSERT_FALSE(bench.agent.has_staged()) << "the new file is in force";
    EXPECT_EQ(bench.agent.membership().own()[0], kAllBuckets);
    pass_with(bench, milliseconds{1500}, Outcome::failed);
    EXPECT_EQ(bench.agent.membership().own()[0], 0U);
}

}  // namespace
}  // namespace nlb::controlplane
