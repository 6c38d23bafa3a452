// What a cluster makes of ports whose adapters do not spread flows: no worker is left without.
#include "dataplane/control/cluster.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

class ClusterPorts : public ::testing::Test {
protected:
    static ClusterPlan plan(const char* outside, const char* inside) {
        ClusterPlan plan;
        plan.name = "web";
        plan.outside = parse_device(outside, "test").value();
        plan.inside = parse_device(inside, "test").value();
        plan.cpus = {1, 2};
        plan.connections_max = 128;
        return plan;
    }
    Result<std::unique_ptr<Cluster>> open(const ClusterPlan& plan) {
        static rte_mempool* const pool =
            rte_pktmbuf_pool_create("cluster frames", 8191, 0, 64, 2176, 0);
        return Cluster::open(plan, 0, plan.cpus, pool, doorbell_, EalLog::capture(), warnings_);
    }
    Doorbell doorbell_;
    std::vector<std::string> warnings_;
};

TEST_F(ClusterPorts, AnAdapterWithoutRssHasOneQueueAndWorkersSpreadItsFlows) {
    const auto cluster = open(plan("net_ring90", "net_null90"));
    ASSERT_TRUE(cluster) << cluster.error().message;
    const auto& lanes = cluster.value()->lanes();
    ASSERT_EQ(lanes.size(), 2U);
    EXPECT_EQ(lanes[0]->queue, 0);
    EXPECT_EQ(lanes[1]->queue, kNoQueue);
    EXPECT_EQ(lanes[1]->rss.sender, lanes[0].get());
    EXPECT_EQ(warnings_,
              (std::vector<std::string>{"cluster=\"web\" outside spreads flows over 1 of 2 lcores: "
                                        "the adapter has no RSS for IP flows; the others get their "
                                        "flows from those that have one"}));
}

TEST_F(ClusterPorts, TheInsideAdapterCountsAsWell) {
    const auto cluster = open(plan("net_null91", "net_ring91"));
    ASSERT_TRUE(cluster) << cluster.error().message;
    EXPECT_EQ(cluster.value()->lanes()[1]->queue, kNoQueue);
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_NE(warnings_[0].find("inside spreads flows over 1 of 2 lcores"), std::string::npos);
}

TEST_F(ClusterPorts, AdaptersThatSpreadGiveEachWorkerAQueueAndShareOneKey) {
    const auto cluster = open(plan("net_null92", "net_null93"));
    ASSERT_TRUE(cluster) << cluster.error().message;
    const auto& lanes = cluster.value()->lanes();
    EXPECT_EQ(lanes[1]->queue, 1);
    EXPECT_TRUE(warnings_.empty()) << warnings_.front();
    std::array<std::vector<std::uint8_t>, 2> keys;
    for (std::size_t side = 0; side < 2; ++side) {
        keys[side].resize(40);
        rte_eth_rss_conf settings{keys[side].data(), 40, 0};
        const std::uint16_t port = side == 0 ? lanes[0]->outside_port : lanes[0]->inside_port;
        ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(port, &settings), 0);
    }
    EXPECT_EQ(keys[0], keys[1]);
    EXPECT_EQ(keys[0][0], keys[0][38]);
}

}  // namespace
}  // namespace nlb::dataplane
