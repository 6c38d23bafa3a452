// What a right file becomes, what is only warned of, and how mistakes are listed.
#include "bad_yaml.hpp"
#include "config/inside_device.hpp"

namespace nlb::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Config right(const std::string& yaml) {
    auto loaded = load_text(yaml, "nlb.yaml");
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded ? loaded.value().config : Config{};
}

std::string with_cluster_line(const std::string& line) {
    const std::string address = "    address: 192.0.2.80/24\n";
    return edited(address, address + line);
}
std::string with_rule(const std::string& rule) {
    return edited("      - {name: http, ports: 80, protocol: tcp}\n", "      - " + rule + "\n");
}
std::string with_lcores(const std::string& lcores) {
    return edited("lcores: 2-5", "lcores: " + lcores);
}

TEST(Load, MtuAndRingsAreTheHostsOwnAndHaveNoDefaultOfTheirOwn) {
    const auto loaded = load_text(
        edited("lcores: 2-5\n",
               "lcores: 2-5\n        mtu: 9000\n        rx_ring: 4096\n        tx_ring: 512\n"),
        "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const auto& hosts = loaded.value().config.clusters.front().hosts;
    EXPECT_EQ(hosts[0].mtu, 9000);
    EXPECT_EQ(hosts[0].rx_ring, 4096);
    EXPECT_EQ(hosts[0].tx_ring, 512);
    EXPECT_EQ(hosts[1].mtu, 0);
    EXPECT_EQ(hosts[1].rx_ring, 0);
}

TEST(Load, ARightFileHasNoMistakesAndNoWarnings) {
    const auto loaded = load_text(kRightYaml, "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_TRUE(loaded.value().warnings.empty());
    EXPECT_EQ(loaded.value().config.file, "nlb.yaml");
}

TEST(Load, AKernelInsideIsADeviceThatNoOtherPortOfTheMachineUses) {
    const auto host = [](const std::string& name, const std::string& ports) {
        return "{name: " + name + ", id: 1, lcores: 1, " + ports + "}";
    };
    const auto cluster = [](const std::string& name, const std::string& hosts) {
        return "{name: " + name + ", address: 10.0.0." + std::to_string(name.size()) +
               ", key_file: /k, hosts: [" + hosts + "]}";
    };
    const Config config = right(
        "clusters: [" +
        cluster("a", host("h", "outside: net_null0, inside: {kind: kernel, name: nlb0}")) + ", " +
        cluster("bb", host("h", "outside: net_tap0, inside: {kind: kernel, name: nlb1}")) + ", " +
        cluster("ccc", host("g", "outside: net_null0, inside: {name: nlb0, kind: kernel}")) + "]");
    EXPECT_EQ(config.clusters[0].hosts[0].inside, "nlb_tap0,iface=nlb0");
    EXPECT_EQ(config.clusters[1].hosts[0].inside, "nlb_tap1,iface=nlb1");
    EXPECT_EQ(config.clusters[2].hosts[0].inside, "nlb_tap0,iface=nlb0");
    for (const Cluster& one : config.clusters)
        EXPECT_TRUE(ends_in_this_kernel(one.hosts[0].inside));
    EXPECT_TRUE(ends_in_this_kernel("virtio_user0,path=/dev/vhost-net,iface=nlb0"));
    EXPECT_FALSE(ends_in_this_kernel("virtio_user0,path=/run/socket"));
    EXPECT_FALSE(ends_in_this_kernel("net_af_packet0,iface=eth2"));
    EXPECT_FALSE(ends_in_this_kernel("0000:3b:00.1"));
}

TEST(Load, WhoSetsAddressesAndWhatServersAreBehindIsEachHostsOwn) {
    const Config config = right(edited(
        "        id: 1\n",
        "        id: 1\n        addresses_by: manual\n        server_mac: 02-00-00-00-00-07\n"
        "        gateway: [192.0.2.1, \"fe80::1\"]\n"));
    const Host& host = config.clusters.at(0).hosts.at(0);
    EXPECT_EQ(host.addresses_by, AddressesBy::manual);
    EXPECT_EQ(host.server_mac, (MacAddress{{2, 0, 0, 0, 0, 7}}));
    EXPECT_EQ(host.gateways.size(), 2U);
    const Host& other = config.clusters.at(0).hosts.at(1);
    EXPECT_EQ(other.addresses_by, AddressesBy::managed);
    EXPECT_FALSE(other.server_mac);
    EXPECT_TRUE(other.gateways.empty());
}

TEST(Load, WhatIsNotWrittenHasItsDefault) {
    const Config config = right(
        "clusters: [{name: c, address: 10.0.0.1, key_file: /k, hosts: [{name: h, id: 7, outside: "
        "net_null0, inside: net_null1, lcores: 0}]}]");
    EXPECT_EQ(config.metrics.listen, std::vector<std::string>{"127.0.0.1:9780"});
    EXPECT_EQ(config.poll, PollMode::adaptive);
    EXPECT_TRUE(config.eal.hugepages);
    EXPECT_EQ(config.eal.memory_mib, 0U);
    EXPECT_FALSE(config.eal.main_lcore.has_value());
    const Cluster& cluster = config.clusters.at(0);
    EXPECT_EQ(cluster.address.length, 32);
    EXPECT_TRUE(cluster.virtual_addresses.empty());
    EXPECT_EQ(cluster.mode, LinkMode::unicast);
    EXPECT_EQ(cluster.vlan, 0) << "untagged";
    EXPECT_EQ(cluster.heartbeat.period, milliseconds{100});
    EXPECT_EQ(cluster.heartbeat.tolerance, 5);
    EXPECT_EQ(cluster.partition, PartitionMode::serve);
    EXPECT_EQ(cluster.icmp, IcmpMode::one);
    EXPECT_EQ(cluster.connections.max, 1'000'000U);
    EXPECT_EQ(cluster.connections.tcp_idle, hours{2});
    EXPECT_EQ(cluster.connections.half_open, seconds{30});
    EXPECT_EQ(cluster.connections.closing, seconds{60});
    EXPECT_TRUE(cluster.ipsec.drop_state_if_not_bucket_owner);
    EXPECT_EQ(cluster.ipsec.idle, hours{24});
    EXPECT_FALSE(cluster.remote_control.enabled);
    EXPECT_EQ(cluster.remote_control.port, 2504);
    EXPECT_FALSE(cluster.remote_control.configure);
    EXPECT_EQ(cluster.generation, 1U);
    EXPECT_TRUE(cluster.port_rules.empty());
    EXPECT_TRUE(cluster.hosts.at(0).addresses.empty());
    EXPECT_EQ(cluster.hosts.at(0).initial_state, InitialState::started);
}

TEST(Load, ARuleIsForEverythingUntilItSaysLess) {
    const Config config = right(edited(kRulesYaml, "    port_rules: [{name: only}]\n"));
    const PortRule& rule = config.clusters.at(0).port_rules.at(0);
    EXPECT_FALSE(rule.vip.has_value());
    EXPECT_EQ(rule.ports.first, 0);
    EXPECT_EQ(rule.ports.last, 65535);
    EXPECT_EQ(rule.protocols, Protocols::both);
    EXPECT_EQ(rule.mode, RuleMode::multiple);
    EXPECT_EQ(rule.affinity, Affinity::single);
    EXPECT_FALSE(rule.affinity_timeout.has_value());
    EXPECT_EQ(rule.weight, kEqualWeight);
}

TEST(Load, EveryKeyOfAClusterIsRead) {
    const Config config = right(with_cluster_line(
        "    mode: multicast\n    vlan: 10\n    former_key_files: [/etc/old.key]\n    heartbeat: "
        "{period: 20ms, "
        "tolerance: 7}\n    partition: majority\n"
        "    icmp: all\n    connections: {max: 2000, tcp_idle: 20m, half_open: 5s, closing: 2s}\n"
        "    ipsec: {drop_state_if_not_bucket_owner: false, idle: 1h}\n    remote_control: "
        "{enabled: true, port: 2505, key_file: /etc/remote.key, configure: true}\n    generation: "
        "9\n"));
    const Cluster& cluster = config.clusters.at(0);
    EXPECT_EQ(cluster.mode, LinkMode::multicast);
    EXPECT_EQ(cluster.vlan, 10);
    EXPECT_EQ(cluster.former_key_files, std::vector<std::string>{"/etc/old.key"});
    EXPECT_EQ(cluster.heartbeat.period, milliseconds{20});
    EXPECT_EQ(cluster.heartbeat.tolerance, 7);
    EXPECT_EQ(cluster.partition, PartitionMode::majority);
    EXPECT_EQ(cluster.icmp, IcmpMode::all);
    EXPECT_EQ(cluster.connections.max, 2000U);
    EXPECT_EQ(cluster.connections.tcp_idle, minutes{20});
    EXPECT_EQ(cluster.connections.half_open, seconds{5});
    EXPECT_EQ(cluster.connections.closing, seconds{2});
    EXPECT_FALSE(cluster.ipsec.drop_state_if_not_bucket_owner);
    EXPECT_EQ(cluster.ipsec.idle, hours{1});
    EXPECT_TRUE(cluster.remote_control.enabled);
    EXPECT_EQ(cluster.remote_control.port, 2505);
    EXPECT_EQ(cluster.remote_control.key_file, "/etc/remote.key");
    EXPECT_TRUE(cluster.remote_control.configure);
    EXPECT_EQ(cluster.generation, 9U);
    EXPECT_EQ(cluster.virtual_addresses.at(1).length, 64);
}

TEST(Load, EveryKeyOfARuleIsRead) {
    const Config config =
        right(with_rule("{name: http, vip: '2001:db8::80', ports: 80-90, protocol: udp, mode: "
                        "multiple, affinity: {kind: network, timeout: "
                        "20m}, weight: 0}"));
    const PortRule& rule = config.clusters.at(0).port_rules.at(0);
    EXPECT_EQ(rule.vip, config.clusters.at(0).virtual_addresses.at(1).address);
    EXPECT_EQ(rule.ports.first, 80);
    EXPECT_EQ(rule.ports.last, 90);
    EXPECT_EQ(rule.protocols, Protocols::udp);
    EXPECT_EQ(rule.affinity, Affinity::network);
    EXPECT_EQ(rule.affinity_timeout, minutes{20});
    EXPECT_EQ(rule.weight, 0);
}

TEST(Load, AnAffinityTimeoutOfZeroIsNone) {
    const Config config =
        right(with_rule("{name: http, ports: 80, affinity: {kind: single, timeout: 0s}}"));
    EXPECT_FALSE(config.clusters.at(0).port_rules.at(0).affinity_timeout.has_value());
}

TEST(Load, EveryKeyOfAHostIsRead) {
    const Config config = right(edited("        id: 1\n",
                                       "        id: 31\n        weights: {http: 70}\n        "
                                       "priorities: {admin: 5}\n        initial_state: last\n"));
    const Cluster& cluster = config.clusters.at(0);
    const Host& host = cluster.hosts.at(0);
    EXPECT_EQ(host.name, "edge1");
    EXPECT_EQ(host.id, 31);
    EXPECT_EQ(host.addresses.at(0).length, 24);
    EXPECT_EQ(host.initial_state, InitialState::last);
    EXPECT_EQ(host.outside, "0000:3b:00.0");
    EXPECT_EQ(host.inside, "net_tap0,iface=nlb0");
    EXPECT_EQ(weight_of(host, cluster.port_rules[0]), 70);
    EXPECT_EQ(weight_of(cluster.hosts.at(1), cluster.port_rules[0]), kEqualWeight);
    EXPECT_EQ(priority_of(host, cluster.port_rules[1]), 5);
    EXPECT_EQ(priority_of(cluster.hosts.at(1), cluster.port_rules[1]), 2)
        << "the id stands for a priority that is not given";
}

TEST(Load, EveryTopLevelKeyIsRead) {
    const Config config = right(edited("metrics: {listen: '127.0.0.1:9780'}\n",
                                       "metrics: {listen: '[::1]:1'}\npoll: busy\neal: {hugepages: "
                                       "false, memory: 512, main_lcore: 0}\n"));
    EXPECT_EQ(config.metrics.listen, std::vector<std::string>{"[::1]:1"});
    EXPECT_EQ(config.poll, PollMode::busy);
    EXPECT_FALSE(config.eal.hugepages);
    EXPECT_EQ(config.eal.memory_mib, 512U);
    EXPECT_EQ(config.eal.main_lcore, 0);
    EXPECT_TRUE(right(edited("'127.0.0.1:9780'", "''")).metrics.listen.empty()) << "no HTTP";
}

TEST(Load, LcoresHaveFourSpellings) {
    const auto lcores = [](const std::string& text) {
        return right(with_lcores(text)).clusters.at(0).hosts.at(0).lcores;
    };
    using List = std::vector<std::uint16_t>;
    EXPECT_EQ(lcores("2-5"), (List{2, 3, 4, 5}));
    EXPECT_EQ(lcores("3"), (List{3}));
    EXPECT_EQ(lcores("'1,3-4'"), (List{1, 3, 4}));
    EXPECT_EQ(lcores("1, 3"), (List{1, 3}));
    EXPECT_EQ(lcores("[2, 1]"), (List{2, 1}));
    EXPECT_EQ(lcores("[1, 3-4]"), (List{1, 3, 4}));
}

TEST(Load, ARuleForOneVipMayStandBesideOneForAll) {
    right(edited(kRulesYaml,
                 "    port_rules: [{name: a, ports: 80}, {name: b, ports: 80, vip: 192.0.2.81}, "
                 "{name: c, ports: 80, vip: 192.0.2.80}]\n"));
}

TEST(Load, TcpAndUdpRulesMayShareAPort) {
    right(edited(kRulesYaml,
                 "    port_rules: [{name: a, ports: 53, protocol: udp}, {name: b, ports: 53, "
                 "protocol: tcp}, {name: c, ports: 54}]\n"));
}

TEST(Load, OneMachineMayBeInTwoClusters) {
    const Config config =
        right(edited("metrics:",
                     "  - name: mail\n    address: 198.51.100.80\n    key_file: m.key\n    hosts:\n"
                     "      - {name: edge1, id: 3, addresses: [192.0.2.11/24], outside: "
                     "'0000:3d:00.0', inside: net_tap9, lcores: 6}\nmetrics:"));
    const auto members = memberships_of(config, "edge1");
    ASSERT_TRUE(members.ok());
    ASSERT_EQ(members.value().size(), 2U);
    EXPECT_EQ(members.value()[0].cluster->name, "web");
    EXPECT_EQ(members.value()[0].host->id, 1);
    EXPECT_EQ(members.value()[1].cluster->name, "mail");
    EXPECT_EQ(members.value()[1].host->id, 3);
}

TEST(Load, AnUnknownHostIsToldWhichHostsExist) {
    const Config config = right(kRightYaml);
    const auto members = memberships_of(config, "edge9");
    ASSERT_FALSE(members.ok());
    EXPECT_EQ(
        members.error().message,
        R"(nlb.yaml: no cluster has a host named "edge9"; the hosts are edge1, edge2; choose one with --host NAME)");
}

TEST(Load, ALowToleranceIsWarnedOf) {
    const auto loaded = load_text(with_cluster_line("    heartbeat: {tolerance: 4}\n"), "nlb.yaml");
    ASSERT_TRUE(loaded.ok());
    ASSERT_EQ(loaded.value().warnings.size(), 1U);
    EXPECT_EQ(loaded.value().warnings[0],
              "nlb.yaml:4:28: clusters[0].heartbeat.tolerance: expected at least 5, because with "
              "fewer two lost frames one way and one the "
              "other way can make two owners, got \"4\"");
}

TEST(Load, ARuleThatNobodyServesIsWarnedOf) {
    const auto loaded =
        load_text(with_rule("{name: http, ports: 80, protocol: tcp, weight: 0}"), "nlb.yaml");
    ASSERT_TRUE(loaded.ok());
    ASSERT_EQ(loaded.value().warnings.size(), 1U);
    EXPECT_EQ(loaded.value().warnings[0],
              "nlb.yaml:7:9: clusters[0].port_rules[0]: expected a host with a weight above 0 for "
              "rule \"http\", got none: its traffic is lost");
}

TEST(Load, AMainLcoreThatIsAWorkersIsWarnedOf) {
    const auto loaded = load_text(kRightYaml + "eal: {main_lcore: 5}\n", "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    ASSERT_EQ(loaded.value().warnings.size(), 1U);
    EXPECT_EQ(loaded.value().warnings[0],
              "nlb.yaml:24:19: eal.main_lcore: expected an lcore that is no worker's, got \"5\" as "
              "in clusters[0].hosts[0].lcores: the two "
              "take turns on one CPU");
}

TEST(Load, TwoIgmpClustersInOneGroupAreWarnedOf) {
    const auto host = [](const std::string& n) {
        return "hosts: [{name: h" + n +
               ", id: 1, outside: net_null0, inside: net_null1, lcores: 1}]}";
    };
    const auto loaded = load_text(
        "clusters:\n  - {name: a, mode: igmp, address: 10.1.2.3, key_file: k, " + host("1") +
            "\n  - {name: b, mode: igmp, address: 10.9.2.3, key_file: k, " + host("2") + "\n",
        "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    ASSERT_EQ(loaded.value().warnings.size(), 1U);
    EXPECT_EQ(loaded.value().warnings[0],
              "nlb.yaml:3:36: clusters[1].address: expected the last two bytes to differ between "
              "clusters of mode igmp, got \"10.9.2.3\", whose "
              "multicast group is also that of clusters[0].address");
}

TEST(Load, AllMistakesAreToldInTheOrderOfTheFile) {
    std::string yaml = with_rule("{name: http, ports: http, vip: any}");
    yaml = yaml.replace(yaml.find("id: 2"), 5, "id: 99") + "fruit: apple\n";
    yaml = yaml.replace(yaml.find("/24"), 3, "/99");
    const auto loaded = load_text(yaml, "nlb.yaml");
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(
        loaded.error().message,
        "nlb.yaml:3:14: clusters[0].address: expected a prefix length in 1-32, got "
        "\"192.0.2.80/99\"\n"
        "nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, "
        "got \"http\"\n"
        "nlb.yaml:7:40: clusters[0].port_rules[0].vip: expected all or an address of the cluster, "
        "without a prefix length, got \"any\"\n"
        "nlb.yaml:18:13: clusters[0].hosts[1].id: expected a whole number in 1-32, got \"99\"\n"
        "nlb.yaml:24:1: fruit: expected one of the keys clusters, metrics, manager, state_dir, "
        "poll or eal, "
        "got "
        "\"fruit\"");
}

TEST(Load, MoreThan32RulesAreRefused) {
    std::string rules = "    port_rules:\n";
    for (int i = 0; i < 33; ++i)
        rules +=
            "      - {name: r" + std::to_string(i) + ", ports: " + std::to_string(1000 + i) + "}\n";
    const auto loaded = load_text(edited(kRulesYaml, rules), "nlb.yaml");
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().message,
              "nlb.yaml:39:9: clusters[0].port_rules[32]: expected at most 32 port rules, got 33");
}

TEST(Load, MoreThan32HostsAreRefused) {
    std::string hosts = "    hosts:\n";
    for (int i = 1; i <= 33; ++i)
        hosts += "      - {name: h" + std::to_string(i) + ", id: " + std::to_string(i % 33) +
                 ", outside: net_null0, inside: net_null1, lcores: 1}\n";
    const auto loaded = load_text(edited(kHostsYaml, hosts), "nlb.yaml");
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().message,
              "nlb.yaml:43:9: clusters[0].hosts[32]: expected at most 32 hosts, got 33");
}

TEST(Load, MoreAddressesThanTheTablesHoldAreRefused) {
    std::string addresses = "    virtual_addresses: [192.0.2.81";
    for (int i = 0; i < 251; ++i) addresses += ", 10.0." + std::to_string(i) + ".1";
    const auto loaded =
        load_text(edited("    virtual_addresses: [192.0.2.81", addresses), "nlb.yaml");
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().message,
              "nlb.yaml:2:5: clusters[0]: expected at most 256 addresses, with broadcast "
              "addresses, got 257");
}

TEST(Load, AnEndlessAliasEnds) {
    const auto loaded = load_text("clusters: &a [*a, {hosts: *a}]\n", "nlb.yaml");
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().message.substr(0, 58),
              "nlb.yaml:1:11: clusters[0]: expected a cluster, got a list");
}

TEST(Load, WindowsLineEndsAndAByteOrderMarkAreRead) {
    std::string yaml = "\xef\xbb\xbf";
    for (const char c : kRightYaml) yaml += c == '\n' ? std::string("\r\n") : std::string(1, c);
    EXPECT_EQ(right(yaml).clusters.at(0).hosts.at(1).name, "edge2");
}

TEST(Load, KeyFilesAreLookedForBesideTheConfiguration) {
    const auto loaded = load_text(
        with_cluster_line("    former_key_files: [/etc/old.key, old.key]\n"), "/srv/nlb/nlb.yaml");
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded.value().config.clusters[0].key_file, "/srv/nlb/web.key");
    EXPECT_EQ(loaded.value().config.clusters[0].former_key_files,
              (std::vector<std::string>{"/etc/old.key", "/srv/nlb/old.key"}));
    EXPECT_EQ(right(kRightYaml).clusters[0].key_file, "web.key");
}

}  // namespace
}  // namespace nlb::config
