// What the agents want is on the disk in the end: changes, failures and the end of the program.
#include "controlplane/loop/state_keeper.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

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
    [[nodiscard]] std::string path() const { return root_ + "/kept/state"; }
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
    std::filesystem::create_directory(root_ + "/kept");
    StateKeeper keeper(loop_, path(), events_);
    EXPECT_TRUE(keeper.read().empty());
    keeper.keep(state(Wanted::stopped));
    keeper.keep(state(Wanted::suspended));
    run_for(std::chrono::milliseconds{500});
    EXPECT_EQ(read_state(path()), state(Wanted::suspended)) << "the last one, not only the first";
}

TEST_F(StateKeeperTest, AFailureIsTriedAgainUntilItIsOver) {
    StateKeeper keeper(loop_, path(), events_, std::chrono::milliseconds{20});
    keeper.keep(state(Wanted::stopped));
    run_for(std::chrono::milliseconds{200});
    EXPECT_FALSE(std::filesystem::exists(path()));
    std::filesystem::create_directory(root_ + "/kept");
    run_for(std::chrono::milliseconds{500});
    EXPECT_EQ(read_state(path()), state(Wanted::stopped));
    EXPECT_EQ(events_.names(), (std::vector<std::string_view>{"state_not_kept", "state_kept"}))
        << "once each";
    EXPECT_EQ(events_.events[0].number(), 74);
}

TEST_F(StateKeeperTest, AnEndBeforeTheWriteLosesNothing) {
    std::filesystem::create_directory(root_ + "/kept");
    StateKeeper keeper(loop_, path(), events_);
    keeper.keep(state(Wanted::stopped));
    keeper.keep(state(Wanted::draining));
    keeper.finish();
    EXPECT_EQ(read_state(path()), state(Wanted::draining));
}

TEST_F(StateKeeperTest, ALinkBesideTheFileIsNotFollowed) {
    std::filesystem::create_directory(root_ + "/kept");
    std::filesystem::create_symlink(root_ + "/elsewhere", path() + ".new");
    EXPECT_FALSE(write_state(path(), state(Wanted::stopped)));
    EXPECT_FALSE(std::filesystem::exists(root_ + "/elsewhere"));
}

}  // namespace
}  // namespace nlb::controlplane
