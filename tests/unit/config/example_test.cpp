// Every example file is right, and the example of the contract too: nothing is warned of in any.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <vector>

#include "config/load.hpp"

namespace nlb::config {
namespace {

std::vector<std::string> example_files() {
    std::vector<std::string> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(NLB_SOURCE_ROOT "/config/examples"))
        if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

Config example(const std::string& name) {
    const auto loaded = load_file(std::string(NLB_SOURCE_ROOT "/config/examples/") + name);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded ? loaded.value().config : Config{};
}

TEST(Examples, EachLoadsWithoutMistakeOrWarning) {
    const auto files = example_files();
    EXPECT_GE(files.size(), 6U);
    for (const std::string& file : files) {
        const auto loaded = load_file(file);
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        EXPECT_TRUE(loaded.value().warnings.empty()) << loaded.value().warnings.front();
    }
}

TEST(Examples, TheContractsExampleMeansWhatItSays) {
    const Config config = example("web.yaml");
    const Cluster& web = config.clusters.at(0);
    ASSERT_EQ(web.port_rules.size(), 4U);
    EXPECT_EQ(web.port_rules[1].name, "dns");
    EXPECT_EQ(web.port_rules[1].protocols, Protocols::both);
    EXPECT_EQ(web.port_rules[1].affinity, Affinity::none);
    EXPECT_EQ(web.port_rules[2].mode, RuleMode::single);
    EXPECT_EQ(web.port_rules[2].vip, web.virtual_addresses.at(0).address);
    EXPECT_EQ(web.port_rules[3].mode, RuleMode::disabled);
    EXPECT_EQ(web.hosts.at(0).weights.at("http"), 70);
    EXPECT_EQ(web.hosts.at(0).lcores.size(), 4U);
}

TEST(Examples, TheSmallestFileIsEnough) {
    const Config config = example("minimal.yaml");
    EXPECT_EQ(config.clusters.at(0).hosts.size(), 2U);
    EXPECT_EQ(config.clusters.at(0).port_rules.size(), 1U);
}

TEST(Examples, TheLabHasThreeHostsAndNoHugepages) {
    const Config config = example("lab.yaml");
    EXPECT_EQ(config.clusters.at(0).hosts.size(), 3U);
    EXPECT_FALSE(config.eal.hugepages);
    EXPECT_EQ(config.clusters.at(0).key_file, NLB_SOURCE_ROOT "/config/examples/lab.key");
}

TEST(Examples, TheIPv6ClusterHasNoIPv4Address) {
    const Config config = example("ipv6-only.yaml");
    EXPECT_FALSE(config.clusters.at(0).address.address.is_v4());
    for (const Host& host : config.clusters.at(0).hosts)
        for (const Prefix& prefix : host.addresses) EXPECT_FALSE(prefix.address.is_v4());
}

// Every mapping once, with a key that none knows, so that the answer lists those that it does.
TEST(Examples, TheReadmeNamesEveryKey) {
    const std::string stranger = "zzzzzzzz: 1";
    const std::string host =
        "{name: h, id: 1, outside: net_null0, inside: net_null1, lcores: 1, " + stranger + "}";
    const std::string rule =
        "{name: r, affinity: {kind: single, " + stranger + "}, " + stranger + "}";
    const auto nested = [&](const char* key) {
        return std::string(key) + ": {" + stranger + "}, ";
    };
    const auto loaded = load_text(
        "clusters: [{name: c, address: 10.0.0.1, key_file: k, " + nested("heartbeat") +
            nested("connections") + nested("ipsec") + nested("remote_control") + "port_rules: [" +
            rule + "], hosts: [" + host + "], " + stranger + "}]\nmetrics: {" + stranger +
            "}\neal: {" + stranger + "}\n" + stranger + "\n",
        "nlb.yaml");
    ASSERT_FALSE(loaded.ok());

    std::ifstream file(NLB_SOURCE_ROOT "/config/README.md");
    const std::string readme((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
    std::istringstream lines(loaded.error().message);
    std::size_t mappings = 0;
    for (std::string line; std::getline(lines, line); ++mappings) {
        const std::string start = "expected one of the keys ";
        const std::size_t from = line.find(start) + start.size();
        std::string keys = line.substr(from, line.find(", got ") - from);
        const std::size_t last = keys.find(" or ");
        if (last != std::string::npos) keys.replace(last, 4, ", ");
        std::istringstream words(keys);
        for (std::string key; words >> key;) {
            if (key.back() == ',') key.pop_back();
            EXPECT_NE(readme.find("`" + key + "`"), std::string::npos)
                << key << " is missing in config/README.md";
        }
    }
    EXPECT_EQ(mappings, 11U);
}

}  // namespace
}  // namespace nlb::config
