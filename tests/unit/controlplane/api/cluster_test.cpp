// Two and three agents on one wire: the whole control plane but for sockets.
#include <gtest/gtest.h>
#include <map>

#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/api/views.hpp"
#include "core/ipc/tables_codec.hpp"
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

TEST(Cluster, TheLastOfSeveralHostsThatServesIsKnown) {
    Wire wire(2);
    const auto is_last = [&](std::size_t i) {
        return wire.at(i).is_last_to_serve(wire.benches[i]->now);
    };
    EXPECT_FALSE(is_last(0)) << "it does not serve yet";
    wire.pass(milliseconds{4000});
    EXPECT_FALSE(is_last(0));
    EXPECT_FALSE(is_last(1));
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::drainstop);
    wire.pass(milliseconds{1000});
    EXPECT_TRUE(is_last(0)) << "who drains takes no new flow";
    EXPECT_FALSE(is_last(1)) << "it is on its way out already";
    Wire alone(1);
    alone.pass(milliseconds{4000});
    EXPECT_FALSE(alone.at(0).is_last_to_serve(alone.benches[0]->now))
        << "one host alone is all that was configured";
}

TEST(Cluster, AStoppedHostForeseesWhatItsStartMoves) {
    Wire wire(3);
    wire.pass(milliseconds{4000});
    (void)wire.at(2).command_host(wire.benches[2]->now, HostCommand::stop);
    wire.pass(milliseconds{1500});
    ASSERT_EQ(wire.at(2).shown(), ShownState::stopped);
    EXPECT_EQ(moves_of_start(wire.at(2), wire.benches[2]->now), 20U);
    EXPECT_EQ(moves_of_start(wire.at(0), wire.benches[0]->now), 0U) << "it takes part";
    wire.alive[0] = wire.alive[1] = false;
    wire.pass(milliseconds{2000});
    EXPECT_EQ(moves_of_start(wire.at(2), wire.benches[2]->now), 0U) << "nobody is heard";
}

TEST(Cluster, AReloadIsForeseenByItsOwnPartAndByAllOfIt) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    ClusterSettings fresh = wire.at(1).settings();
    EXPECT_EQ(moves_of_reload(wire.at(1), fresh), 0U);
    fresh.host.weights["http"] = 10;
    EXPECT_EQ(moves_of_reload(wire.at(1), fresh), 20U);
    wire.at(1).apply_local(wire.benches[1]->now, fresh);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(owned(wire.at(1)), 10U);
    ClusterSettings other = wire.at(0).settings();
    other.cluster.icmp = IcmpMode::all;
    other.cluster.hosts[1].weights["http"] = 100;
    EXPECT_EQ(moves_of_reload(wire.at(0), other), 30U) << "50 : 10 becomes 20 : 40";
}

TEST(Cluster, TwoHostsOfOnePriorityAreNamedOnceEach) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    ClusterSettings fresh = wire.at(1).settings();
    fresh.host.priorities["admin"] = 1;
    wire.at(1).apply_local(wire.benches[1]->now, fresh);
    wire.pass(milliseconds{2000});
    for (const auto& bench : wire.benches) {
        std::size_t told = 0;
        for (const Event& event : bench->events.events)
            told += event.id == EventId::duplicate_priority ? 1U : 0U;
        EXPECT_EQ(told, 1U);
    }
    const Event* const event = wire.benches[0]->events.last("duplicate_priority");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->number(), 20);
    EXPECT_EQ(testing::field_of(*event, "peer"), "edge2");
    EXPECT_EQ(testing::field_of(*event, "rule"), "admin");
}

TEST(Cluster, CommandsOfRulesBearNlbsNumbers) {
    Wire wire(1);
    wire.pass(milliseconds{4000});
    auto& bench = *wire.benches[0];
    const auto numbers_of = [&](const std::vector<RuleId>& rules, RuleState wanted) {
        const std::size_t before = bench.events.events.size();
        (void)bench.agent.command_rules(bench.now, rules, wanted);
        std::vector<int> numbers;
        for (std::size_t i = before; i < bench.events.events.size(); ++i)
            if (bench.events.events[i].number() != 0)
                numbers.push_back(bench.events.events[i].number());
        return numbers;
    };
    EXPECT_EQ(numbers_of({0}, RuleState::disabled), std::vector<int>{24});
    EXPECT_EQ(numbers_of({0, 1}, RuleState::draining), (std::vector<int>{39, 39, 41}));
    EXPECT_EQ(numbers_of({0, 1}, RuleState::enabled), (std::vector<int>{23, 23, 42, 29}))
        << "the only host has its buckets again at once";
    EXPECT_EQ(numbers_of({0, 1}, RuleState::disabled), (std::vector<int>{24, 24, 43}));
    EXPECT_TRUE(numbers_of({0}, RuleState::disabled).empty()) << "nothing changed";
}

TEST(Cluster, ADisabledRuleIsToldToTheCores) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    auto& bench = *wire.benches[1];
    const auto ended = [&] {
        std::uint64_t rules = 0;
        for (const auto& datagram : bench.sink.datagrams) {
            const auto message = *ipc::read_message(datagram);
            if (message.type != Type::install) continue;
            const auto tables = decode_tables(message.rest_after<ipc::Install>());
            EXPECT_TRUE(tables.ok());
            if (tables) rules = tables.value().ended_rules;
        }
        return rules;
    };
    EXPECT_EQ(ended(), 0U);
    (void)bench.agent.command_rules(bench.now, {0}, RuleState::disabled);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(ended(), 1U);
    EXPECT_EQ(owned(wire.at(1)), 0U);
    (void)bench.agent.command_rules(bench.now, {0}, RuleState::draining);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(ended(), 0U) << "a draining rule's flows go on";
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
    EXPECT_EQ(view["config_mismatches"][0]["older"], nullptr) << "both are of one generation";
    EXPECT_EQ(view["config_mismatches"][0]["mend"], "");
}

TEST(Cluster, AnOlderConfigurationServesNobodyAndBothSidesNameItsAgeAndTheCommand) {
    Wire wire(2);
    ClusterSettings newer = testing::small_settings(2);
    newer.cluster.remote_control.enabled = newer.cluster.remote_control.configure = true;
    newer.cluster.port_rules[0].ports = {80, 443};
    newer.cluster.generation = 8;
    ClusterSettings older = testing::small_settings(2);
    older.cluster.generation = 7;
    older.cluster.remote_control = newer.cluster.remote_control;
    older.host = older.cluster.hosts[1];
    wire.benches[0] = std::make_unique<Bench>(newer);
    wire.benches[1] = std::make_unique<Bench>(older);
    ASSERT_EQ(wire.benches[0]->hello(Bench::fresh_hello()), "");
    wire.alive[1] = false;
    wire.pass(milliseconds{5000});
    ASSERT_EQ(owned(wire.at(0)), 60U);
    wire.alive[1] = true;
    ASSERT_EQ(wire.benches[1]->hello(Bench::fresh_hello()), "");
    wire.pass(milliseconds{5000});
    EXPECT_EQ(owned(wire.at(0)), 60U);
    EXPECT_EQ(owned(wire.at(1)), 0U);
    for (const std::size_t host : {0U, 1U}) {
        const auto view = cluster_view(wire.at(host), wire.benches[host]->now);
        ASSERT_EQ(view["config_mismatches"].size(), 1U);
        const auto& mismatch = view["config_mismatches"][0];
        const std::string name = older.cluster.hosts[1].name;
        EXPECT_EQ(mismatch["older"], name);
        EXPECT_EQ(mismatch["generation"], host == 0 ? 7 : 8);
        EXPECT_EQ(mismatch["mend"],
                  "on " + older.cluster.hosts[0].name + ": nlb config push --host " + name);
    }
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
