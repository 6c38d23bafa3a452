// Two hosts agree exactly when their digests do: everything that all must agree upon counts, and
// nothing that is one host's own.
#include "config/digest.hpp"

#include <set>

#include "bad_yaml.hpp"

namespace nlb::config {
namespace {

Cluster cluster_of(const std::string& yaml) {
    const auto loaded = load_text(yaml, "nlb.yaml");
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded ? loaded.value().config.clusters.at(0) : Cluster{};
}

std::uint64_t digest_with(const std::string& replaced, const std::string& with) {
    return digest_of(canonical_lines(cluster_of(edited(replaced, with))));
}

const std::string kAddress = "    address: 192.0.2.80/24\n";

std::string first_difference(const Cluster& one, const Cluster& other) {
    const auto mine = canonical_lines(one);
    const auto theirs = canonical_lines(other);
    for (std::size_t i = 0; i < std::min(mine.size(), theirs.size()); ++i)
        if (mine[i] != theirs[i])
            return mine[i].first + ": " + mine[i].second + " / " + theirs[i].second;
    return "";
}

// Made with a SipHash-2-4 written in Python, which shares no code.
TEST(Digest, ThePinnedValueHolds) {
    EXPECT_EQ(digest_of(canonical_lines(cluster_of(kRightYaml))), 1981128977171381492U);
}

TEST(Digest, EverythingThatIsAgreedUponChangesIt) {
    const std::vector<std::pair<std::string, std::string>> edits = {
        {"name: web", "name: www"},
        {"192.0.2.80/24", "192.0.2.83/24"},
        {"192.0.2.80/24", "192.0.2.80/25"},
        {"[192.0.2.81,", "[192.0.2.82,"},
        {"[192.0.2.81, ", "["},
        {kAddress, kAddress + "    mode: multicast\n"},
        {kAddress, kAddress + "    vlan: 10\n"},
        {kAddress, kAddress + "    heartbeat: {period: 50ms}\n"},
        {kAddress, kAddress + "    heartbeat: {tolerance: 6}\n"},
        {kAddress, kAddress + "    partition: majority\n"},
        {kAddress, kAddress + "    icmp: all\n"},
        {kAddress, kAddress + "    ipsec: {drop_state_if_not_bucket_owner: false}\n"},
        {kAddress, kAddress + "    remote_control: {enabled: true, key_file: r}\n"},
        {kAddress, kAddress + "    remote_control: {port: 2505}\n"},
        {"name: http", "name: https"},
        {"ports: 80,", "ports: 81,"},
        {"ports: 80,", "ports: 80-81,"},
        {"ports: 80, protocol: tcp", "ports: 80, protocol: both"},
        {"ports: 80,", "ports: 80, vip: 192.0.2.81,"},
        {"ports: 80,", "ports: 80, affinity: none,"},
        {"ports: 80,", "ports: 80, affinity: {kind: single, timeout: 20m},"},
        {"ports: 80,", "ports: 80, affinity: {kind: single, timeout: 21m},"},
        {"ports: 80,", "ports: 80, weight: 51,"},
        {"ports: 80,", "ports: 80, mode: disabled,"},
        {"ports: 80,", "ports: 80, mode: single,"},
        {"name: edge2", "name: edge3"},
        {"id: 2", "id: 3"},
        {"192.0.2.12/24", "192.0.2.13/24"},
        {"192.0.2.12/24", "192.0.2.12/25"},
    };
    std::set<std::uint64_t> digests{digest_of(canonical_lines(cluster_of(kRightYaml)))};
    for (const auto& edit : edits)
        EXPECT_TRUE(digests.insert(digest_with(edit.first, edit.second)).second) << edit.second;
}

TEST(Digest, WhatIsOneHostsOwnDoesNotChangeIt) {
    const std::uint64_t digest = digest_of(canonical_lines(cluster_of(kRightYaml)));
    EXPECT_EQ(digest_with("0000:3b:00.0", "net_af_packet0"), digest);
    EXPECT_EQ(digest_with("net_tap0,iface=nlb0", "net_memif0"), digest);
    EXPECT_EQ(digest_with("lcores: 2-5", "lcores: 2"), digest);
    EXPECT_EQ(digest_with("key_file: web.key", "key_file: other.key"), digest);
    EXPECT_EQ(digest_with("id: 1\n", "id: 1\n        initial_state: stopped\n"), digest);
    EXPECT_EQ(digest_with("id: 1\n", "id: 1\n        weights: {http: 7}\n"), digest);
    EXPECT_EQ(digest_with("id: 1\n", "id: 1\n        priorities: {admin: 7}\n"), digest);
    EXPECT_EQ(digest_with(kAddress, kAddress + "    generation: 2\n"), digest);
    EXPECT_EQ(digest_with(kAddress, kAddress + "    connections: {max: 5000}\n"), digest);
}

TEST(Digest, TheOrderOfRulesCountsAndThatOfAddressesAndHostsDoesNot) {
    const std::string rule = "      - {name: admin, ports: 8443, protocol: tcp, mode: single}\n";
    const std::string first = "    port_rules:\n";
    std::string reordered = edited(rule, "");
    reordered.insert(reordered.find(first) + first.size(), rule);
    Cluster cluster = cluster_of(kRightYaml);
    const std::uint64_t digest = digest_of(canonical_lines(cluster));
    EXPECT_NE(digest_of(canonical_lines(cluster_of(reordered))), digest);
    std::swap(cluster.hosts[0], cluster.hosts[1]);
    std::swap(cluster.virtual_addresses[0], cluster.virtual_addresses[1]);
    EXPECT_EQ(digest_of(canonical_lines(cluster)), digest);
}

TEST(Digest, DefaultsAndTheSameWrittenOutAgree) {
    EXPECT_EQ(
        digest_with(kAddress,
                    kAddress + "    heartbeat: {period: 0.1s, tolerance: 5}\n    mode: unicast\n"),
        digest_of(canonical_lines(cluster_of(kRightYaml))));
}

// So a host of a build that knows one key more has the digest of one that does not, until somebody
// writes it.
TEST(Digest, AKeyAtItsDefaultHasNoLine) {
    Cluster cluster;
    cluster.port_rules.emplace_back();
    cluster.hosts.emplace_back();
    EXPECT_EQ(canonical_lines(cluster), CanonicalLines{}) << "a key that is always said";
    cluster.port_rules[0].health.emplace();
    EXPECT_EQ(canonical_lines(cluster), (CanonicalLines{{"port_rules[0].health.check", "tcp"}}));
    cluster.port_rules[0].health->rise = 9;
    EXPECT_EQ(canonical_lines(cluster), (CanonicalLines{{"port_rules[0].health.check", "tcp"},
                                                        {"port_rules[0].health.rise", "9"}}));
}

TEST(Digest, WhatOneSideLeavesAtItsDefaultIsNamed) {
    const auto differ = [](const std::string& replaced, const std::string& with) {
        const auto all = differences(canonical_lines(cluster_of(edited(replaced, with))),
                                     canonical_lines(cluster_of(kRightYaml)));
        EXPECT_FALSE(all.empty());
        return all.empty() ? "" : all[0].path + ": " + all[0].mine + " / " + all[0].theirs;
    };
    EXPECT_EQ(differ(kAddress, kAddress + "    vlan: 10\n"), "vlan: 10 / untagged");
    EXPECT_EQ(differ(kAddress, kAddress + "    mask_source_mac: false\n"),
              "mask_source_mac: false / true");
    EXPECT_EQ(differ("ports: 80, protocol: tcp", "ports: 80"),
              "port_rules[0].protocol: both / tcp");
    EXPECT_EQ(differ("protocol: tcp}", "protocol: tcp, health: {check: tcp, rise: 9}}"),
              "port_rules[0].health.check: tcp / nothing");
    EXPECT_EQ(differ("mode: disabled}\n", "mode: disabled}\n      - {name: more, ports: 7}\n"),
              "port_rules[3].name: more / nothing");
    CanonicalLines newer = canonical_lines(cluster_of(kRightYaml));
    newer.emplace_back("a_key_of_the_next_version", "on");
    EXPECT_EQ(differences(canonical_lines(cluster_of(kRightYaml)), newer),
              (std::vector<Difference>{{"a_key_of_the_next_version", "nothing", "on"}}));
}

TEST(Digest, TheFirstDifferenceHasAName) {
    const Cluster right = cluster_of(kRightYaml);
    EXPECT_EQ(first_difference(right, cluster_of(edited("ports: 80,", "ports: 81,"))),
              "port_rules[0].ports: 80 / 81");
    EXPECT_EQ(first_difference(right, cluster_of(edited("name: edge2", "name: edge3"))),
              "hosts[id 2].name: edge2 / edge3");
    EXPECT_EQ(first_difference(right, cluster_of(edited("192.0.2.80/24", "192.0.2.80/25"))),
              "address: 192.0.2.80/24 / 192.0.2.80/25");
    EXPECT_EQ(first_difference(right, right), "");
}

}  // namespace
}  // namespace nlb::config
