// Two and three controllers on one wire: the whole control plane but for sockets.
#include <gtest/gtest.h>
#include <map>

#include "controlplane/views.hpp"
#include "tests/unit/controlplane/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using Type = link::MessageType;

class Wire {
public:
    explicit Wire(std::size_t hosts, std::uint8_t weight_of_first = 0) {
        for (std::size_t i = 0; i < hosts; ++i) {
            ClusterSettings settings = testing::small_settings(hosts);
            if (weight_of_first != 0) settings.cluster.hosts[0].weights["http"] = weight_of_first;
            settings.host = settings.cluster.hosts[i];
            benches.push_back(std::make_unique<Bench>(settings));
            EXPECT_EQ(benches.back()->hello(Bench::fresh_hello()), "");
        }
        carried_.resize(hosts);
        alive.assign(hosts, true);
    }
    void pass(Duration time) {
        for (Duration gone{}; gone < time; gone += milliseconds{5}) {
            for (std::size_t i = 0; i < benches.size(); ++i)
                if (alive[i])
                    benches[i]->pass(milliseconds{5});
                else
                    benches[i]->now += milliseconds{5};
            for (std::size_t i = 0; i < benches.size(); ++i) carry(i);
        }
    }
    Controller& at(std::size_t i) { return benches[i]->controller; }

    std::vector<std::unique_ptr<Bench>> benches;
    std::vector<bool> alive;

private:
    void carry(std::size_t from) {
        const auto& sent = benches[from]->sink.datagrams;
        for (; carried_[from] < sent.size(); ++carried_[from]) {
            const auto message = *link::read_message(sent[carried_[from]]);
            if (message.type != Type::send) continue;
            const std::vector<Byte> frame{message.payload.begin(), message.payload.end()};
            for (std::size_t to = 0; to < benches.size(); ++to)
                if (to != from && alive[to])
                    benches[to]->deliver(Type::punted, link::Punted{benches[to]->now.time_since_epoch().count()}, frame);
        }
    }
    std::vector<std::size_t> carried_;
};

std::size_t owned(const Controller& controller, RuleId rule = 0) {
    return static_cast<std::size_t>(__builtin_popcountll(controller.membership().own()[rule]));
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
    EXPECT_EQ(wire.at(0).convergence().causes().at("lost"), 1U);
    EXPECT_EQ(wire.at(1).convergence().causes().at("lost"), 1U);
    EXPECT_GE(wire.at(0).convergence().orphan_windows().count(), 20U);
    EXPECT_EQ(state_of_host(wire.at(0), 3), "absent");
}

TEST(Cluster, AHostThatLeavesIsNotLost) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    (void)wire.at(1).command_host(wire.benches[1]->now, HostCommand::stop);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(wire.at(1).shown(), ShownState::stopped);
    EXPECT_EQ(owned(wire.at(0)), 60U);
    EXPECT_EQ(wire.at(0).convergence().causes().count("lost"), 0U);
    EXPECT_EQ(state_of_host(wire.at(0), 2), "stopped");
}

TEST(Cluster, AWeightThatIsReloadedMovesBuckets) {
    Wire wire(2);
    wire.pass(milliseconds{4000});
    config::Cluster cluster = wire.at(1).settings().cluster;
    cluster.hosts[1].weights["http"] = 10;
    wire.at(1).apply_local(wire.benches[1]->now, cluster, cluster.hosts[1]);
    wire.pass(milliseconds{1000});
    EXPECT_EQ(owned(wire.at(0)), 50U);
    EXPECT_EQ(owned(wire.at(1)), 10U);
    EXPECT_EQ(wire.at(0).convergence().causes().count("weight"), 1U);
    EXPECT_EQ(wire.at(1).convergence().causes().count("reload"), 1U);
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
    EXPECT_TRUE(wire.at(0).heartbeats().mismatched().contains(2));
    EXPECT_TRUE(wire.at(1).heartbeats().mismatched().contains(1));
}

}  // namespace
}  // namespace nlb::controlplane
