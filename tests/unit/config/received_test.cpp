// Which of two files is the newer, and what one that came may not change.
#include "config/received.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "config/transfer.hpp"

namespace nlb::config {
namespace {

constexpr const char* kText = R"(clusters:
  - name: web
    address: 192.0.2.80/24
    key_file: web.key
    generation: 3
    notify: [/usr/bin/logger, -t, nlb]
    port_rules:
      - {name: http, ports: 80, protocol: tcp, mode: multiple}
    hosts:
      - {name: edge1, id: 1, outside: "0000:3b:00.0", inside: "net_tap0,iface=nlb0", lcores: 2-5}
      - {name: edge2, id: 2, outside: "0000:3b:00.0", inside: "net_tap0,iface=nlb0", lcores: 2-5}
  - name: mail
    address: 198.51.100.80/24
    key_file: /etc/nlb/mail.key
    generation: 4
    hosts:
      - {name: edge1, id: 1, outside: "0000:3b:00.1", inside: "net_tap1,iface=nlb1", lcores: 6}
)";

Config with(const std::string& from, const std::string& to) {
    std::string text = kText;
    if (!from.empty()) {
        EXPECT_NE(std::string::npos, text.find(from)) << from;
        text.replace(text.find(from), from.size(), to);
    }
    const auto loaded = load_text(text, "/etc/nlb/nlb.yaml");
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
    return loaded ? loaded.value().config : Config{};
}

std::string refusal(const std::string& from, const std::string& to) {
    const Status fits = may_take_place_of(with("", ""), with(from, to), "edge1");
    return fits ? "" : fits.error().message;
}

TEST(Received, IsNewerByEveryClustersGeneration) {
    const Config own = with("", "");
    EXPECT_FALSE(is_newer(own, own));
    EXPECT_TRUE(is_newer(with("generation: 3", "generation: 4"), own));
    EXPECT_FALSE(is_newer(own, with("generation: 3", "generation: 4")));
    Config mixed = with("generation: 3", "generation: 9");
    mixed.clusters[1].generation = 1;
    EXPECT_FALSE(is_newer(mixed, own)) << "the own file was edited, too";
    mixed.clusters.pop_back();
    EXPECT_FALSE(is_newer(mixed, own));
}

TEST(Received, MayChangeWhatAReloadChanges) {
    EXPECT_EQ("", refusal("ports: 80", "ports: 80-81"));
    EXPECT_EQ("", refusal("key_file: web.key", "key_file: other.key"));
    EXPECT_EQ("", refusal("    notify: [/usr/bin/logger, -t, nlb]\n", ""));
    EXPECT_EQ("", refusal("      - {name: edge2, id: 2, outside: \"0000:3b:00.0\", inside: "
                          "\"net_tap0,iface=nlb0\", lcores: 2-5}\n",
                          ""));
}

TEST(Received, OpensNoDeviceAndRunsNoProgramOfItsOwn) {
    EXPECT_NE(std::string::npos,
              refusal("\"0000:3b:00.0\"", "\"net_pcap0,tx_pcap=/etc/passwd\"").find("outside"));
    EXPECT_NE(std::string::npos,
              refusal("[/usr/bin/logger, -t, nlb]", "[/bin/sh, -c, id]").find("/bin/sh -c id"));
    EXPECT_NE(
        std::string::npos,
        refusal("mode: multiple}", "mode: multiple, health: {check: exec, program: [/usr/bin/id]}}")
            .find("/usr/bin/id"));
    EXPECT_NE(std::string::npos,
              refusal("clusters:", "state_dir: /tmp\nclusters:").find("state_dir"));
}

TEST(Received, KeepsWhatNoRunningClusterCanChange) {
    EXPECT_NE("", refusal("192.0.2.80/24", "192.0.2.85/24"));
    EXPECT_NE("", refusal("name: edge1, id: 1, outside: \"0000:3b:00.0\"",
                          "name: edge1, id: 7, outside: \"0000:3b:00.0\""));
    EXPECT_NE("", refusal("name: edge1, id: 1, outside: \"0000:3b:00.0\"",
                          "name: edge9, id: 1, outside: \"0000:3b:00.0\""));
    EXPECT_NE("", refusal("name: mail", "name: post"));
}

TEST(Received, AKeyThatCameIsUsedWhereNoneStandsBesideTheOwnFile) {
    Config config = with("", "");
    use_received_keys(config, "/etc/nlb/nlb.yaml", "/state/keys",
                      [](const std::string& path) { return path == "/state/keys/web.key"; });
    EXPECT_EQ("/state/keys/web.key", config.clusters[0].key_file);
    EXPECT_EQ("/etc/nlb/mail.key", config.clusters[1].key_file) << "no such key came";
    config = with("", "");
    use_received_keys(config, "/etc/nlb/nlb.yaml", "/state/keys",
                      [](const std::string&) { return true; });
    EXPECT_EQ("/etc/nlb/web.key", config.clusters[0].key_file) << "the operator's comes first";
}

TEST(Transfer, Base64ComesBackAndGarbageDoesNot) {
    const std::string bytes("\0\xff nlb\n", 7);
    EXPECT_EQ(bytes, from_base64(to_base64(bytes)));
    EXPECT_EQ("Zm9vYg==", to_base64("foob"));  // RFC 4648 10
    EXPECT_EQ("", from_base64(""));
    EXPECT_FALSE(from_base64("Zm9v\nYg=="));
    EXPECT_FALSE(from_base64("Zm9"));
    EXPECT_FALSE(from_base64("\xff\xff\xff\xff"));
}

TEST(Transfer, ADigestTellsTextsApart) {
    EXPECT_EQ(32U, digest_of_bytes("").size());
    EXPECT_NE(digest_of_bytes("a"), digest_of_bytes("b"));
    EXPECT_EQ(digest_of_bytes("a"), digest_of_bytes("a"));
}

TEST(Transfer, AFilesNameLeadsNowhereElse) {
    EXPECT_TRUE(is_plain_file_name("web-1a2b3c4d.key"));
    for (const char* const name : {"", ".", "..", ".new", "a/b", "a b", "\xc3\xbc.key"})
        EXPECT_FALSE(is_plain_file_name(name)) << name;
    EXPECT_FALSE(is_plain_file_name(std::string(81, 'a')));
}

}  // namespace
}  // namespace nlb::config
