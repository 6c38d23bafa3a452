// The cluster MAC, the source of frames, and where metrics are told.
#include "bad_yaml.hpp"
#include "config/format.hpp"
#include "config/table_builder.hpp"

namespace nlb::config {
namespace {

Config right(const std::string& yaml) {
    auto loaded = load_text(yaml, "nlb.yaml");
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded ? loaded.value().config : Config{};
}

TEST(Load, MetricsHaveOnePlaceOrAListAndAHostMayHaveItsOwn) {
    const std::vector<std::string> two{"127.0.0.1:9780", "[::1]:9780"};
    const Config config = right(edited("'127.0.0.1:9780'", "['127.0.0.1:9780', '[::1]:9780']"));
    EXPECT_EQ(config.metrics.listen, two);
    EXPECT_EQ(&metrics_of(config, "edge1"), &config.metrics);
    Config own = config;
    own.clusters[0].hosts[1].metrics = Metrics{{"192.0.2.12:9780"}};
    EXPECT_EQ(metrics_of(own, own.clusters[0].hosts[1].name).listen,
              std::vector<std::string>{"192.0.2.12:9780"});
    EXPECT_EQ(metrics_of(own, "edge1").listen, two);
}

TEST(Load, TheClusterMacComesByHandOrFromTheAddress) {
    const std::string address = "    address: 192.0.2.80/24\n";
    const Cluster usual = right(kRightYaml).clusters[0];
    EXPECT_FALSE(usual.mac);
    EXPECT_TRUE(usual.mask_source_mac);
    EXPECT_EQ(to_string(cluster_mac_of(usual)), "02:bf:c0:00:02:50");
    const Cluster typed = right(edited(address, address + "    mac: '02-00-5E-00-53-01'\n"
                                                          "    mask_source_mac: false\n"))
                              .clusters[0];
    EXPECT_EQ(to_string(cluster_mac_of(typed)), "02:00:5e:00:53:01");
    const Tables tables = build_tables(typed, typed.hosts[0], {}, {});
    EXPECT_EQ(tables.cluster_mac, *typed.mac);
    EXPECT_EQ(tables.bares_source_mac, 1);
}

}  // namespace
}  // namespace nlb::config
