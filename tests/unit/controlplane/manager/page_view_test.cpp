// What the page is sent, of agents on one wire: query's own members, and what a picture wants.
#include "controlplane/manager/page_view.hpp"

#include <gtest/gtest.h>

#include "config/host_colours.hpp"
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/api/views.hpp"
#include "controlplane/manager/explain_answer.hpp"
#include "tests/unit/controlplane/wire.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using testing::Wire;

TEST(PageView, MembersOfQueryAreSentAsTheyAre) {
    Wire wire(3);
    wire.pass(milliseconds{4000});
    const auto now = wire.benches[0]->now;
    const auto page = cluster_page(wire.at(0), now);
    const auto query = cluster_view(wire.at(0), now);
    for (const auto& [name, value] : query.items()) EXPECT_EQ(page[name], value) << name;
    ASSERT_EQ(page["hosts"].size(), 3U);
    EXPECT_EQ(page["hosts"][1]["colour"], config::web_colour(2));
    EXPECT_EQ(page["hosts"][1]["digit"], "2");
    EXPECT_EQ(page["meant"]["http"], 60);
    EXPECT_TRUE(page["dirty"].empty());
}

TEST(PageView, AHostThatKeepsConnectionsIsDirtyThere) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    EXPECT_EQ(cluster_page(wire.at(0), wire.benches[0]->now)["meant"]["admin"], 60);
    (void)wire.at(0).command_rules(wire.benches[0]->now, {0}, RuleState::disabled);
    (void)wire.at(1).command_rules(wire.benches[1]->now, {0}, RuleState::disabled);
    wire.pass(milliseconds{2000});
    EXPECT_EQ(cluster_page(wire.at(0), wire.benches[0]->now)["meant"]["http"], 0)
        << "nobody is meant to own them, so none is an orphan";
}

TEST(PageView, TheFingerprintChangesWithAnOwnerAndNotWithTime) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    const auto print = fingerprint_of(wire.at(0), wire.benches[0]->now);
    wire.pass(milliseconds{500});
    EXPECT_EQ(fingerprint_of(wire.at(0), wire.benches[0]->now), print);
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::stop);
    wire.pass(milliseconds{1000});
    EXPECT_NE(fingerprint_of(wire.at(0), wire.benches[0]->now), print);
}

TEST(PageView, WhatAStopMovesIsForetoldAndComesTrue) {
    Wire wire(3);
    wire.pass(milliseconds{5000});
    const auto plan = plan_of_host(wire.at(2), false);
    const auto view = moves_view("web", plan);
    EXPECT_EQ(view["known"], true);
    const auto before = wire.at(0).membership().map().targets;
    (void)wire.at(2).command_host(wire.benches[2]->now, HostCommand::stop);
    wire.pass(milliseconds{2000});
    const auto& after = wire.at(0).membership().map().targets;
    std::size_t moved = 0;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            moved += before[slot][bucket] != kNoHost && before[slot][bucket] != after[slot][bucket];
    EXPECT_EQ(view["changed_hands"], moved);
    EXPECT_GE(moved, 20U);
    EXPECT_EQ(moves_view("web", plan_of_host(wire.at(2), true))["known"], false)
        << "a host that takes no part knows no map";
}

TEST(PageView, WhatARuleMovesIsForetold) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    const auto plan = plan_of_rules(wire.at(0), {0}, RuleState::draining);
    const auto view = moves_view("web", plan);
    EXPECT_EQ(view["changed_hands"], 30);
    EXPECT_EQ(view["rules"][0]["name"], "http");
    EXPECT_EQ(view["rules"][0]["moves"][0]["to"], "edge2");
    EXPECT_EQ(
        moves_view("web", plan_of_rules(wire.at(0), {0}, RuleState::enabled))["changed_hands"], 0);
}

TEST(PageView, ExplainNamesExactlyOneTaker) {
    Wire wire(3);
    wire.pass(milliseconds{5000});
    const auto scene = explain_scene(wire.at(1), wire.benches[1]->now);
    ASSERT_TRUE(scene) << scene.error().message;
    for (int client = 1; client < 50; ++client) {
        const auto wish = packet_wish({{"protocol", "tcp"},
                                       {"client", "198.51.100." + std::to_string(client)},
                                       {"client_port", 4000},
                                       {"vip", "192.0.2.80"},
                                       {"port", 80}});
        ASSERT_TRUE(wish);
        const auto answer = explain_answer(scene.value(), wish.value());
        ASSERT_TRUE(answer) << answer.error().message;
        ASSERT_EQ(answer.value()["hosts"].size(), 3U);
        int takers = 0;
        for (const auto& host : answer.value()["hosts"]) {
            takers += host["verdict"] == "accept";
            EXPECT_EQ(host["rule"], "http");
            if (host["verdict"] == "accept") {
                EXPECT_EQ(host["owner"], host["host"]);
            }
        }
        EXPECT_EQ(takers, 1) << client;
    }
}

TEST(PageView, ExplainSaysWhatItDoesNotUnderstand) {
    const auto error_of = [](const nlohmann::json& body) {
        const auto wish = packet_wish(body);
        return wish ? std::string{} : wish.error().message;
    };
    EXPECT_EQ(error_of({{"client", "1.2.3.4"}}), "protocol: expected tcp, udp or icmp");
    EXPECT_EQ(error_of({{"protocol", "tcp"}}), "client: expected an address");
    EXPECT_EQ(error_of({{"protocol", "tcp"}, {"client", "1.2.3.4"}, {"client_port", 65536}}),
              "client_port: expected a whole number in 0-65535");
    EXPECT_EQ(error_of({{"protocol", "tcp"}, {"client", std::string(999, '1')}}),
              "client: expected an address");
    const auto v6 = packet_wish({{"protocol", "udp"},
                                 {"client", "2001:db8::1"},
                                 {"client_port", 53},
                                 {"vip", "2001:db8::80"},
                                 {"port", 53}});
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6.value().source, "[2001:db8::1]:53");
    Wire wire(1);
    EXPECT_FALSE(explain_scene(wire.at(0), wire.benches[0]->now)) << "it knows no map yet";
    wire.pass(milliseconds{4000});
    const auto scene = explain_scene(wire.at(0), wire.benches[0]->now);
    ASSERT_TRUE(scene);
    EXPECT_FALSE(explain_answer(scene.value(), {"tcp", "what", "192.0.2.80:80", ""}));
    EXPECT_FALSE(explain_answer(scene.value(), {"sctp", "1.2.3.4", "192.0.2.80:80", ""}));
}

TEST(PageView, AFullClusterIsShortEnoughToBeSentOften) {
    ClusterSettings settings = testing::small_settings(32);
    for (std::size_t i = settings.cluster.port_rules.size(); i < kRulesMax; ++i) {
        config::PortRule rule = settings.cluster.port_rules[0];
        rule.name = "rule" + std::to_string(i);
        rule.ports = {static_cast<std::uint16_t>(1000 + i), static_cast<std::uint16_t>(1000 + i)};
        settings.cluster.port_rules.push_back(rule);
    }
    Bench bench(settings);
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{4000});
    const std::string text = cluster_page(bench.agent, bench.now).dump();
    EXPECT_LT(text.size(), 100U * 1024U);
}

}  // namespace
}  // namespace nlb::controlplane
