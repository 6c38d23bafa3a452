// Tables hold what the configuration says and nothing else: addresses by kind, rules in order,
// offers in which more is better.
#include "config/table_builder.hpp"

#include "bad_yaml.hpp"
#include "config/format.hpp"

namespace nlb::config {
namespace {

Cluster cluster_of(const std::string& yaml) {
    const auto loaded = load_text(yaml, "nlb.yaml");
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded ? loaded.value().config.clusters.at(0) : Cluster{};
}

std::string in_words(const Tables& tables) {
    std::string text;
    for (std::size_t i = 0; i < tables.address_count; ++i) {
        const AddressEntry& entry = tables.addresses[i];
        const char* kind = entry.kind == AddressKind::vip               ? "vip"
                           : entry.kind == AddressKind::dedicated_mine  ? "mine"
                           : entry.kind == AddressKind::dedicated_other ? "other"
                                                                        : "broadcast";
        text += std::string(kind) + " " + to_string(entry.address) + " " +
                std::to_string(entry.host) + "\n";
    }
    return text;
}

TEST(TableBuilder, AddressesComeInTheOrderThatLookUpsExpect) {
    const Cluster cluster = cluster_of(kRightYaml);
    const Tables tables = build_tables(cluster, cluster.hosts[1], HashKey{}, Ownership{});
    EXPECT_EQ(tables.vip_count, 3);
    EXPECT_EQ(in_words(tables),
              "vip 192.0.2.80 0\nvip 192.0.2.81 0\nvip 2001:db8::80 0\nbroadcast 192.0.2.255 "
              "0\nother 192.0.2.11 1\nmine 192.0.2.12 2\n");
}

TEST(TableBuilder, RulesKeepTheirOrderAndPointAtTheirVip) {
    const Cluster cluster =
        cluster_of(edited("ports: 80,", "ports: 80-90, vip: 192.0.2.81, affinity: network,"));
    const Tables tables = build_tables(cluster, cluster.hosts[0], HashKey{}, Ownership{});
    ASSERT_EQ(tables.rule_count, 3);
    EXPECT_EQ(tables.rules[0].first_port, 80);
    EXPECT_EQ(tables.rules[0].last_port, 90);
    EXPECT_EQ(tables.rules[0].vip, 1);
    EXPECT_EQ(tables.rules[0].protocols, kProtocolTcpBit);
    EXPECT_EQ(tables.rules[0].affinity, Affinity::network);
    EXPECT_EQ(tables.rules[1].mode, RuleMode::single);
    EXPECT_EQ(tables.rules[1].vip, kEveryVip);
    EXPECT_EQ(tables.rules[2].mode, RuleMode::disabled);
    EXPECT_EQ(tables.rules[2].protocols, kProtocolTcpBit | kProtocolUdpBit);
}

TEST(TableBuilder, ATimeoutOfAnAffinityIsCarriedOverInMilliseconds) {
    Cluster cluster = cluster_of(kRightYaml);
    EXPECT_FALSE(has_sticky_rules(cluster));
    cluster.port_rules[0].affinity_timeout = std::chrono::hours{24};
    Ownership ownership;
    ownership.era = 99;
    ownership.settled = true;
    const Tables tables = build_tables(cluster, cluster.hosts[0], HashKey{}, ownership);
    EXPECT_EQ(tables.rules[0].sticky_ms, kStickyMsMax);
    EXPECT_TRUE(has_sticky_rules(cluster) && nlb::has_sticky_rules(tables));
    EXPECT_EQ(tables.era, 99U);
    EXPECT_EQ(tables.settled, 1);
    EXPECT_NE(tables.layout,
              build_tables(cluster_of(kRightYaml), cluster.hosts[0], HashKey{}, ownership).layout);
}

TEST(TableBuilder, OwnershipKeyAndTimesAreCarriedOver) {
    const Cluster cluster = cluster_of(kRightYaml);
    Ownership ownership;
    ownership.epoch = 7;
    ownership.own[0] = 5;
    ownership.dirty_elsewhere[1] = 6;
    ownership.owner[0][59] = 2;
    const Tables tables = build_tables(cluster, cluster.hosts[0], HashKey{1, 2, 3, 4}, ownership);
    EXPECT_EQ(tables.epoch, 7U);
    EXPECT_EQ(tables.hash_key, (HashKey{1, 2, 3, 4}));
    EXPECT_EQ(tables.own, ownership.own);
    EXPECT_EQ(tables.dirty_elsewhere, ownership.dirty_elsewhere);
    EXPECT_EQ(tables.owner, ownership.owner);
    EXPECT_EQ(tables.tcp_idle_s, 7200U);
    EXPECT_EQ(tables.half_open_s, 30U);
    EXPECT_EQ(tables.closing_s, 60U);
    EXPECT_EQ(tables.ipsec_idle_s, 86400U);
    EXPECT_EQ(tables.ipsec_replaces, 1);
    EXPECT_EQ(tables.self, 1);
    EXPECT_EQ(to_string(tables.cluster_mac), "02:bf:c0:00:02:50");
    EXPECT_EQ(to_string(tables.masked_mac), "02:01:c0:00:02:50");
}

TEST(TableBuilder, OnlyUnicastModeMasksItsSource) {
    const std::string address = "    address: 192.0.2.80/24\n";
    const Cluster cluster = cluster_of(edited(address, address + "    mode: igmp\n"));
    const Tables tables = build_tables(cluster, cluster.hosts[0], HashKey{}, Ownership{});
    EXPECT_EQ(to_string(tables.cluster_mac), "01:00:5e:7f:02:50");
    EXPECT_EQ(tables.masked_mac, MacAddress{});
}

TEST(TableBuilder, TheFullestFileFitsTheTables) {
    std::string addresses = "    virtual_addresses: [192.0.2.81";
    for (int i = 0; i < 250; ++i) addresses += ", 10.0." + std::to_string(i) + ".1";
    const Cluster cluster = cluster_of(edited("    virtual_addresses: [192.0.2.81", addresses));
    EXPECT_EQ(build_tables(cluster, cluster.hosts[0], HashKey{}, Ownership{}).address_count,
              kAddressesMax);
}

TEST(TableBuilder, AnOfferIsAWeightOrTheDistanceFromTheLastPriority) {
    const Cluster cluster = cluster_of(
        edited("id: 1\n", "id: 1\n        weights: {http: 70}\n        priorities: {admin: 32}\n"));
    const auto first = offers_of(cluster, cluster.hosts[0]);
    EXPECT_EQ(first[0], 70);
    EXPECT_EQ(first[1], 1);
    EXPECT_EQ(first[2], 0) << "disabled";
    EXPECT_EQ(first[3], 0) << "no such rule";
    EXPECT_EQ(first[kDefaultRule], 32);
    const auto second = offers_of(cluster, cluster.hosts[1]);
    EXPECT_EQ(second[0], kEqualWeight);
    EXPECT_EQ(second[1], 31) << "by its id";
    EXPECT_EQ(second[kDefaultRule], 31);
}

TEST(TableBuilder, SingleSlotsAreTheSingleRulesAndTheDefaultRule) {
    EXPECT_EQ(single_slots(cluster_of(kRightYaml)),
              std::uint64_t{2} | std::uint64_t{1} << kDefaultRule);
}

}  // namespace
}  // namespace nlb::config
