// Plans from a tables file and from the configuration, and what stops both.
#include "dataplane/startup/plan.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "core/base/limits.hpp"

namespace nlb::dataplane {
namespace {

FixedTables fixed(const std::string& name, const std::string& outside, const std::string& inside) {
    FixedTables tables;
    tables.cluster_name = name;
    tables.outside = outside;
    tables.inside = inside;
    tables.lcores = {3, 2, 3};
    tables.connections_max = 100;
    tables.tables.epoch = 8;
    return tables;
}

constexpr std::string_view kConfig = R"(
clusters:
  - name: web
    address: 192.0.2.80/24
    key_file: /nonexistent/key
    connections: {max: 5000}
    port_rules:
      - {name: http, ports: 80, protocol: tcp}
    hosts:
      - {name: edge1, id: 1, addresses: [192.0.2.11/24], outside: "net_null7", inside: "net_tap7,iface=x7", lcores: 5}
)";

TEST(StartupPlan, ATablesFileIsAWholePlan) {
    const auto plan = plan_from_tables({fixed("web", "net_pcap0,rx_pcap=a", "net_pcap1,tx_pcap=b")},
                                       nullptr, "edge1");
    ASSERT_TRUE(plan.ok());
    EXPECT_TRUE(plan.value().fixed);
    const ClusterPlan& cluster = plan.value().clusters.at(0);
    EXPECT_EQ(cluster.outside.text(), "net_pcap0,rx_pcap=a");
    EXPECT_EQ(cluster.cpus, (std::vector<std::uint16_t>{2, 3}));
    EXPECT_EQ(cluster.tables.epoch, 8U);
}

TEST(StartupPlan, AConfigurationOverridesThePortsOfATablesFile) {
    const auto loaded = config::load_text(kConfig, "test.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const auto plan =
        plan_from_tables({fixed("web", "net_pcap0", "net_pcap1")}, &loaded.value().config, "edge1");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    const ClusterPlan& cluster = plan.value().clusters.at(0);
    EXPECT_EQ(cluster.outside.text(), "net_null7");
    EXPECT_EQ(cluster.cpus, (std::vector<std::uint16_t>{5}));
    EXPECT_EQ(cluster.connections_max, 5000U);
    EXPECT_EQ(cluster.tables.epoch, 8U);
}

TEST(StartupPlan, ADeviceIsOpenedOnce) {
    const auto plan =
        plan_from_tables({fixed("web", "net_tap0", "net_tap0,iface=b")}, nullptr, "edge1");
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().message,
              "cluster \"web\": device \"net_tap0\" is used by two ports; give each its own name "
              "(net_tap0, net_tap1)");
}

TEST(StartupPlan, AHostMayBeInAsManyClustersAsAFileMayHave) {
    std::vector<FixedTables> all;
    for (std::size_t i = 0; i < kClustersMax; ++i)
        all.push_back(fixed("c" + std::to_string(i), "net_null" + std::to_string(2 * i),
                            "net_null" + std::to_string(2 * i + 1)));
    EXPECT_TRUE(plan_from_tables(all, nullptr, "edge1").ok());
    all.push_back(fixed("more", "net_tap0", "net_tap1"));
    const auto plan = plan_from_tables(all, nullptr, "edge1");
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().message, "one dataplane serves at most 16 clusters, got 17");
}

TEST(StartupPlan, NothingToRunIsAMistake) {
    EXPECT_FALSE(plan_from_tables({}, nullptr, "edge1").ok());
}

TEST(StartupPlan, AnUnreadableKeyAndAnUnknownHostAreNamed) {
    const auto loaded = config::load_text(kConfig, "test.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const auto no_key = plan_from_config(loaded.value().config, "edge1");
    ASSERT_FALSE(no_key.ok());
    EXPECT_NE(no_key.error().message.find("/nonexistent/key"), std::string::npos)
        << no_key.error().message;
    const auto no_host = plan_from_config(loaded.value().config, "edge9");
    ASSERT_FALSE(no_host.ok());
    EXPECT_NE(no_host.error().message.find("edge9"), std::string::npos);
}

TEST(StartupPlan, WithoutLcoresThereIsOneWorker) {
    FixedTables tables = fixed("web", "net_pcap0", "net_pcap1");
    tables.lcores = {};
    EXPECT_EQ(plan_from_tables({tables}, nullptr, "edge1").value().clusters[0].cpus,
              (std::vector<std::uint16_t>{1}));
}

}  // namespace
}  // namespace nlb::dataplane
