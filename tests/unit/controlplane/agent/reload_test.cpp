// Which differences between two files may be taken over while running, and what the refusal names.
#include "controlplane/agent/reload.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using testing::small_cluster;
using testing::small_settings;

// The settings of edge1 with its cluster's file changed.
ClusterSettings changed(const std::function<void(config::Cluster&)>& change) {
    ClusterSettings settings = small_settings();
    change(settings.cluster);
    settings.host = settings.cluster.hosts[0];
    return settings;
}

TEST(Reload, TheSameFileChangesNothing) {
    const auto changes = changes_between(small_settings(), small_settings());
    ASSERT_TRUE(changes);
    EXPECT_TRUE(changes.value().none());
}

TEST(Reload, AWeightIsTheHostsOwn) {
    const auto mine = changes_between(
        small_settings(), changed([](config::Cluster& c) { c.hosts[0].weights["http"] = 30; }));
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine.value().text(), "weights.http: 50 -> 30");
    EXPECT_TRUE(mine.value().agreed.empty());
    const auto others = changes_between(
        small_settings(), changed([](config::Cluster& c) { c.hosts[1].weights["http"] = 30; }));
    EXPECT_TRUE(others.value().none()) << "another host's weight";
}

TEST(Reload, RulesAddressesHostsAndTheKeyWaitForEveryHost) {
    const auto ports = changes_between(small_settings(), changed([](config::Cluster& c) {
                                           c.port_rules[0].ports = {80, 81};
                                       }));
    ASSERT_TRUE(ports);
    EXPECT_EQ(ports.value().text(), "port_rules[0].ports: 80 -> 80-81");
    EXPECT_EQ(ports.value().agreed.size(), 1U);
    ClusterSettings other_key = small_settings();
    other_key.hash_key = {5, 6, 7, 8};
    EXPECT_EQ(changes_between(small_settings(), other_key).value().agreed.size(), 1U);
    EXPECT_FALSE(changes_between(small_settings(), small_settings(3)).value().agreed.empty());
}

TEST(Reload, WhoAnswersForIpsecIsAgreedAndHowLongItIsRememberedIsTheHostsOwn) {
    const auto who = changes_between(small_settings(), changed([](config::Cluster& c) {
                                         c.ipsec.drop_state_if_not_bucket_owner = false;
                                     }));
    ASSERT_TRUE(who);
    EXPECT_EQ(who.value().text(), "ipsec.drop_state_if_not_bucket_owner: true -> false");
    EXPECT_EQ(who.value().agreed.size(), 1U) << "two hosts that differ in it both answer";
    const auto how_long =
        changes_between(small_settings(),
                        changed([](config::Cluster& c) { c.ipsec.idle = std::chrono::hours{1}; }));
    ASSERT_TRUE(how_long);
    EXPECT_EQ(how_long.value().text(), "ipsec.idle: 24h -> 1h");
    EXPECT_TRUE(how_long.value().agreed.empty());
}

TEST(Reload, NoKeyOfAClusterIsWithoutAWordWhenItChanges) {
    // Each change is named by the key's own path, or refused by it.
    const std::vector<std::pair<std::string, std::function<void(config::Cluster&)>>> edits{
        {"virtual_addresses", [](config::Cluster& c) { c.virtual_addresses.clear(); }},
        {"partition", [](config::Cluster& c) { c.partition = config::PartitionMode::majority; }},
        {"icmp", [](config::Cluster& c) { c.icmp = IcmpMode::all; }},
        {"former_key_files", [](config::Cluster& c) { c.former_key_files = {"old.key"}; }},
        {"connections.max", [](config::Cluster& c) { c.connections.max = 5000; }},
        {"connections.half_open",
         [](config::Cluster& c) { c.connections.half_open = std::chrono::seconds{9}; }},
        {"connections.closing",
         [](config::Cluster& c) { c.connections.closing = std::chrono::seconds{9}; }},
        {"remote_control.enabled", [](config::Cluster& c) { c.remote_control.enabled = true; }},
        {"remote_control.port", [](config::Cluster& c) { c.remote_control.port = 99; }},
        {"remote_control.key_file",
         [](config::Cluster& c) { c.remote_control.key_file = "remote.key"; }},
        {"remote_control.configure", [](config::Cluster& c) { c.remote_control.configure = true; }},
        {"initial_state",
         [](config::Cluster& c) { c.hosts[0].initial_state = config::InitialState::stopped; }},
        {"lcores", [](config::Cluster& c) { c.hosts[0].lcores = {7}; }},
    };
    for (const auto& [path, edit] : edits) {
        ClusterSettings before = small_settings();
        if (path == "virtual_addresses")
            before.cluster.virtual_addresses.push_back({IpAddress::v4(0xc0000251), 32});
        const auto changes = changes_between(before, changed(edit));
        const std::string said = changes ? changes.value().text() : changes.error().message;
        EXPECT_NE(said.find(path), std::string::npos) << path << ": " << said;
    }
}

TEST(Reload, WhatNoRunningClusterCanChangeIsRefusedByName) {
    const auto refused = changes_between(
        small_settings(), changed([](config::Cluster& c) { c.heartbeat.tolerance = 7; }));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("heartbeat.tolerance is 5 in force and 7 in the file"),
              std::string::npos)
        << refused.error().message;
    EXPECT_FALSE(changes_between(
        small_settings(), changed([](config::Cluster& c) { c.mode = LinkMode::multicast; })));
    EXPECT_FALSE(
        changes_between(small_settings(), changed([](config::Cluster& c) { c.hosts[0].id = 9; })));
}

TEST(Reload, RulesKeepTheirStatesAndBucketsByName) {
    const ClusterSettings before = small_settings();
    const ClusterSettings after = changed([](config::Cluster& c) {
        config::PortRule fresh;
        fresh.name = "dns";
        fresh.ports = {53, 53};
        c.port_rules.insert(c.port_rules.begin(), fresh);
    });
    RuleStates states{};
    states[0] = RuleState::draining;  // http
    const StagedConfig held = held_config(before, after, states, {});
    EXPECT_EQ(held.slots, 4);
    EXPECT_EQ(held.previous[0], kNoPreviousRule);
    EXPECT_EQ(held.previous[1], 0);
    EXPECT_EQ(held.previous[2], 1);
    EXPECT_EQ(held.previous[kDefaultRule], kDefaultRule);
    EXPECT_EQ(held.desired[0].state, RuleState::enabled);
    EXPECT_EQ(held.desired[1].state, RuleState::draining);
    EXPECT_EQ(held.single_slots, std::uint64_t{1} << 2 | std::uint64_t{1} << kDefaultRule);
}

TEST(Reload, WhatIsReadAtTheStartAsksForARestart) {
    const auto refused = changes_between(
        small_settings(), changed([](config::Cluster& c) { c.hosts[0].outside = "0000:3b:00.0"; }));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("restart"), std::string::npos);
    config::Config before, after;
    before.clusters = {small_cluster()};
    EXPECT_FALSE(check_surroundings(before, after));
    after = before;
    EXPECT_TRUE(check_surroundings(before, after));
    after.metrics.listen = {"127.0.0.1:1"};
    EXPECT_FALSE(check_surroundings(before, after));
}

}  // namespace
}  // namespace nlb::controlplane
