// Files that cannot be read, and bytes that are no text: each is told like any other mistake, with
// a place.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.hpp"

namespace nlb::config {
namespace {

std::string told(const std::string& yaml) {
    const auto loaded = load_text(yaml, "nlb.yaml");
    return loaded ? "accepted" : loaded.error().message;
}

class FilesOnDisk : public testing::Test {
protected:
    void SetUp() override {
        std::string directory = testing::TempDir() + "nlb-source-XXXXXX";
        ASSERT_NE(mkdtemp(directory.data()), nullptr);
        directory_ = directory;
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
        return path(name);
    }
    std::string path(const std::string& name) const { return (directory_ / name).string(); }
    static std::string told_of(const std::string& path) {
        const auto loaded = load_file(path);
        return loaded ? "accepted" : loaded.error().message;
    }

private:
    std::filesystem::path directory_;
};

TEST_F(FilesOnDisk, AMissingFileIsNamed) {
    EXPECT_EQ(told_of(path("none.yaml")),
              path("none.yaml") +
                  ":1:1: file: expected a file that can be read, got: No such file or directory");
}

TEST_F(FilesOnDisk, ADirectoryIsNoFile) {
    EXPECT_EQ(told_of(path("")),
              path("") + ":1:1: file: expected a file that can be read, got: Is a directory");
}

TEST_F(FilesOnDisk, AFileWithoutReadPermissionIsNamed) {
    const std::string secret = write("secret.yaml", "clusters: []\n");
    chmod(secret.c_str(), 0);
    chmod(path("").c_str(), 0755);
    // Root may read every file, so it looks with the eyes of nobody.
    constexpr uid_t kNobody = 65534;
    const uid_t self = geteuid();
    if (self == 0) {
        ASSERT_EQ(seteuid(kNobody), 0);
    }
    const std::string text = told_of(secret);
    ASSERT_EQ(seteuid(self), 0);
    EXPECT_EQ(text,
              secret + ":1:1: file: expected a file that can be read, got: Permission denied");
}

TEST_F(FilesOnDisk, AHugeFileIsRefusedBeforeItIsRead) {
    const std::string huge = write("huge.yaml", std::string(kFileBytesMax + 1, '#'));
    EXPECT_EQ(told_of(huge), huge + ":1:1: file: expected at most 1 MiB, got a larger file");
    EXPECT_EQ(told_of("/dev/zero"),
              "/dev/zero:1:1: file: expected at most 1 MiB, got a larger file");
}

TEST_F(FilesOnDisk, AnEmptyFileHasNoClusters) {
    const std::string empty = write("empty.yaml", "");
    EXPECT_EQ(told_of(empty),
              empty + ":1:1: top level: expected a mapping with the key clusters, got nothing");
}

TEST_F(FilesOnDisk, AMistakeNamesTheFileAsItWasGiven) {
    const std::string file = write("bad.yaml", "clusters: 3\n");
    EXPECT_EQ(told_of(file), file + ":1:11: clusters: expected a list of clusters, got \"3\"");
}

TEST(Source, BytesThatAreNoUtf8AreNamedByPlace) {
    EXPECT_EQ(told("# caf\xe9\n"), "nlb.yaml:1:6: file: expected UTF-8 text, got the byte 0xe9");
    EXPECT_EQ(told("poll: busy\n#\xff\n"),
              "nlb.yaml:2:2: file: expected UTF-8 text, got the byte 0xff");
    EXPECT_EQ(told("# \xc0\x80\n"), "nlb.yaml:1:3: file: expected UTF-8 text, got the byte 0xc0");
    EXPECT_EQ(told("# \xed\xa0\x80\n"),
              "nlb.yaml:1:3: file: expected UTF-8 text, got the byte 0xed");
    EXPECT_EQ(told("# \xe2\x82"), "nlb.yaml:1:3: file: expected UTF-8 text, got the byte 0xe2");
    EXPECT_EQ(told("# \xf5\x80\x80\x80"),
              "nlb.yaml:1:3: file: expected UTF-8 text, got the byte 0xf5");
}

TEST(Source, ZeroBytesAndControlCharactersAreNamedByPlace) {
    EXPECT_EQ(told(std::string("poll: busy\0\n", 12)),
              "nlb.yaml:1:11: file: expected UTF-8 text, got the byte 0x00");
    EXPECT_EQ(told("poll: \x1b[31mbusy\n"),
              "nlb.yaml:1:7: file: expected UTF-8 text, got the byte 0x1b");
    EXPECT_EQ(told("\xff\xfe\x70\x00"),
              "nlb.yaml:1:1: file: expected UTF-8 text, got the byte 0xff")
        << "UTF-16";
}

TEST(Source, CharactersBeyondAsciiAreText) {
    EXPECT_EQ(told("# caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\nclusters: 3\n"),
              "nlb.yaml:2:11: clusters: expected a list of clusters, got \"3\"");
    EXPECT_EQ(told("poll: caf\xc3\xa9\nclusters: 3\n"),
              "nlb.yaml:1:7: poll: expected busy or adaptive, got \"caf\xc3\xa9\"\nnlb.yaml:2:11: "
              "clusters: expected a list of clusters, "
              "got \"3\"");
}

TEST(Source, TabsInCommentsBlankLinesAndValuesAreFine) {
    EXPECT_EQ(told("\t\n\t# comment\nclusters: 3\t# three\n"),
              "nlb.yaml:3:11: clusters: expected a list of clusters, got \"3\"");
}

TEST(Source, WhatWasFoundIsEscapedAndCut) {
    EXPECT_EQ(told("poll: \"a\\e\\n\\\"\"\nclusters: 3\n").substr(0, 65),
              "nlb.yaml:1:7: poll: expected busy or adaptive, got \"a\\x1b\\n\\\"\"\nnl");
    const std::string cut = told("poll: " + std::string(5000, 'x') + "\nclusters: 3\n");
    EXPECT_EQ(
        cut.substr(0, cut.find('\n')),
        "nlb.yaml:1:7: poll: expected busy or adaptive, got \"" + std::string(60, 'x') + "...\"");
}

TEST(Source, AFloodOfMistakesIsCutAndCounted) {
    std::string yaml = "clusters: 3\n";
    for (int i = 0; i < 1005; ++i) yaml += "key" + std::to_string(i) + ": 1\n";
    const std::string text = told(yaml);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
    EXPECT_EQ(text.substr(text.rfind('\n') + 1), "nlb.yaml: and 6 further mistakes");
}

TEST(Source, DeepNestingIsAMistakeAndNoCrash) {
    EXPECT_NE(told("clusters: " + std::string(100'000, '[')), "accepted");
    EXPECT_NE(told(std::string(200'000, '-')), "accepted");
    std::string maps;
    for (int i = 0; i < 20'000; ++i) maps += "{a: ";
    EXPECT_NE(told("clusters: " + maps), "accepted");
}

}  // namespace
}  // namespace nlb::config
