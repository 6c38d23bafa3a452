// What the agents want is on the disk in the end: changes, failures and the end of the program.
#include "controlplane/loop/state_keeper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "config/daemon/log.hpp"

namespace nlb::controlplane {
namespace {

class StateKeeperTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-keeper.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    [[nodiscard]] std::string directory() const { return root_ + "/kept/edge1"; }
    [[nodiscard]] std::string path() const { return directory() + "/state"; }
    static StoredState state(Wanted wanted) { return {{"web", {wanted, {}}}}; }
    void run_for(std::chrono::milliseconds time) {
        loop_.restart();
        const auto busy = asio::make_work_guard(loop_);  // as the program's loop always is
        loop_.run_for(time);
    }
    std::string root_;
    asio::io_context loop_;
};

TEST_F(StateKeeperTest, WhatIsWantedIsWrittenByAnotherThread) {
    std::filesystem::create_directories(directory());
    StateKeeper keeper(loop_, directory());
    EXPECT_TRUE(keeper.read().empty());
    keeper.keep(state(Wanted::stopped));
    keeper.keep(state(Wanted::suspended));
    run_for(std::chrono::milliseconds{500});
    EXPECT_EQ(read_state(path()).value(), state(Wanted::suspended))
        << "the last one, not only the first";
}

TEST_F(StateKeeperTest, AFailureIsTriedAgainUntilItIsOver) {
    std::ofstream(root_ + "/kept") << "a file in the directory's place";
    StateKeeper keeper(loop_, directory(), std::chrono::milliseconds{20});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{200});
    EXPECT_FALSE(std::filesystem::exists(path()));
    std::filesystem::remove(root_ + "/kept");
    run_for(std::chrono::milliseconds{500});
    EXPECT_EQ(read_state(path()).value(), state(Wanted::stopped));
}

TEST_F(StateKeeperTest, AFileThatIsNoStateIsToldAndWrittenAnew) {
    std::filesystem::create_directories(directory());
    std::ofstream(path()) << "{";
    daemon::start_log(daemon::LogWriter::caller);
    ::testing::internal::CaptureStderr();
    {
        StateKeeper keeper(loop_, directory());
        EXPECT_TRUE(keeper.read().empty());
        keeper.tell_unreadable();
        keeper.keep(state(Wanted::stopped));
        keeper.finish();
    }
    daemon::stop_log();
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("warning name=state_not_read because="), std::string::npos) << said;
    EXPECT_EQ(read_state(path()).value(), state(Wanted::stopped));
}

TEST_F(StateKeeperTest, AFullDiskIsToldOnceAndTriedAgain) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can mount a small file system";
    std::filesystem::create_directories(directory());
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, "") != 0 ||
        mount("none", directory().c_str(), "tmpfs", 0, "size=4k,mode=755") != 0)
        GTEST_SKIP() << "no mount namespace here: " << std::strerror(errno);
    std::ofstream filler(root_ + "/kept/edge1/filler");
    filler << std::string(4096, 'x') << std::flush;
    ASSERT_TRUE(filler);
    filler.close();
    daemon::start_log(daemon::LogWriter::caller);
    ::testing::internal::CaptureStderr();
    StateKeeper keeper(loop_, directory(), std::chrono::milliseconds{20});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{300});
    EXPECT_FALSE(std::filesystem::exists(path()));
    EXPECT_FALSE(std::filesystem::exists(path() + ".new")) << "it takes no room either";
    std::filesystem::resize_file(root_ + "/kept/edge1/filler", 0);
    run_for(std::chrono::milliseconds{300});
    daemon::stop_log();
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(read_state(path()).value(), state(Wanted::stopped));
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
    EXPECT_NE(said.find("name=state_not_kept because=\"" + path()), std::string::npos) << said;
    EXPECT_NE(said.find("No space left on device"), std::string::npos) << said;
    EXPECT_NE(said.find("info name=state_kept"), std::string::npos) << said;
    umount(directory().c_str());
}

TEST_F(StateKeeperTest, AnEndBeforeTheWriteLosesNothing) {
    std::filesystem::create_directories(directory());
    StateKeeper keeper(loop_, directory());
    keeper.keep(state(Wanted::stopped));
    keeper.keep(state(Wanted::draining));
    keeper.finish();
    EXPECT_EQ(read_state(path()).value(), state(Wanted::draining));
}

TEST_F(StateKeeperTest, ALinkBesideTheFileIsNotFollowed) {
    std::filesystem::create_directories(directory());
    std::filesystem::create_symlink(root_ + "/elsewhere", path() + ".new");
    EXPECT_FALSE(write_state(path(), state(Wanted::stopped)));
    EXPECT_FALSE(std::filesystem::exists(root_ + "/elsewhere"));
}

}  // namespace
}  // namespace nlb::controlplane
