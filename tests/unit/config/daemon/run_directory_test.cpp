// One dataplane and one control plane per run directory, for as long as their processes live.
#include "config/daemon/run_directory.hpp"

#include <array>
#include <filesystem>
#include <gtest/gtest.h>
#include <optional>
#include <stdlib.h>
#include <sys/stat.h>

namespace nlb::daemon {
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
    const auto claimed = RunDirectory::take(root_ + "/a/b", "dataplane");
    ASSERT_TRUE(claimed.ok());
    struct stat about {};
    ASSERT_EQ(stat((root_ + "/a/b").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0755U);
    EXPECT_EQ(claimed.value().dataplane_socket(), root_ + "/a/b/dataplane.sock");
}

TEST_F(RunDirectoryTest, ASecondClaimIsRefusedUntilTheFirstIsGone) {
    std::optional<Result<RunDirectory>> first = RunDirectory::take(root_, "dataplane");
    ASSERT_TRUE(first->ok());
    const auto second = RunDirectory::take(root_, "dataplane");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().message, "another nlb-dataplane runs on " + root_ +
                                          ": stop it, or give this one a --run-dir of its own");
    first.reset();
    EXPECT_TRUE(RunDirectory::take(root_, "dataplane").ok());
}

TEST_F(RunDirectoryTest, TheTwoDaemonsShareIt) {
    const auto dataplane = RunDirectory::take(root_, "dataplane");
    ASSERT_TRUE(dataplane.ok());
    EXPECT_TRUE(RunDirectory::take(root_, "controlplane").ok());
    EXPECT_EQ(RunDirectory::take(root_, "controlplane").value().control_socket(),
              root_ + "/control.sock");
}

TEST_F(RunDirectoryTest, APathThatLeavesNoRoomForASocketIsRefused) {
    const auto claimed = RunDirectory::take(root_ + std::string(100, 'x'), "dataplane");
    ASSERT_FALSE(claimed.ok());
    EXPECT_NE(claimed.error().message.find("too long for a unix socket"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(root_ + std::string(100, 'x'))) << "nothing was made";
}

TEST_F(RunDirectoryTest, APlaceThatIsNoDirectoryIsRefused) {
    const auto claimed = RunDirectory::take("/dev/null/x", "controlplane");
    ASSERT_FALSE(claimed.ok());
    EXPECT_NE(claimed.error().message.find("/dev/null/x cannot be used"), std::string::npos);
}

}  // namespace
}  // namespace nlb::daemon
