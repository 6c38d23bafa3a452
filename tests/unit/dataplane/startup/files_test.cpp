// A tree over the machine's own files.
#include "dataplane/startup/files.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "dataplane/startup/machine.hpp"

namespace nlb::dataplane {
namespace {

namespace fs = std::filesystem;

class FilesTree : public ::testing::Test {
protected:
    void TearDown() override { fs::remove_all(root_); }
    void write(const std::string& path, const std::string& text) const {
        fs::create_directories((root_ + path).substr(0, (root_ + path).rfind('/')));
        std::ofstream(root_ + path) << text;
    }
    const std::string root_ = fs::temp_directory_path() / ("nlb-files-" + std::to_string(getpid()));
    const Files files_{root_};
};

TEST_F(FilesTree, WhatLiesInTheTreeHidesTheMachinesOwn) {
    EXPECT_EQ(files_.place_of("/proc/meminfo"), "/proc/meminfo");
    write("/proc/meminfo", "MemAvailable:   2048 kB\n");
    EXPECT_EQ(files_.place_of("/proc/meminfo"), root_ + "/proc/meminfo");
    EXPECT_EQ(read_machine(files_).available_bytes, 2048U * 1024);
}

TEST_F(FilesTree, TextsAreTrimmedAndNumbersReadInBothBases) {
    write("/sys/a", "  0x1003\n");
    write("/sys/b", "17 rest\n");
    write("/sys/c", "word\n");
    EXPECT_EQ(files_.text("/sys/a"), "0x1003");
    EXPECT_EQ(files_.number("/sys/a"), 0x1003);
    EXPECT_EQ(files_.number("/sys/b"), 17);
    EXPECT_EQ(files_.number("/sys/c"), std::nullopt);
    EXPECT_EQ(files_.text("/sys/there/is/none"), std::nullopt);
    EXPECT_TRUE(files_.names("/sys/there/is/none").empty());
}

TEST_F(FilesTree, HugePagesAreReadByNode) {
    write("/sys/devices/system/node/online", "0-1\n");
    for (const auto& [node, free] : {std::pair{"node0", "3"}, std::pair{"node1", "5"}}) {
        const std::string place =
            std::string{"/sys/devices/system/node/"} + node + "/hugepages/hugepages-2048kB";
        write(place + "/nr_hugepages", "8\n");
        write(place + "/free_hugepages", free);
    }
    const auto pages = read_huge_pages(files_);
    ASSERT_EQ(pages.size(), 2U);
    EXPECT_EQ(pages[1].node, 1);
    EXPECT_EQ(pages[1].free, 5U);
    EXPECT_EQ(pages[1].page_bytes, 2U << 20);
    EXPECT_EQ(read_machine(files_).huge_bytes_free, 8U * (2U << 20));
}

TEST(CpuLists, RangesAndSinglesAreReadAndNonsenseIsNothing) {
    EXPECT_EQ(numbers_in_list("0-2,5"), (std::vector<std::uint16_t>{0, 1, 2, 5}));
    EXPECT_TRUE(numbers_in_list("").empty());
    EXPECT_TRUE(numbers_in_list("none").empty());
    EXPECT_TRUE(numbers_in_list("0-99999999").empty());
    EXPECT_TRUE(numbers_in_list("5-2").empty());
}

}  // namespace
}  // namespace nlb::dataplane
