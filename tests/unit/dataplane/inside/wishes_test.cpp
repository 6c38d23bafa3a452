// From a configuration to addresses and routes.
#include "dataplane/inside/wishes.hpp"

#include <gtest/gtest.h>

#include "config/format.hpp"
#include "config/load.hpp"
#include "config/table_builder.hpp"

namespace nlb::dataplane {
namespace {

IpAddress ip(const char* text) {
    return config::parse_ip(text).value();
}

// Of edge2 in this file's cluster.
InsideWishes wishes_in(const std::string& addresses, const std::string& dedicated,
                       const std::vector<IpAddress>& gateways = {}) {
    const auto loaded = config::load_text(
        "clusters:\n  - {name: web, " + addresses +
            ", key_file: k, hosts: [{name: edge1, id: 1, addresses: [192.0.2.11/24], outside: "
            "net_null0, inside: net_null1, lcores: 1}, {name: edge2, id: 2, addresses: [" +
            dedicated + "], outside: net_null2, inside: net_null3, lcores: 1}]}\n",
        "test");
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
    if (!loaded) return {};
    const config::Cluster& cluster = loaded.value().config.clusters[0];
    return wishes_of(config::build_tables(cluster, cluster.hosts[1], {}, {}), gateways);
}

TEST(InsideWishes, AreThisHostsDedicatedAddressesAndThenAllVirtualOnesWithTheirPrefixes) {
    const auto wishes =
        wishes_in("address: 192.0.2.80/24, virtual_addresses: [\"2001:db8::80/64\", 203.0.113.5]",
                  "192.0.2.12/24, \"2001:db8::12/64\"");
    EXPECT_EQ(wishes.addresses, (std::vector<InsideAddress>{{ip("192.0.2.12"), 24, false},
                                                            {ip("2001:db8::12"), 64, false},
                                                            {ip("192.0.2.80"), 24, true},
                                                            {ip("2001:db8::80"), 64, true},
                                                            {ip("203.0.113.5"), 32, true}}));
}

TEST(InsideWishes, EachConnectedNetworkIsLeftByADedicatedAddress) {
    const auto wishes =
        wishes_in("address: 198.51.100.80/24, virtual_addresses: [192.0.2.80/24]", "192.0.2.12/24");
    EXPECT_EQ(wishes.routes,
              (std::vector<InsideRoute>{{ip("192.0.2.0"), 24, std::nullopt, ip("192.0.2.12")},
                                        {ip("198.51.100.0"), 24, std::nullopt, ip("192.0.2.12")}}));
}

TEST(InsideWishes, AHostWithoutADedicatedAddressLeavesItsRoutesToTheKernel) {
    const auto wishes = wishes_in("address: 192.0.2.80/24", "", {ip("192.0.2.1")});
    EXPECT_EQ(wishes.routes,
              (std::vector<InsideRoute>{{IpAddress::v4(0), 0, ip("192.0.2.1"), std::nullopt}}));
}

TEST(InsideWishes, ADefaultRouteIsOfItsGatewaysFamily) {
    const auto wishes =
        wishes_in("address: \"2001:db8::80/64\"", "\"2001:db8::12/64\"", {ip("fe80::1")});
    EXPECT_EQ(wishes.routes,
              (std::vector<InsideRoute>{{IpAddress{}, 0, ip("fe80::1"), ip("2001:db8::12")}}));
}

TEST(InsideWishes, ANetworkIsItsAddressWithoutTheHostsBits) {
    EXPECT_EQ(network_of(ip("192.0.2.77"), 26), ip("192.0.2.64"));
    EXPECT_EQ(network_of(ip("192.0.2.77"), 32), ip("192.0.2.77"));
    EXPECT_EQ(network_of(ip("192.0.2.77"), 0), ip("0.0.0.0"));
    EXPECT_EQ(network_of(ip("2001:db8:ffff::1"), 33), ip("2001:db8:8000::"));
}

}  // namespace
}  // namespace nlb::dataplane
