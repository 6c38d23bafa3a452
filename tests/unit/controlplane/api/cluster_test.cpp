// Two and three agents on one wire: the whole control plane but for sockets.
#include <gtest/gtest.h>
#include <map>

#include "controlplane/api/views.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/unit/controlplane/wire.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using testing::Wire;
using Type = ipc::MessageType;

std::size_t owned(const ClusterAgent& agent, RuleId rule = 0) {
    return static_cast<std::size_t>(__builtin_popcountll(agent.membership().own()[rule]));
}

TEST(Cluster, TwoHostsShareBucketsByWeight) {
    Wire wire(2, 100);
    wire.pass(milliseconds{4000});
    EXPECT_EQ(wire.at(0).shown(), ShownState::converged);
    EXPECT_EQ(wire.at(1).shown(), ShownState::converged);
    EXPECT_EQ(owned(wire.at(0)), 40U);
    EXPECT_EQ(owned(wire.at(1)), 20U);
    EXPECT_EQ(state_value(wire.at(0)), ReturnValue::default_host);
    EXPECT_EQ(state_value(wire.at(1)), ReturnValue::converged);
    EXPECT_GT(wire.at(0).heartbeats().hosts().at(2).accepted, 10U);
}

TEST(Cluster, AViewNamesMembersSharesAndOwners) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    const auto view = cluster_view(wire.at(1), wire.benches[1]->now);
    EXPECT_EQ(view["state"], "converged");
    EXPECT_EQ(view["default_host"], "edge1");
    EXPECT_EQ(view["host"], "edge2");
    EXPECT_EQ(view["converging_because"], "");
    ASSERT_EQ(view["members"].size(), 2U);
    EXPECT_EQ(view["members"][0]["name"], "edge1");
    EXPECT_EQ(view["members"][0]["state"], "converged");
    EXPECT_EQ(view["members"][0]["buckets"]["http"], 30);
    EXPECT_EQ(view["members"][1]["heard_ms"], 0);
    EXPECT_EQ(view["rules"][0]["share"]["edge1"], 0.5);
    EXPECT_EQ(view["rules"][0]["own"], 30);
    EXPECT_EQ(view["rules"][0]["orphaned"], 0);
    EXPECT_GT(view["fence_remaining_ms"].get<int>(), 0);
}

TEST(Cluster, ADeadHostIsReplacedAndCountedAsLost) {
    Wire wire(3);
    wire.pass(milliseconds{5000});
    ASSERT_EQ(owned(wire.at(0)), 20U);
    wire.alive[2] = false;
    wire.pass(milliseconds{2000});
    EXPECT_EQ(owned(wire.at(0)) + owned(wire.at(1)), 60U);
    EXPECT_EQ(wire.at(0).convergence().count_of(ConvergenceCause::lost), 1U);
    EXPECT_EQ(wire.at(1).convergence().count_of(ConvergenceCause::lost), 1U);
    EXPECT_GE(wire.at(0).convergence().orphan_windows().count(), 20U);
    EXPECT_EQ(state_of_host(wire.at(0), 3), HostShown::absent);
}

TEST(Cluster, AHostThatLeavesIsNotLost) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::stop);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(wire.at(1).shown(), ShownState::stopped);
    EXPECT_EQ(owned(wire.at(0)), 60U);
    EXPECT_EQ(wire.at(0).convergence().count_of(ConvergenceCause::lost), 0U);
    EXPECT_EQ(state_of_host(wire.at(0), 2), HostShown::stopped);
}

TEST(Cluster, AWeightThatIsReloadedMovesBuckets) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    config::Cluster cluster = wire.at(1).settings().cluster;
    cluster.hosts[1].weights["http"] = 10;
    ClusterSettings fresh = wire.at(1).settings();
    fresh.cluster = cluster;
    fresh.host = cluster.hosts[1];
    wire.at(1).apply_local(wire.benches[1]->now, fresh);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(owned(wire.at(0)), 50U);
    EXPECT_EQ(owned(wire.at(1)), 10U);
    EXPECT_EQ(wire.at(0).convergence().count_of(ConvergenceCause::weight), 1U);
    EXPECT_EQ(wire.at(1).convergence().count_of(ConvergenceCause::reload), 1U);
}

TEST(Cluster, AnotherConfigurationIsNotAdmittedAndIsNamed) {
    Wire wire(2);
    ClusterSettings other = testing::small_settings(2);
    other.cluster.port_rules[0].ports = {80, 443};
    other.host = other.cluster.hosts[1];
    wire.benches[1] = std::make_unique<Bench>(other);
    ASSERT_EQ(wire.benches[1]->hello(Bench::fresh_hello()), "");
    wire.pass(milliseconds{5000});
    EXPECT_EQ(owned(wire.at(0)), 60U);
    // Both sides name the first difference.
    const config::Difference here{"port_rules[0].ports", "80", "80-443"};
    const config::Difference there{"port_rules[0].ports", "80-443", "80"};
    ASSERT_TRUE(wire.at(0).mismatches().contains(2));
    ASSERT_TRUE(wire.at(1).mismatches().contains(1));
    EXPECT_EQ(wire.at(0).mismatches().at(2), here);
    EXPECT_EQ(wire.at(1).mismatches().at(1), there);
    const auto view = cluster_view(wire.at(1), wire.benches[1]->now);
    EXPECT_EQ(view["config_mismatches"][0]["path"], "port_rules[0].ports");
    EXPECT_EQ(view["config_mismatches"][0]["there"], "80");
}

ClusterSettings with_a_rule_in_front(const ClusterSettings& settings) {
    ClusterSettings next = settings;
    config::PortRule dns;
    dns.name = "dns";
    dns.ports = {53, 53};
    next.cluster.port_rules.insert(next.cluster.port_rules.begin(), dns);
    return next;
}

TEST(Cluster, NobodyUsesANewConfigurationBeforeEverybodyHoldsIt) {
    Wire wire(3);
    wire.pass(milliseconds{4000});
    const RuleMasks before = wire.at(1).membership().own();
    for (const std::size_t i : {0U, 1U})
        wire.benches[i]->hold(with_a_rule_in_front(wire.at(i).settings()));
    wire.pass(milliseconds{2000});
    for (const std::size_t i : {0U, 1U, 2U}) {
        EXPECT_EQ(wire.at(i).settings().cluster.port_rules.size(), 2U);
        EXPECT_EQ(wire.at(i).membership().generation(), 1U);
        EXPECT_EQ(wire.at(i).shown(), ShownState::converged);
    }
    EXPECT_EQ(cluster_view(wire.at(0), wire.benches[0]->now)["reload"]["waits_for"],
              (std::vector<std::string>{"edge3"}));
    EXPECT_EQ(wire.at(2).mismatches().at(1)->path, "port_rules[0].name")
        << "who is late is told what the others have read";
    wire.benches[2]->hold(with_a_rule_in_front(wire.at(2).settings()));
    wire.pass(milliseconds{1000});
    for (const std::size_t i : {0U, 1U, 2U}) {
        EXPECT_EQ(wire.at(i).settings().cluster.port_rules.size(), 3U);
        EXPECT_EQ(wire.at(i).membership().generation(), 2U);
        EXPECT_EQ(wire.at(i).shown(), ShownState::converged);
        EXPECT_EQ(owned(wire.at(i), 0), 20U);
        EXPECT_TRUE(wire.at(i).mismatches().empty());
    }
    EXPECT_EQ(wire.at(1).membership().own()[1], before[0])
        << "a rule that stays keeps its buckets under its new number";
    EXPECT_EQ(wire.at(0).convergence().count_of(ConvergenceCause::reload), 1U);
}

TEST(Cluster, AKeyIsChangedWithoutLosingAHeartbeat) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    for (const std::size_t i : {0U, 1U}) {
        ClusterSettings next = wire.at(i).settings();
        next.hash_key = {9, 9, 9, 9};
        wire.benches[i]->hold(next, 8);
        wire.pass(milliseconds{300});
    }
    wire.pass(milliseconds{1000});
    for (const std::size_t i : {0U, 1U}) {
        EXPECT_EQ(wire.at(i).settings().hash_key[0], 9U);
        EXPECT_EQ(wire.at(i).shown(), ShownState::converged);
        EXPECT_EQ(wire.at(i).membership().incarnation().term, 1U) << "nobody was fenced";
        for (const FrameFault fault : {FrameFault::key, FrameFault::tag})
            EXPECT_EQ(wire.at(i).heartbeats().refused_by_reason()[static_cast<std::size_t>(fault)],
                      0U);
    }
}

TEST(Cluster, AStoppedHostUsesWhatItReadsAtOnce) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::stop);
    wire.pass(milliseconds{1000});
    wire.benches[1]->hold(with_a_rule_in_front(wire.at(1).settings()));
    EXPECT_EQ(wire.at(1).settings().cluster.port_rules.size(), 3U);
    wire.benches[0]->hold(with_a_rule_in_front(wire.at(0).settings()));
    wire.pass(milliseconds{1000});
    EXPECT_EQ(owned(wire.at(0), 0), 60U)
        << "the only live host need not wait for one that is stopped";
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::start);
    wire.pass(milliseconds{3000});
    EXPECT_EQ(owned(wire.at(1), 0), 30U);
}

}  // namespace
}  // namespace nlb::controlplane
