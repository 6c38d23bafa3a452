// A bundle's file: it comes back, tar can open it, and what is cut or damaged is one sentence.
#include "config/bundle/archive.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace nlb::bundle {
namespace {

class ArchiveTest : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/nlb-bundle.XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        root_ = name;
        path_ = root_ + "/x.bundle";
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    [[nodiscard]] std::string content() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    }
    void put(const std::string& bytes) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    }
    [[nodiscard]] std::string complaint() const {
        const auto read = read_archive(path_);
        return read ? "" : read.error().message;
    }
    std::string root_;
    std::string path_;
    std::vector<File> files_{{"edge1/flight/web.1.flight", std::vector<Byte>(1000, 7)},
                             {"edge1/empty", {}},
                             {"edge1/query.json", {'{', '}'}}};
};

TEST_F(ArchiveTest, FilesComeBack) {
    ASSERT_TRUE(write_archive(path_, files_));
    const auto read = read_archive(path_);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read.value().size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(read.value()[i].name, files_[i].name);
        EXPECT_EQ(read.value()[i].bytes, files_[i].bytes);
    }
    EXPECT_EQ(std::filesystem::status(path_).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(ArchiveTest, TarOpensIt) {
    ASSERT_TRUE(write_archive(path_, files_));
    const std::string command = "tar -xzf " + path_ + " -C " + root_;
    ASSERT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(std::filesystem::file_size(root_ + "/edge1/flight/web.1.flight"), 1000U);
}

TEST_F(ArchiveTest, WhereverItIsCutItIsSaid) {
    ASSERT_TRUE(write_archive(path_, files_));
    const std::string whole = content();
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        put(whole.substr(0, bytes));
        const std::string said = complaint();
        EXPECT_EQ(said.find(path_ + ": "), 0U) << bytes;
        EXPECT_EQ(said.find('\n'), std::string::npos);
    }
}

// Of a run of zeros another copy may be named that is alike: then nothing is damaged.
TEST_F(ArchiveTest, ADamagedByteIsSaidOrChangesNothing) {
    ASSERT_TRUE(write_archive(path_, files_));
    const std::string whole = content();
    std::size_t said = 0;
    // The header of gzip may hold a time and a name that nobody reads.
    for (std::size_t at = 10; at < whole.size(); ++at) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
        put(bytes);
        const auto read = read_archive(path_);
        if (!read) {
            ++said;
            continue;
        }
        ASSERT_EQ(read.value().size(), files_.size()) << at;
        for (std::size_t i = 0; i < files_.size(); ++i)
            EXPECT_EQ(read.value()[i].bytes, files_[i].bytes) << at;
    }
    EXPECT_GT(said, whole.size() / 2);
}

TEST_F(ArchiveTest, WhatIsNoBundleIsNamed) {
    put("clusters: []\n");
    EXPECT_EQ(complaint(), path_ + ": no bundle; make one with `nlb bundle`");
    std::filesystem::remove(path_);
    EXPECT_EQ(complaint(), path_ + ": cannot read: No such file or directory");
}

TEST_F(ArchiveTest, AFolderThatCannotBeWrittenIsNamed) {
    const auto written = write_archive(root_ + "/nosuch/x.bundle", files_);
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("cannot write: No such file"), std::string::npos);
}

}  // namespace
}  // namespace nlb::bundle
