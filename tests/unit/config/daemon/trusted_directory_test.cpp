// Directories that a daemon keeps its files in: whose names nobody else can change.
#include "config/daemon/trusted_directory.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace nlb::daemon {
namespace {

TEST(TrustedDirectory, OnlyOnesThatOthersCannotWriteTo) {
    std::array<char, 32> name{"/tmp/nlb-trust.XXXXXX"};
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const std::string path = name.data();
    EXPECT_EQ(distrust(path), "");
    ASSERT_EQ(chmod(path.c_str(), 0770), 0);
    EXPECT_NE(distrust(path).find("others may write to it"), std::string::npos);
    std::filesystem::create_directory_symlink(path, path + ".link");
    EXPECT_NE(distrust(path + ".link").find("it is a link"), std::string::npos);
    std::filesystem::remove(path + ".link");
    std::filesystem::remove_all(path);
    EXPECT_EQ(distrust(path), "No such file or directory");
    EXPECT_EQ(distrust("/dev/null"), "it is no directory");
}

}  // namespace
}  // namespace nlb::daemon
