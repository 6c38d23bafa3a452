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
    static rte_mempool* pool() {
        static rte_mempool* const made =
            rte_pktmbuf_pool_create("cluster frames", 8191, 0, 64, 2176, 0);
        return made;
    }
    Result<std::unique_ptr<Cluster>> open(const ClusterPlan& plan) {
        return Cluster::open(plan, number_++, plan.cpus, {}, pool(), doorbell_, EalLog::capture(),
                             warnings_);
    }
    std::uint16_t number_ = 0;  // rings are named by it
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

// What a cluster in this VLAN sends of a frame that the control plane gave it.
std::vector<Byte> sent_in(Cluster& cluster) {
    std::vector<Byte> frame(60, Byte{0xff});
    EXPECT_TRUE(cluster.send(frame));
    void* buffer = nullptr;
    EXPECT_EQ(rte_ring_dequeue(cluster.lanes()[0]->from_main, &buffer), 0);
    auto* const sent = static_cast<rte_mbuf*>(buffer);
    const Byte* const data = rte_pktmbuf_mtod(sent, const Byte*);
    std::vector<Byte> bytes(data, data + sent->data_len);
    rte_pktmbuf_free(sent);
    return bytes;
}

TEST_F(ClusterPorts, WhatTheControlPlaneSendsBearsTheClustersTagAndTheStationsSource) {
    ClusterPlan in_vlan = plan("net_null94", "net_null95");
    in_vlan.tables.masked_mac = {{0x02, 1, 192, 0, 2, 80}};
    in_vlan.tables.vlan = 0x123;
    const auto tagged = open(in_vlan);
    ASSERT_TRUE(tagged) << tagged.error().message;
    const std::vector<Byte> bytes = sent_in(*tagged.value());
    ASSERT_EQ(bytes.size(), 64U);
    EXPECT_EQ(std::vector<Byte>(bytes.begin() + 6, bytes.begin() + 18),
              (std::vector<Byte>{0x02, 1, 192, 0, 2, 80, 0x81, 0x00, 0x01, 0x23, 0xff, 0xff}));
    in_vlan.outside = parse_device("net_null96", "test").value();
    in_vlan.inside = parse_device("net_null97", "test").value();
    in_vlan.tables.vlan = 0;
    const auto untagged = open(in_vlan);
    ASSERT_TRUE(untagged) << untagged.error().message;
    EXPECT_EQ(sent_in(*untagged.value()).size(), 60U);
}

TEST_F(ClusterPorts, ALostDeviceShutsTheGatesAtOnceAndIsOpenedAgainWhenItIsThere) {
    const auto opened = open(plan("net_null98", "net_null99"));
    ASSERT_TRUE(opened) << opened.error().message;
    Cluster& cluster = *opened.value();
    Rcu rcu(1);
    rcu.join(0);
    Instant now{std::chrono::hours{1}};
    EXPECT_TRUE(cluster.keep_ports(now, rcu, EalLog::capture()).empty());
    cluster.port(Side::outside).events().note(kRemoved);
    EXPECT_TRUE(cluster.has_port_events());
    const auto lost = cluster.keep_ports(now, rcu, EalLog::capture());
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].state, ipc::PortState::lost);
    EXPECT_EQ(lost[0].device, "net_null98");
    for (const auto& lane : cluster.lanes()) EXPECT_TRUE(lane->gate.is_shut());
    static_cast<void>(cluster.look(now));
    EXPECT_FALSE(cluster.fence().link_up()) << "fenced at once";
    EXPECT_TRUE(cluster.keep_ports(now, rcu, EalLog::capture()).empty()) << "a worker is inside";
    EXPECT_EQ(cluster.counters(1).ports[0].state, ipc::PortState::lost);
    rcu.quiescent(0);
    const auto back = cluster.keep_ports(now, rcu, EalLog::capture());
    ASSERT_EQ(back.size(), 1U) << "the device was there all the time";
    EXPECT_EQ(back[0].state, ipc::PortState::up) << back[0].because;
    for (const auto& lane : cluster.lanes()) EXPECT_FALSE(lane->gate.is_shut());
    static_cast<void>(cluster.look(now));
    EXPECT_TRUE(cluster.fence().link_up());
    std::array<rte_mbuf*, 4> frames;
    const auto count = rte_eth_rx_burst(cluster.lanes()[1]->outside_port, 1, frames.data(), 4);
    EXPECT_EQ(count, 4) << "both queues are there again";
    rte_pktmbuf_free_bulk(frames.data(), count);
    EXPECT_EQ(cluster.counters(1).ports[0].reopened, 1U);
    rcu.leave(0);
}

TEST_F(ClusterPorts, AResetThatTheDriverDoesNotKnowEndsInOpeningTheDeviceAnew) {
    const auto opened = open(plan("net_null100", "net_null101"));
    ASSERT_TRUE(opened) << opened.error().message;
    Cluster& cluster = *opened.value();
    Rcu rcu(1);  // nobody has joined: no worker is inside
    Instant now{std::chrono::hours{1}};
    cluster.port(Side::inside).events().note(kResetNeeded);
    EXPECT_EQ(cluster.keep_ports(now, rcu, EalLog::capture()).at(0).state, ipc::PortState::failed);
    for (unsigned turn = 0; turn <= PortHealth::kResetsMost; ++turn) {
        now += PortHealth::kRetry;
        static_cast<void>(cluster.keep_ports(now, rcu, EalLog::capture()));
    }
    EXPECT_TRUE(cluster.port(Side::inside).health().serves());
    EXPECT_FALSE(cluster.lanes()[0]->gate.is_shut());
}

TEST_F(ClusterPorts, NumbersOfBothPortsAndOfTheBuffersAreReported) {
    const auto opened = open(plan("net_null102", "net_null103"));
    ASSERT_TRUE(opened) << opened.error().message;
    opened.value()->count_ports(Instant{std::chrono::hours{1}});
    const ipc::CountersReport report = opened.value()->counters(1);
    EXPECT_EQ(ipc::text_in(report.ports[0].name), "net_null102");
    EXPECT_EQ(ipc::text_in(report.ports[1].name), "net_null103");
    EXPECT_EQ(report.ports[0].rx_queues, 2U);
    EXPECT_EQ(report.buffers, 8191U);
    EXPECT_LE(report.buffers_free, report.buffers);
    EXPECT_GT(report.ring_frames_room, 0U);
    EXPECT_NE(report.cycles_now, 0U);
}

}  // namespace
}  // namespace nlb::dataplane
