// Plans move what must move and nothing else; the JSON is the contract's.
#include "config/plan.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "cli/selection.hpp"
#include "config/load.hpp"
#include "core/base/prng.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

using config::Move;
using config::MovePlan;
using config::owned_by;
using config::RulePlan;

config::Config load(const std::string& yaml) {
    auto loaded = config::load_text(yaml, "lab.yaml");
    if (!loaded) ADD_FAILURE() << loaded.error().message;
    return loaded.value().config;
}

HostSet hosts(std::initializer_list<HostId> ids) {
    HostSet set;
    for (const HostId id : ids) set.insert(id);
    return set;
}

const RulePlan& rule_of(const MovePlan& plan, const std::string& name) {
    return *std::find_if(plan.rules.begin(), plan.rules.end(),
                         [&](const RulePlan& rule) { return rule.rule == name; });
}

TEST(MovePlan, AHostThatLeavesGivesAwayItsBucketsAndNobodyElseMoves) {
    const config::Config config = load(lab_yaml());
    const config::Cluster& cluster = config.clusters.front();
    const MovePlan plan = make_plan(ideal_situation(cluster, hosts({1, 2, 3})),
                                    ideal_situation(cluster, hosts({1, 3})));
    const RulePlan& http = rule_of(plan, "http");
    EXPECT_EQ(http.moves.size(), 20U);
    EXPECT_EQ(http.least, 20U);
    for (const Move& move : http.moves) EXPECT_EQ(move.from, 2);
    EXPECT_EQ(rule_of(plan, "admin").moves.size(), 0U);
    EXPECT_EQ(rule_of(plan, "default").moves.size(), 0U);
    EXPECT_EQ(plan.rules.back().rule, "default");
}

TEST(MovePlan, TheDefaultRuleMovesWholeWhenItsHostLeaves) {
    const config::Config config = load(lab_yaml());
    const config::Cluster& cluster = config.clusters.front();
    const MovePlan plan = make_plan(ideal_situation(cluster, hosts({1, 2, 3})),
                                    ideal_situation(cluster, hosts({2, 3})));
    EXPECT_EQ(rule_of(plan, "default").moves.size(), kBuckets);
    EXPECT_EQ(rule_of(plan, "default").least, kBuckets);
    EXPECT_EQ(rule_of(plan, "admin").moves.front().to, 2);
}

TEST(MovePlan, WhenTheLastMemberLeavesNobodyGetsAnything) {
    const config::Config config = load(lab_yaml());
    const config::Cluster& cluster = config.clusters.front();
    const MovePlan plan =
        make_plan(ideal_situation(cluster, hosts({2})), ideal_situation(cluster, {}));
    for (const RulePlan& rule : plan.rules) {
        EXPECT_EQ(rule.moves.size(), kBuckets);
        EXPECT_EQ(rule.least, kBuckets);
        EXPECT_EQ(rule.moves.front().to, kNoHost);
    }
}

TEST(MovePlan, ANewConfigurationKeepsRulesByNameAndHostsById) {
    const config::Config config = load(lab_yaml());
    std::string text = lab_yaml();
    const std::string http = "      - {name: http, ports: 80, protocol: tcp, affinity: none}\n";
    text.erase(text.find(http), http.size());
    const std::string before_hosts = "    hosts:\n";
    text.insert(text.find(before_hosts),
                "      - {name: new, ports: 8080, protocol: tcp}\n" + http);
    const config::Config next = load(text);
    const MovePlan plan = make_plan(ideal_situation(config.clusters.front(), hosts({1, 2, 3})),
                                    ideal_situation(next.clusters.front(), hosts({1, 2, 3})));
    EXPECT_EQ(rule_of(plan, "http").moves.size(), 0U);
    EXPECT_EQ(rule_of(plan, "echo").moves.size(), 0U);
    EXPECT_EQ(rule_of(plan, "new").moves.size(), kBuckets);
    EXPECT_EQ(rule_of(plan, "new").moves.front().from, kNoHost);
}

TEST(MovePlan, NoChangeOfMembersMovesMoreThanTheLeast) {
    std::string text = lab_yaml();
    for (HostId id = 4; id <= 9; ++id) {
        const std::string n = std::to_string(id);
        text += "      - name: host" + n + "\n        id: " + n +
                "\n        addresses: [192.0.2.1" + n + "/24]\n        priorities: {admin: " + n +
                "}\n";
        text += "        weights: {http: " + std::to_string(id * 11) +
                "}\n        outside: \"net_af_packet0,iface=outside\"\n";
        text += "        inside: \"net_tap0,iface=inside\"\n        lcores: 1\n";
    }
    const config::Config config = load(text);
    const config::Cluster& cluster = config.clusters.front();
    for (std::uint32_t seed = 1; seed < 512; ++seed) {
        const HostSet before(seed), after(seed * 2654435761U >> 5 & 0x1ffU);
        const MovePlan plan =
            make_plan(ideal_situation(cluster, before), ideal_situation(cluster, after));
        for (const RulePlan& rule : plan.rules)
            EXPECT_EQ(rule.moves.size(), rule.least) << rule.rule << ' ' << seed;
    }
}

TEST(Targets, MasksHoldExactlyTheBucketsThatTheMapGives) {
    const config::Config config = load(lab_yaml());
    const config::Cluster& cluster = config.clusters.front();
    const OwnerMap owners = targets_of(cluster, all_hosts(cluster), {});
    for (const RuleId slot : slots_of(cluster)) {
        BucketMask all = 0;
        for (const HostId id : {HostId{1}, HostId{2}, HostId{3}}) {
            const BucketMask own = owned_by(owners, id)[slot];
            EXPECT_EQ(all & own, 0U);
            all |= own;
        }
        EXPECT_EQ(all, kAllBuckets) << name_of_rule(cluster, slot);
    }
}

}  // namespace
}  // namespace nlb::cli
