// What `explain` and `plan` say of a running cluster is what it does: the map is asked of the real
// agents on one wire, and the outcome is what these agents do next.
#include "cli/live_map.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "cli/explanation.hpp"
#include "cli/selection.hpp"
#include "config/plan.hpp"
#include "controlplane/api/map_view.hpp"
#include "core/base/prng.hpp"
#include "tests/unit/controlplane/wire.hpp"

namespace nlb::cli {
namespace {

using controlplane::ClusterAgent;
using controlplane::ClusterSettings;
using controlplane::HostCommand;
using controlplane::testing::Wire;
using std::chrono::milliseconds;

// As the answer of the control socket carries it: through text.
LiveMap map_of(Wire& wire, std::size_t host) {
    const auto view = controlplane::map_view(wire.at(host), wire.benches[host]->now);
    const auto json = parse_json(view.dump());
    EXPECT_TRUE(json.has_value());
    auto map = read_live_map(json.value_or(Json()));
    if (!map) ADD_FAILURE() << map.error().message;
    return map ? map.value() : LiveMap{};
}

bool all_agree(Wire& wire) {
    const OwnerMap* first = nullptr;
    for (std::size_t i = 0; i < wire.benches.size(); ++i) {
        ClusterAgent& agent = wire.at(i);
        if (agent.shown() == controlplane::ShownState::stopped) continue;
        const Membership& membership = agent.membership();
        if (!membership.converged() || membership.stated_owners() != membership.map().targets)
            return false;
        if (first != nullptr && *first != membership.map().targets) return false;
        first = &membership.map().targets;
    }
    return first != nullptr;
}

void settle(Wire& wire) {
    wire.pass(milliseconds{200});
    for (int i = 0; i < 400 && !all_agree(wire); ++i) wire.pass(milliseconds{20});
    ASSERT_TRUE(all_agree(wire));
}

ClusterSettings five_hosts() {
    ClusterSettings settings = controlplane::testing::small_settings(5);
    settings.cluster.heartbeat.period = milliseconds{50};
    return settings;
}

// One host that runs, other than `but`.
std::size_t some_running(Wire& wire, std::size_t but = 99) {
    for (std::size_t i = 0; i < wire.benches.size(); ++i)
        if (i != but && wire.at(i).shown() == controlplane::ShownState::converged) return i;
    ADD_FAILURE() << "nobody runs";
    return 0;
}

std::size_t count_running(Wire& wire) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < wire.benches.size(); ++i)
        count += wire.at(i).shown() == controlplane::ShownState::converged ? 1U : 0U;
    return count;
}

class Planner {
public:
    explicit Planner(Wire& wire) : wire_(wire) {}

    // Plans a change, carries it out, and compares.
    void leave(std::size_t host) {
        const LiveMap map = map_of(wire_, some_running(wire_, host));
        config::Situation after = before(map);
        after.members.erase(id_of(host));
        after.offers[id_of(host) - 1U] = {};
        expect(map, after, [&] {
            (void)wire_.at(host).command_host(wire_.benches[host]->now, HostCommand::stop);
        });
    }
    void join(std::size_t host) {
        const LiveMap map = map_of(wire_, some_running(wire_));
        config::Situation after = before(map);
        after.members.insert(id_of(host));
        after.offers[id_of(host) - 1U] =
            config::offers_of(wire_.at(host).settings().cluster, wire_.at(host).settings().host);
        expect(map, after, [&] {
            (void)wire_.at(host).command_host(wire_.benches[host]->now, HostCommand::start);
        });
    }
    void weigh(std::size_t host, std::uint8_t weight) {
        const LiveMap map = map_of(wire_, some_running(wire_));
        ClusterSettings fresh = wire_.at(host).settings();
        fresh.host.weights["http"] = weight;
        for (config::Host& one : fresh.cluster.hosts)
            if (one.id == fresh.host.id) one = fresh.host;
        config::Situation after = before(map);
        after.offers[id_of(host) - 1U] = config::offers_of(fresh.cluster, fresh.host);
        expect(map, after, [&] { wire_.at(host).apply_local(wire_.benches[host]->now, fresh); });
    }

private:
    [[nodiscard]] HostId id_of(std::size_t host) { return static_cast<HostId>(host + 1); }
    [[nodiscard]] config::Situation before(const LiveMap& map) {
        return {&wire_.at(0).settings().cluster, map.members, offers_in(map)};
    }
    template <class Change>
    void expect(const LiveMap& map, const config::Situation& after, const Change& change) {
        const config::MovePlan plan = config::make_plan(before(map), map.targets, after);
        OwnerMap expected{};
        const auto slots = config::slots_of(*after.cluster);
        for (std::size_t i = 0; i < slots.size(); ++i) expected[slots[i]] = plan.rules[i].after;
        change();
        settle(wire_);
        EXPECT_TRUE(wire_.at(some_running(wire_)).membership().map().targets == expected);
    }

    Wire& wire_;
};

TEST(LiveMap, TwoHundredPlansAreWhatTheClusterThenDoes) {
    Wire wire(five_hosts());
    settle(wire);
    Planner planner(wire);
    Prng chance(20);
    for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
        SCOPED_TRACE(i);
        const auto host = static_cast<std::size_t>(chance.below(5));
        const bool runs = wire.at(host).shown() == controlplane::ShownState::converged;
        if (!runs)
            planner.join(host);
        else if (count_running(wire) > 2 && chance.below(2) == 0)
            planner.leave(host);
        else
            planner.weigh(host, static_cast<std::uint8_t>(chance.below(101)));
    }
}

// Where the tables say that a new flow of each bucket goes.
std::array<std::size_t, kBuckets> owners_by_tables(Wire& wire, RuleId rule) {
    std::array<std::size_t, kBuckets> owners{};
    for (std::size_t i = 0; i < wire.benches.size(); ++i)
        for (std::size_t b = 0; b < kBuckets; ++b)
            if ((wire.at(i).last_install()->own[rule] >> b & 1U) != 0) owners[b] = i + 1;
    return owners;
}

TEST(LiveMap, AfterADrainEveryHostIsExplainedByItsOwnTables) {
    Wire wire(3);
    wire.pass(milliseconds{4000});
    (void)wire.at(1).command_rules(wire.benches[1]->now, {0}, RuleState::draining);
    wire.pass(milliseconds{1000});
    (void)wire.at(1).command_rules(wire.benches[1]->now, {0}, RuleState::enabled);
    wire.pass(milliseconds{1000});
    const auto owners = owners_by_tables(wire, 0);
    const config::Cluster& cluster = wire.at(0).settings().cluster;
    const OwnerMap ideal = config::targets_of(cluster, all_hosts(cluster), {});
    std::size_t otherwise = 0;
    for (std::size_t b = 0; b < kBuckets; ++b) otherwise += owners[b] != ideal[0][b] ? 1U : 0U;
    EXPECT_GT(otherwise, 0U) << "the drain has left a map that no configuration tells";
    for (std::size_t asked = 0; asked < 3; ++asked) {
        const LiveMap map = map_of(wire, asked);
        EXPECT_EQ(map.members.size(), 3U);
        for (HostId id = 1; id <= 3; ++id) {
            const config::Ownership told = ownership_of(map, id);
            for (std::size_t b = 0; b < kBuckets; ++b)
                EXPECT_EQ((told.own[0] >> b & 1U) != 0, owners[b] == id) << int{id} << ' ' << b;
            EXPECT_EQ(told.owner[0][0], owners[0]);
        }
    }
}

TEST(LiveMap, ARuleThatIsDisabledSomewhereIsToldAndOffersNothing) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    (void)wire.at(1).command_rules(wire.benches[1]->now, {0}, RuleState::disabled);
    wire.pass(milliseconds{1000});
    const LiveMap map = map_of(wire, 0);
    EXPECT_EQ(offers_in(map)[1][0], 0);
    EXPECT_EQ(ownership_of(map, 2).ended_rules, 1U);
    EXPECT_EQ(ownership_of(map, 1).ended_rules, 0U);
    EXPECT_EQ(ownership_of(map, 2).own[0], 0U);
}

TEST(LiveMap, AHostThatTakesNoPartKnowsNoMap) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::stop);
    wire.pass(milliseconds{1000});
    EXPECT_FALSE(map_of(wire, 1).takes_part);
    const LiveMap map = map_of(wire, 0);
    EXPECT_TRUE(map.takes_part);
    EXPECT_EQ(map.members.size(), 1U);
    EXPECT_EQ(map.find(2)->state, "stopped");
}

TEST(LiveMap, WhatIsOutOfBoundsIsNotUnderstood) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    const Json good = *parse_json(controlplane::map_view(wire.at(0), wire.benches[0]->now).dump());
    ASSERT_TRUE(read_live_map(good));
    const auto broken = [&](const char* pointer, const Json& value) {
        Json bad = good;
        bad[Json::json_pointer(pointer)] = value;
        EXPECT_FALSE(read_live_map(bad)) << pointer << ' ' << value;
    };
    broken("/id", 33);
    broken("/id", "1");
    broken("/rules", Json::array());
    broken("/rules/0/targets/7", 40);
    broken("/rules/0/targets", Json::array());
    broken("/hosts/0/rules/0/own", "ffffffffffffffff");
    broken("/hosts/0/rules/0/own", "zz");
    broken("/hosts/0/id", 0);
    broken("/members/0", 99);
    broken("/installed/rules", Json::array());
}

}  // namespace
}  // namespace nlb::cli
