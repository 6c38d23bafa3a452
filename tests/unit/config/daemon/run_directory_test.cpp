// One dataplane and one control plane per run directory, for as long as their processes live.
#include "config/daemon/run_directory.hpp"

#include <array>
#include <filesystem>
#include <gtest/gtest.h>
#include <optional>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_F(RunDirectoryTest, ADirectoryThatOthersMayWriteToIsRefused) {
    for (const mode_t mode : {0777U, 0775U, 0757U, 01777U}) {
        ASSERT_EQ(chmod(root_.c_str(), mode), 0);
        const auto claimed = RunDirectory::take(root_, "dataplane");
        ASSERT_FALSE(claimed.ok()) << mode;
        EXPECT_EQ(claimed.error().message,
                  "run directory " + root_ +
                      " cannot be used (others may write to it; run `chmod 755 " + root_ +
                      "`): check --run-dir and its permissions");
        EXPECT_FALSE(std::filesystem::exists(root_ + "/dataplane.lock"));
    }
    ASSERT_EQ(chmod(root_.c_str(), 0750), 0);
    EXPECT_TRUE(RunDirectory::take(root_, "dataplane").ok());
}

TEST_F(RunDirectoryTest, ALinkIsRefusedWithASlashBehindItToo) {
    std::filesystem::create_directory(root_ + "/real");
    std::filesystem::create_directory_symlink(root_ + "/real", root_ + "/link");
    for (const char* end : {"", "/", "//"}) {
        const auto claimed = RunDirectory::take(root_ + "/link" + end, "dataplane");
        ASSERT_FALSE(claimed.ok());
        EXPECT_NE(claimed.error().message.find("it is a link"), std::string::npos);
    }
    EXPECT_TRUE(RunDirectory::take(root_ + "/real/", "dataplane").ok());
}

TEST_F(RunDirectoryTest, ALockThatIsALinkIsNotFollowed) {
    std::filesystem::create_symlink(root_ + "/elsewhere", root_ + "/dataplane.lock");
    EXPECT_FALSE(RunDirectory::take(root_, "dataplane").ok());
    EXPECT_FALSE(std::filesystem::exists(root_ + "/elsewhere"));
}

TEST_F(RunDirectoryTest, AnothersDirectoryIsRefused) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    std::filesystem::create_directory(root_ + "/theirs");
    ASSERT_EQ(chown((root_ + "/theirs").c_str(), 12345, 12345), 0);
    const auto claimed = RunDirectory::take(root_ + "/theirs", "dataplane");
    ASSERT_FALSE(claimed.ok());
    EXPECT_NE(claimed.error().message.find("it belongs to user 12345"), std::string::npos);
}

TEST_F(RunDirectoryTest, APlaceThatIsNoDirectoryIsRefused) {
    const auto claimed = RunDirectory::take("/dev/null/x", "controlplane");
    ASSERT_FALSE(claimed.ok());
    EXPECT_NE(claimed.error().message.find("/dev/null/x cannot be used"), std::string::npos);
}

}  // namespace
}  // namespace nlb::daemon
