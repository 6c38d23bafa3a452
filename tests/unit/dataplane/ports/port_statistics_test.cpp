// Whatever a driver calls its counters, and however often its device begins again from zero.
#include "dataplane/ports/port_statistics.hpp"

#include <gtest/gtest.h>

#include "dataplane/ports/ports.hpp"

namespace nlb::dataplane {
namespace {

using ipc::PortCounters;

TEST(PortStatistics, NamesOfDriversAreUnderstood) {
    EXPECT_EQ(counter_of("rx_oversize_errors"), &PortCounters::oversize);  // ixgbe, i40e, ice
    EXPECT_EQ(counter_of("rx_ovrsz_frames"), &PortCounters::oversize);     // bnxt
    EXPECT_EQ(counter_of("rx_flow_control_xoff_packets"), &PortCounters::pause_rx);  // ixgbe, igb
    EXPECT_EQ(counter_of("tx_flow_control_xon_packets"), &PortCounters::pause_tx);
    EXPECT_EQ(counter_of("tx_pause_ctrl_phy"), &PortCounters::pause_tx);  // mlx5
    EXPECT_EQ(counter_of("rx_priority0_xon_packets"), nullptr);
    EXPECT_EQ(counter_of("rx_pause_duration"), nullptr);
    EXPECT_EQ(counter_of("tx_oversize_packets"), nullptr);
    EXPECT_EQ(counter_of("rx_good_packets"), nullptr);
}

TEST(PortStatistics, ADeviceThatBeganAgainLosesNothing) {
    PortCounters before;
    before.missed = 100;
    before.queue_missed[3] = 7;
    PortCounters last;
    last.missed = 40;
    PortCounters now;
    now.missed = 45;
    now.queue_missed[3] = 2;
    EXPECT_EQ(continued(before, last, now).missed, 105U);
    EXPECT_EQ(continued(before, last, now).queue_missed[3], 9U);
    now.missed = 3;  // it was reset
    EXPECT_EQ(continued(before, last, now).missed, 103U);
}

TEST(PortStatistics, ARunningPortIsCountedAndDescribed) {
    auto port = Port::attach(parse_device("net_null60,copy=1", "test").value(), "test", 1,
                             EalLog::capture(), {0, 0, 0, true});
    ASSERT_TRUE(port) << port.error().message;
    rte_mempool* const pool = rte_pktmbuf_pool_create("counted frames", 4095, 0, 64, 2176, 0);
    ASSERT_NE(pool, nullptr);
    ASSERT_TRUE(port.value().configure(1, pool, EalLog::capture()));
    ASSERT_TRUE(port.value().start(EalLog::capture()));
    std::array<rte_mbuf*, 32> frames;
    ASSERT_EQ(rte_eth_rx_burst(port.value().id(), 0, frames.data(), 32), 32);
    rte_pktmbuf_free_bulk(frames.data(), 32);
    port.value().count(Instant{});
    const ipc::PortReport report = port.value().report();
    EXPECT_EQ(report.counters.rx_packets, 32U);
    EXPECT_EQ(report.counters.queue_rx_packets[0], 32U);
    EXPECT_EQ(report.state, ipc::PortState::up);
    EXPECT_EQ(ipc::text_in(report.name), "net_null60");
    EXPECT_EQ(ipc::text_in(report.driver), "net_null");
    EXPECT_EQ(report.rx_queues, 1U);
    EXPECT_EQ(report.waking, ipc::Waking::polled);
}

}  // namespace
}  // namespace nlb::dataplane
