// The operator's file and the one that came, on a real file system: which is in force, and what is
// left after each step.
#include "controlplane/loop/configuration_files.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/key_file.hpp"
#include "config/transfer.hpp"

namespace nlb::controlplane {
namespace {

namespace fs = std::filesystem;

class ConfigurationFilesTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_GE(sodium_init(), 0);
        std::string made = (fs::temp_directory_path() / "nlb-files-XXXXXX").string();
        ASSERT_NE(mkdtemp(made.data()), nullptr);
        directory_ = made;
        files_ = {made + "/nlb.yaml", made + "/state", "edge1"};
        ASSERT_TRUE(config::write_key(made + "/web.key"));
        write(files_.own, text(1, 80));
    }
    void TearDown() override { fs::remove_all(directory_); }

    static std::string text(int generation, int port, const std::string& key = "web.key") {
        return "clusters:\n  - name: web\n    generation: " + std::to_string(generation) +
               "\n    address: 192.0.2.80/24\n    key_file: " + key +
               "\n    port_rules:\n      - {name: http, ports: " + std::to_string(port) +
               "}\n    hosts:\n      - {name: edge1, id: 1, outside: \"0000:3b:00.0\", "
               "inside: \"net_tap0,iface=nlb0\", lcores: 2}\n";
    }
    static void write(const std::string& path, const std::string& content) {
        std::ofstream(path, std::ios::binary) << content;
    }
    [[nodiscard]] ChosenConfiguration choose() const {
        auto chosen = choose_configuration(files_);
        EXPECT_TRUE(chosen) << (chosen ? "" : chosen.error().message);
        return std::move(chosen.value());
    }
    [[nodiscard]] int port_in_force() const {
        return choose().loaded.config.clusters[0].port_rules[0].ports.first;
    }
    fs::path directory_;
    ConfigurationFiles files_;
};

TEST_F(ConfigurationFilesTest, TheFileThatCameIsInForceWhileItsGenerationIsHigher) {
    EXPECT_EQ(files_.own, choose().file);
    ASSERT_TRUE(keep_received(files_, text(2, 81)));
    EXPECT_EQ(files_.received(), choose().file);
    EXPECT_EQ(81, port_in_force());
    EXPECT_NE(std::string::npos, choose().own_passed_over.find("web: 2; web: 1"));
    write(files_.own, text(2, 82));
    EXPECT_EQ(82, port_in_force());
    EXPECT_EQ("", choose().own_passed_over + choose().received_refused);
    struct stat about {};
    ASSERT_EQ(0, stat(files_.received().c_str(), &about));
    EXPECT_EQ(0600U, about.st_mode & 0777U);
}

TEST_F(ConfigurationFilesTest, OneThatCannotBeUsedIsPassedOverWithTheReason) {
    ASSERT_TRUE(keep_received(files_, "clusters: 3\n"));
    EXPECT_EQ(80, port_in_force());
    EXPECT_NE(std::string::npos, choose().received_refused.find("configuration.yaml:1:"));
    ASSERT_TRUE(keep_received(files_, text(2, 81, "lost.key")));
    EXPECT_EQ(80, port_in_force());
    EXPECT_NE(std::string::npos, choose().received_refused.find("lost.key"));
    std::string other = text(2, 81);
    other.replace(other.find("3b:00.0"), 7, "3b:00.1");
    ASSERT_TRUE(keep_received(files_, other));
    EXPECT_EQ(80, port_in_force());
    EXPECT_NE(std::string::npos, choose().received_refused.find("outside"));
}

TEST_F(ConfigurationFilesTest, WhatCameBeforeIsThereAgainAfterAnUndo) {
    ASSERT_TRUE(keep_received(files_, text(2, 81)));
    ASSERT_TRUE(keep_received(files_, text(3, 82)));
    EXPECT_FALSE(undo_received(files_, config::digest_of_bytes(text(2, 81))));
    EXPECT_EQ(82, port_in_force());
    ASSERT_TRUE(undo_received(files_, config::digest_of_bytes(text(3, 82))));
    EXPECT_EQ(81, port_in_force());
    ASSERT_TRUE(undo_received(files_, config::digest_of_bytes(text(2, 81))));
    EXPECT_EQ(80, port_in_force());
    EXPECT_FALSE(undo_received(files_, config::digest_of_bytes(text(2, 81))));
}

TEST_F(ConfigurationFilesTest, AKeyThatCameIsPrivateFoundByItsNameAndNeverOverwritten) {
    const std::string key = config::new_key_bytes();
    ASSERT_TRUE(keep_key(files_, "web-1.key", key, {}));
    ASSERT_TRUE(keep_key(files_, "web-1.key", key, {}));
    EXPECT_FALSE(keep_key(files_, "web-1.key", config::new_key_bytes(), {}));
    EXPECT_FALSE(keep_key(files_, "web-2.key", "short", {}));
    ASSERT_TRUE(keep_received(files_, text(2, 81, "web-1.key")));
    EXPECT_EQ(files_.keys() + "/web-1.key", choose().loaded.config.clusters[0].key_file);
    EXPECT_TRUE(config::read_key(files_.keys() + "/web-1.key"));
    // The operator takes the file over as his own.
    write(files_.own, text(3, 83, "web-1.key"));
    EXPECT_EQ(files_.keys() + "/web-1.key", choose().loaded.config.clusters[0].key_file);
}

TEST_F(ConfigurationFilesTest, UnusedKeysMakeRoomAndUsedOnesStay) {
    const std::string used = files_.keys() + "/web-0.key";
    for (int i = 0; i < 12; ++i)
        ASSERT_TRUE(
            keep_key(files_, "web-" + std::to_string(i) + ".key", config::new_key_bytes(), {used}));
    EXPECT_TRUE(fs::exists(used));
    EXPECT_TRUE(fs::exists(files_.keys() + "/web-11.key"));
    EXPECT_EQ(9, std::distance(fs::directory_iterator(files_.keys()), fs::directory_iterator()));
}

TEST_F(ConfigurationFilesTest, AMistakeInTheOwnFileIsItsError) {
    ASSERT_TRUE(keep_received(files_, text(2, 81)));
    write(files_.own, "clusters: 3\n");
    const auto chosen = choose_configuration(files_);
    ASSERT_FALSE(chosen);
    EXPECT_NE(std::string::npos, chosen.error().message.find("nlb.yaml:1:"));
}

}  // namespace
}  // namespace nlb::controlplane
