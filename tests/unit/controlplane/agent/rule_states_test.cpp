// Which rules a text selects, and what their states do to a host's offers.
#include "controlplane/agent/rule_states.hpp"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using Rules = std::vector<RuleId>;

Rules selected(const char* text) {
    const auto rules = select_rules(testing::small_cluster(), text);
    return rules ? rules.value() : Rules{};
}

TEST(RuleStates, ARuleIsFoundByNamePortOrVip) {
    EXPECT_EQ(selected("http"), Rules{0});
    EXPECT_EQ(selected("80"), Rules{0});
    EXPECT_EQ(selected("8443"), Rules{1});
    EXPECT_EQ(selected("all"), (Rules{0, 1}));
    EXPECT_EQ(selected("all:80"), Rules{0});
    EXPECT_EQ(selected("192.0.2.81:8443"), Rules{1});
    EXPECT_EQ(selected("192.0.2.81:all"), Rules{1});
    EXPECT_EQ(selected("192.0.2.81:80"), Rules{0})
        << "the rule for all virtual addresses covers it";
}

TEST(RuleStates, WhatNamesNoRuleIsAnError) {
    for (const char* text :
         {"", "htt", "81", "65536", "-1", "192.0.2.80:8443", "300.0.0.1:80", ":80", "[::1", "80:"})
        EXPECT_TRUE(selected(text).empty()) << text;
    EXPECT_NE(select_rules(testing::small_cluster(), "ftp").error().message.find("\"ftp\""),
              std::string::npos);
}

TEST(RuleStates, AnAddressThatIsNotTheClustersSelectsNothing) {
    for (const char* text :
         {"198.51.100.1:80", "198.51.100.1:all", "192.0.2.11:80", "[2001:db8::1]:80"}) {
        const auto rules = select_rules(testing::small_cluster(), text);
        ASSERT_FALSE(rules) << text;
        EXPECT_NE(rules.error().message.find("no virtual address"), std::string::npos);
        EXPECT_NE(rules.error().message.find("192.0.2.80, 192.0.2.81"), std::string::npos);
    }
}

TEST(RuleStates, AChangeThatChangesNothingIsAlready) {
    const config::Cluster cluster = testing::small_cluster();
    RuleStates states{};
    const CommandResult both = change_rules(cluster, states, {0, 1}, RuleState::disabled);
    EXPECT_EQ(both.value, ReturnValue::ok);
    EXPECT_EQ(both.rules, (std::vector<std::string>{"http", "admin"}));
    EXPECT_EQ(both.message, "http, admin are disabled on this host; connections are cut");
    const CommandResult again = change_rules(cluster, states, {0, 1}, RuleState::disabled);
    EXPECT_EQ(again.value, ReturnValue::already);
    EXPECT_EQ(again.message, "already disabled: http, admin");
    EXPECT_TRUE(again.rules.empty());
    EXPECT_EQ(change_rules(cluster, states, {0}, RuleState::enabled).rules,
              std::vector<std::string>{"http"});
    EXPECT_EQ(states[1], RuleState::disabled);
    EXPECT_EQ(disabled_rules(states), 2U);
}

TEST(RuleStates, DesiredRulesCarryOffersAndStates) {
    config::Cluster cluster = testing::small_cluster();
    cluster.hosts[0].weights["http"] = 70;
    RuleStates states{};
    states[1] = RuleState::draining;
    const DesiredRules desired = desired_rules_of(cluster, cluster.hosts[0], states, {});
    EXPECT_EQ(desired[0].offer, 70);
    EXPECT_EQ(desired[1].offer, 32);
    EXPECT_EQ(desired[1].state, RuleState::draining);
    EXPECT_EQ(desired[kDefaultRule].offer, 32);
}

TEST(RuleStates, AFailedServerIsToldUnlessTheOperatorSaysMoreAndAReturningOneOffersALittle) {
    const config::Cluster cluster = testing::small_cluster();
    RuleStates states{};
    ToldHealths healths{};
    healths[0] = {true, kSlowStartSteps};
    DesiredRules desired = desired_rules_of(cluster, cluster.hosts[0], states, healths);
    EXPECT_EQ(desired[0].state, RuleState::failed);
    EXPECT_EQ(desired[0].offer, 50) << "what it would offer is told all the same";
    states[0] = RuleState::draining;
    desired = desired_rules_of(cluster, cluster.hosts[0], states, healths);
    EXPECT_EQ(desired[0].state, RuleState::draining);
    states[0] = RuleState::enabled;
    healths[0] = healths[1] = {false, 1};
    desired = desired_rules_of(cluster, cluster.hosts[0], states, healths);
    EXPECT_EQ(desired[0].offer, 5);
    EXPECT_EQ(desired[1].offer, 32) << "a rule of mode single is taken as a whole";
}

}  // namespace
}  // namespace nlb::controlplane
