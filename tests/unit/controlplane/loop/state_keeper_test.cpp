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

#include "tests/unit/controlplane/agent/fixtures.hpp"

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
    testing::RecordingEvents events_;
};

TEST_F(StateKeeperTest, WhatIsWantedIsWrittenByAnotherThread) {
    std::filesystem::create_directories(directory());
    StateKeeper keeper(loop_, directory(), events_);
    EXPECT_TRUE(keeper.read().empty());
    keeper.keep(state(Wanted::stopped));
    keeper.keep(state(Wanted::suspended));
    run_for(std::chrono::milliseconds{500});
    EXPECT_EQ(read_state(path()).value(), state(Wanted::suspended))
        << "the last one, not only the first";
}

TEST_F(StateKeeperTest, AFailureIsTriedAgainUntilItIsOver) {
    std::ofstream(root_ + "/kept") << "a file in the directory's place";
    StateKeeper keeper(loop_, directory(), events_, std::chrono::milliseconds{20});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{200});
    EXPECT_FALSE(std::filesystem::exists(path()));
    std::filesystem::remove(root_ + "/kept");
    run_for(std::chrono::milliseconds{500});
    EXPECT_EQ(read_state(path()).value(), state(Wanted::stopped));
    EXPECT_EQ(events_.names(), (std::vector<std::string_view>{"state_not_kept", "state_kept"}))
        << "once each";
    EXPECT_EQ(events_.events[0].number(), 74);
}

TEST_F(StateKeeperTest, WhatCouldNotBeWrittenAndWasChangedBackIsKept) {
    std::filesystem::create_directories(directory());
    StateKeeper keeper(loop_, directory(), events_, std::chrono::milliseconds{20});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{200});
    std::filesystem::create_directories(path() + ".new/in the way");
    keeper.keep(state(Wanted::suspended));
    run_for(std::chrono::milliseconds{200});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{200});
    EXPECT_EQ(read_state(path()).value(), state(Wanted::stopped));
    EXPECT_EQ(events_.names(), (std::vector<std::string_view>{"state_not_kept", "state_kept"}));
}

TEST_F(StateKeeperTest, AFileThatIsNoStateIsToldAndWrittenAnew) {
    std::filesystem::create_directories(directory());
    std::ofstream(path()) << "{";
    {
        StateKeeper keeper(loop_, directory(), events_);
        EXPECT_TRUE(keeper.read().empty());
        keeper.tell_unreadable();
        keeper.keep(state(Wanted::stopped));
        keeper.finish();
    }
    EXPECT_EQ(events_.names(), std::vector<std::string_view>{"state_not_read"});
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
    StateKeeper keeper(loop_, directory(), events_, std::chrono::milliseconds{20});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{300});
    EXPECT_FALSE(std::filesystem::exists(path()));
    EXPECT_FALSE(std::filesystem::exists(path() + ".new")) << "it takes no room either";
    std::filesystem::resize_file(root_ + "/kept/edge1/filler", 0);
    run_for(std::chrono::milliseconds{300});
    EXPECT_EQ(read_state(path()).value(), state(Wanted::stopped));
    ASSERT_EQ(events_.names(), (std::vector<std::string_view>{"state_not_kept", "state_kept"}));
    const std::string because = testing::field_of(events_.events[0], "because");
    EXPECT_NE(because.find(path()), std::string::npos) << because;
    EXPECT_NE(because.find("No space left on device"), std::string::npos) << because;
    umount(directory().c_str());
}

TEST_F(StateKeeperTest, AnEndBeforeTheWriteLosesNothing) {
    std::filesystem::create_directories(directory());
    StateKeeper keeper(loop_, directory(), events_);
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
