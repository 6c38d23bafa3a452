// One dataplane per run directory, for as long as its process lives.
#include "dataplane/control/run_directory.hpp"

#include <array>
#include <filesystem>
#include <gtest/gtest.h>
#include <optional>
#include <stdlib.h>
#include <sys/stat.h>

namespace nlb::dataplane {
namespace {

class RunDirectoryTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-run.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string root_;
};

TEST_F(RunDirectoryTest, ItIsMadeWhenItIsMissing) {
    const auto claimed = RunDirectory::claim(root_ + "/a/b");
    ASSERT_TRUE(claimed.ok());
    struct stat about {};
    ASSERT_EQ(stat((root_ + "/a/b").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0755U);
    EXPECT_EQ(claimed.value().socket_path(), root_ + "/a/b/dataplane.sock");
}

TEST_F(RunDirectoryTest, ASecondClaimIsRefusedUntilTheFirstIsGone) {
    std::optional<Result<RunDirectory>> first = RunDirectory::claim(root_);
    ASSERT_TRUE(first->ok());
    const auto second = RunDirectory::claim(root_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().message, "another nlb-dataplane runs on " + root_ +
                                          ": stop it, or give this one a --run-dir of its own");
    first.reset();
    EXPECT_TRUE(RunDirectory::claim(root_).ok());
}

TEST_F(RunDirectoryTest, APlaceThatIsNoDirectoryIsRefused) {
    const auto claimed = RunDirectory::claim("/dev/null/x");
    ASSERT_FALSE(claimed.ok());
    EXPECT_NE(claimed.error().message.find("/dev/null/x cannot be used"), std::string::npos);
}

}  // namespace
}  // namespace nlb::dataplane
