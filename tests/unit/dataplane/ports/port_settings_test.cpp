// What a port is configured with, for adapters that do not run here.
#include "dataplane/ports/port_settings.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

const Device kAdapter = parse_device("0000:3b:00.0", "x").value();
const Device kTap = parse_device("net_tap0,iface=nlb0", "x").value();

rte_eth_dev_info adapter_info(const char* driver = "net_ixgbe") {
    static const std::uint32_t kFlags = RTE_ETH_DEV_INTR_LSC;
    rte_eth_dev_info info{};
    info.driver_name = driver;
    info.dev_flags = &kFlags;
    info.max_mtu = 9000;
    info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
    info.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    info.default_rxconf.rx_free_thresh = 32;
    return info;
}

TEST(PortSettings, AnMtuThatTheAdapterCannotCarryIsRefusedWithItsLimit) {
    const auto refused = settings_of(adapter_info(), kAdapter, {9216, 0, 0, true}, 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message,
              "mtu 9216: the adapter takes at most 9000; lower `mtu` of this host");
}

TEST(PortSettings, JumboFramesAreScatteredWhereTheDriverCanAndUsualOnesNever) {
    const auto jumbo = settings_of(adapter_info(), kAdapter, {9000, 0, 0, true}, 1).value();
    EXPECT_EQ(jumbo.device.rxmode.mtu, 9000U);
    EXPECT_EQ(jumbo.device.rxmode.offloads, RTE_ETH_RX_OFFLOAD_SCATTER);
    const auto usual = settings_of(adapter_info(), kAdapter, {1500, 0, 0, true}, 1).value();
    EXPECT_EQ(usual.device.rxmode.offloads, 0U);
    EXPECT_EQ(settings_of(adapter_info(), kAdapter, {}, 1).value().device.rxmode.mtu, 0U)
        << "the device's own";
}

TEST(PortSettings, AFullQueueDropsWhereSeveralShareTheAdaptersBuffer) {
    EXPECT_EQ(settings_of(adapter_info(), kAdapter, {}, 1).value().rx.rx_drop_en, 0);
    const auto several = settings_of(adapter_info(), kAdapter, {}, 2).value();
    EXPECT_EQ(several.rx.rx_drop_en, 1);
    EXPECT_EQ(several.rx.rx_free_thresh, 32) << "the driver's own defaults stay";
    EXPECT_EQ(settings_of(adapter_info(), kTap, {}, 2).value().rx.rx_drop_en, 0);
}

TEST(PortSettings, RingsAreTheOperatorsElseLongWhereWorkersSleep) {
    EXPECT_EQ(rx_ring_of(kAdapter, {0, 0, 0, true}), 4096);
    EXPECT_EQ(rx_ring_of(kAdapter, {0, 0, 0, false}), 1024);
    EXPECT_EQ(rx_ring_of(kAdapter, {0, 512, 0, true}), 512);
    EXPECT_EQ(rx_ring_of(kTap, {0, 0, 0, true}), 64);
    EXPECT_EQ(rx_ring_of(kTap, {0, 4096, 0, true}), 64) << "its driver pays for each of them";
    EXPECT_EQ(tx_ring_of({0, 0, 0, true}), 1024);
    EXPECT_EQ(tx_ring_of({0, 0, 256, true}), 256);
}

TEST(PortSettings, InterruptsAreAskedOnlyOfDriversThatDeliverThem) {
    const auto asked = [](const char* driver, bool sleeps) {
        return interrupts_of(adapter_info(driver), kAdapter, {0, 0, 0, sleeps});
    };
    EXPECT_TRUE(asked("net_ixgbe", true).rx && asked("net_ixgbe", true).link);
    EXPECT_FALSE(asked("net_ixgbe", false).rx) << "who never sleeps is not woken";
    EXPECT_TRUE(asked("net_ixgbe", false).link);
    EXPECT_FALSE(asked("net_e1000_em", true).rx || asked("net_e1000_em", true).link);
    EXPECT_FALSE(asked("mlx5_pci", true).rx) << "its descriptor is no count of events";
    EXPECT_TRUE(asked("mlx5_pci", true).link);
    auto deaf = adapter_info();
    deaf.dev_flags = nullptr;
    EXPECT_FALSE(interrupts_of(deaf, kAdapter, {0, 0, 0, true}).link);
    EXPECT_TRUE(interrupts_of(adapter_info("net_tap"), kTap, {}).rx);
}

TEST(PortSettings, ASleepLastsAQuarterOfTheTimeInWhichTheRingFills) {
    EXPECT_EQ(sleep_most_ns(1024, 10'000), 17'203U);  // 1024 frames at 14.88 million a second
    EXPECT_EQ(sleep_most_ns(4096, 10'000), 68'812U);
    EXPECT_EQ(sleep_most_ns(1024, 1'000), 172'032U);
    EXPECT_EQ(sleep_most_ns(1024, 0), sleep_most_ns(1024, 10'000));
}

TEST(PortSettings, TheFastestSpeedCounts) {
    EXPECT_EQ(speed_most_mbps(RTE_ETH_LINK_SPEED_1G | RTE_ETH_LINK_SPEED_25G), 25'000U);
    EXPECT_EQ(speed_most_mbps(RTE_ETH_LINK_SPEED_FIXED), 0U);
}

}  // namespace
}  // namespace nlb::dataplane
