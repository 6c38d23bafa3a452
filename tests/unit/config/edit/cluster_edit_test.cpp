// The verbs on a file as people write it: the loader takes the result, and its configuration
// differs from the one before in what was asked for and in the generation.
#include "config/edit/cluster_edit.hpp"

#include <gtest/gtest.h>
#include <sstream>

#include "config/digest.hpp"
#include "config/format.hpp"
#include "config/load.hpp"

namespace nlb::config {
namespace {

constexpr const char* kText = R"(# two clusters
clusters:
  - name: web       # the shop
    address: 192.0.2.80/24
    virtual_addresses: [192.0.2.81, "2001:db8::80/64"]
    key_file: /etc/nlb/web.key
    port_rules:
      # the front
      - {name: http, ports: 80, protocol: tcp, mode: multiple}   # plain
      - name: admin     # behind the VPN
        ports: 8443
        protocol: tcp
        mode: single
    hosts:
      - name: edge1
        id: 1
        weights: {http: 70}
        priorities: {admin: 1}
        outside: "0000:3b:00.0"
        inside: "net_tap0,iface=nlb0"
        lcores: 2-5
      # the second one
      - name: edge2
        id: 2
        priorities: {admin: 2}
        outside: "0000:3b:00.0"
        inside: "net_tap0,iface=nlb0"
        lcores: 2-5
  - name: mail
    address: 198.51.100.80/24
    key_file: /etc/nlb/mail.key
    generation: 4   # counted by hand
    hosts:
      - {name: edge3, id: 1, outside: "0000:3b:00.1", inside: "net_tap1,iface=nlb1", lcores: 6}
)";

class ClusterEditing : public testing::Test {
protected:
    std::string edit(const std::string& cluster, EditKind kind, const std::string& name,
                     const std::vector<std::string>& words = {}) {
        const auto keys = key_values_of(words);
        EXPECT_TRUE(keys);
        const auto before = load_text(text_, "nlb.yaml");
        EXPECT_TRUE(before);
        auto edited =
            edit_cluster(text_, before.value().config, cluster, {kind, name, keys.value(), 7});
        if (!edited) return "error: " + edited.error().message;
        const auto after = load_text(edited.value(), "nlb.yaml");
        if (!after) return "mistakes: " + after.error().message;
        before_ = before.value().config;
        after_ = after.value().config;
        EXPECT_EQ(7U, find(after_, cluster).generation);
        return edited.value();
    }
    static const Cluster& find(const Config& config, const std::string& name) {
        for (const Cluster& one : config.clusters)
            if (one.name == name) return one;
        ADD_FAILURE() << "no cluster " << name;
        return config.clusters.front();
    }
    // Paths that differ, of one cluster, those of a list without their place.
    [[nodiscard]] std::string differing(const std::string& cluster) const {
        std::string paths;
        for (const Difference& one : differences(canonical_lines(find(before_, cluster)),
                                                 canonical_lines(find(after_, cluster))))
            paths += one.path + "=" + one.theirs + "\n";
        return paths;
    }
    // Nothing but whole lines came or went, and each that stayed is as it was.
    static std::size_t kept_lines(const std::string& before, const std::string& after) {
        std::size_t kept = 0;
        std::size_t at = 0;
        std::istringstream lines(before);
        for (std::string line; std::getline(lines, line);)
            if (const std::size_t found = after.find(line + "\n", at);
                found != std::string::npos && !line.empty()) {
                ++kept;
                at = found;
            }
        return kept;
    }
    std::string text_ = kText;
    Config before_;
    Config after_;
};

TEST_F(ClusterEditing, ARuleIsAddedAndNothingElseDiffers) {
    const std::string after =
        edit("web", EditKind::add_rule, "dns",
             {"ports=53", "protocol=both", "affinity=none", "vip=192.0.2.81"});
    EXPECT_NE(std::string::npos, after.find("      - name: dns\n        ports: 53\n")) << after;
    EXPECT_EQ(std::string::npos, differing("web").find("port_rules[0]")) << differing("web");
    EXPECT_NE(std::string::npos, differing("web").find("port_rules[2].name=dns"));
    EXPECT_EQ("", differing("mail"));
    EXPECT_LT(30U, kept_lines(kText, kText));
    EXPECT_EQ(kept_lines(kText, kText), kept_lines(kText, after)) << after;
}

TEST_F(ClusterEditing, ARemovedRuleTakesWhatHostsSayOfItAlong) {
    const std::string after = edit("web", EditKind::remove_rule, "http");
    EXPECT_EQ(std::string::npos, after.find("http")) << after;
    EXPECT_EQ(std::string::npos, after.find("weights")) << after;
    EXPECT_NE(std::string::npos, after.find("# the front\n")) << after;
    EXPECT_NE(std::string::npos, after.find("priorities: {admin: 1}")) << after;
    ASSERT_EQ(1U, find(after_, "web").port_rules.size());
    EXPECT_EQ("admin", find(after_, "web").port_rules[0].name);
}

TEST_F(ClusterEditing, ARulesKeysAreSetAddedAndTakenOut) {
    const std::string after =
        edit("web", EditKind::set_rule, "admin", {"ports=8443-8444", "vip=192.0.2.81"});
    EXPECT_NE(std::string::npos, after.find("- name: admin     # behind the VPN")) << after;
    EXPECT_NE(std::string::npos, after.find("        ports: 8443-8444\n")) << after;
    text_ = after;
    const std::string back = edit("web", EditKind::set_rule, "admin", {"vip=", "ports=8443"});
    EXPECT_EQ(std::string::npos, back.find("vip")) << back;
    EXPECT_EQ("error: a rule keeps its name: add one with the new name and remove the former one",
              edit("web", EditKind::set_rule, "admin", {"name=x"}));
}

TEST_F(ClusterEditing, HealthIsWrittenAsAMapping) {
    const std::string after =
        edit("web", EditKind::set_rule, "http", {"health={check: http, path: \"/ready?a=b\"}"});
    ASSERT_TRUE(find(after_, "web").port_rules[0].health) << after;
    EXPECT_EQ("/ready?a=b", find(after_, "web").port_rules[0].health->path);
    EXPECT_NE(std::string::npos, after.find("}}   # plain")) << after;
}

TEST_F(ClusterEditing, HostsComeAndGo) {
    const std::string after =
        edit("web", EditKind::add_host, "edge4",
             {"id=4", "addresses=192.0.2.14/24,2001:db8::14/64", "outside=0000:3b:00.0",
              "inside={kind: kernel, name: nlb0}", "lcores=2-5"});
    ASSERT_EQ(3U, find(after_, "web").hosts.size()) << after;
    EXPECT_EQ(2U, find(after_, "web").hosts[2].addresses.size());
    EXPECT_NE(std::string::npos, after.find("      - name: edge4\n        id: 4\n")) << after;
    text_ = after;
    const std::string gone = edit("web", EditKind::remove_host, "edge2");
    EXPECT_EQ(std::string::npos, gone.find("edge2")) << gone;
    EXPECT_NE(std::string::npos, gone.find("# the second one\n")) << gone;
    EXPECT_EQ(2U, find(after_, "web").hosts.size());
    EXPECT_EQ("error: edge3 is the only host of cluster mail",
              edit("mail", EditKind::remove_host, "edge3"));
}

TEST_F(ClusterEditing, VirtualAddressesComeAndGoWithOrWithoutAList) {
    std::string after = edit("web", EditKind::add_vip, "192.0.2.82");
    EXPECT_NE(std::string::npos,
              after.find("virtual_addresses: [192.0.2.81, \"2001:db8::80/64\", 192.0.2.82]\n"))
        << after;
    after = edit("web", EditKind::remove_vip, "2001:db8::80");
    EXPECT_NE(std::string::npos, after.find("virtual_addresses: [192.0.2.81]\n")) << after;
    after = edit("mail", EditKind::add_vip, "2001:db8:1::80/64");
    EXPECT_NE(std::string::npos, after.find("virtual_addresses: [\"2001:db8:1::80/64\"]")) << after;
    EXPECT_NE(std::string::npos, after.find("generation: 7   # counted by hand")) << after;
    EXPECT_EQ("", differing("web"));
    EXPECT_EQ(0U, edit("web", EditKind::add_vip, "192.0.2.80").find("error: "));
    EXPECT_EQ(0U, edit("web", EditKind::remove_vip, "192.0.2.80").find("error: 192.0.2.80 is the"));
    EXPECT_EQ(0U, edit("web", EditKind::remove_vip, "192.0.2.99").find("error: "));
}

TEST_F(ClusterEditing, AKeyTakesTheFormersPlaceAndTheFormerRetires) {
    const std::string both = edit("web", EditKind::use_key, "web-1.key");
    EXPECT_NE(std::string::npos, both.find("key_file: web-1.key\n")) << both;
    EXPECT_NE(std::string::npos, both.find("former_key_files: [/etc/nlb/web.key]\n")) << both;
    text_ = both;
    const std::string alone = edit("web", EditKind::retire_key, "/etc/nlb/web.key");
    EXPECT_EQ(std::string::npos, alone.find("former_key_files")) << alone;
    EXPECT_NE(std::string::npos, alone.find("key_file: web-1.key\n")) << alone;
}

TEST_F(ClusterEditing, WhatIsNotThereIsNamedWithWhatIs) {
    EXPECT_EQ("error: cluster web has no rule \"htp\"; did you mean http?",
              edit("web", EditKind::remove_rule, "htp"));
    EXPECT_EQ("error: cluster web has no host \"zone9\"; it has: edge1, edge2",
              edit("web", EditKind::remove_host, "zone9"));
    EXPECT_EQ("error: cluster web has \"http\" already",
              edit("web", EditKind::add_rule, "http", {"ports=81"}));
}

TEST_F(ClusterEditing, TheLoaderJudgesWhatComesOut) {
    EXPECT_EQ(0U, edit("web", EditKind::add_rule, "more", {"ports=80", "protocol=tcp"})
                      .find("mistakes: nlb.yaml:"));
    EXPECT_EQ(0U, edit("web", EditKind::add_rule, "more", {"port=81"}).find("mistakes: "));
}

TEST(KeyValues, AreOneLineEachAndComeOnce) {
    EXPECT_FALSE(key_values_of({"ports"}));
    EXPECT_FALSE(key_values_of({"=80"}));
    EXPECT_FALSE(key_values_of({"a: b=80"}));
    EXPECT_FALSE(key_values_of({"ports=80\nmode: x"}));
    EXPECT_FALSE(key_values_of({"ports=80", "ports=81"}));
    EXPECT_TRUE(key_values_of({"ports=80", "vip="}));
}

}  // namespace
}  // namespace nlb::config
