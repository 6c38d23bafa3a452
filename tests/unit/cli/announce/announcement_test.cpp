// When a route is announced and withdrawn, and what BIRD's answers mean.
#include "cli/announce/announcement.hpp"

#include <gtest/gtest.h>

#include "cli/announce/bird_client.hpp"

namespace nlb::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Announcing : ::testing::Test {
    Announcement state{seconds{1}, milliseconds{600}};
    Instant now{std::chrono::hours{1}};

    // Asked each 100 ms, as the program does; what the daemon is told, it takes.
    std::optional<bool> see(std::optional<bool> serves, Duration time) {
        std::optional<bool> last;
        for (const Instant end = now + time; now < end; now += milliseconds{100}) {
            state.see(serves, now);
            if (const auto wish = state.wish(now)) {
                last = wish;
                state.told(*wish);
            }
        }
        return last;
    }
};

TEST_F(Announcing, BeginsWithAWithdrawalAndAnnouncesWhatLasts) {
    EXPECT_EQ(see(std::nullopt, milliseconds{100}), false) << "nobody knows what BIRD has";
    EXPECT_EQ(see(true, milliseconds{1000}), std::nullopt) << "not yet";
    EXPECT_EQ(see(true, milliseconds{200}), true);
    EXPECT_EQ(see(true, seconds{60}), std::nullopt) << "said once";
}

TEST_F(Announcing, WhatEndsIsWithdrawnAtOnceAndSettlesAnew) {
    see(true, seconds{2});
    EXPECT_EQ(see(false, milliseconds{100}), false);
    EXPECT_EQ(see(true, milliseconds{900}), std::nullopt);
    EXPECT_EQ(see(false, milliseconds{100}), std::nullopt) << "it is withdrawn already";
    EXPECT_EQ(see(true, milliseconds{1200}), true);
}

TEST_F(Announcing, ARestartOfTheControlPlaneIsNoEndButItsSilenceIs) {
    see(true, seconds{2});
    EXPECT_EQ(see(std::nullopt, milliseconds{400}), std::nullopt);
    EXPECT_EQ(see(true, seconds{1}), std::nullopt);
    EXPECT_EQ(see(std::nullopt, milliseconds{800}), false);
}

TEST_F(Announcing, ADaemonThatWasRestartedIsToldAgain) {
    see(true, seconds{2});
    state.forget();
    EXPECT_EQ(see(true, milliseconds{100}), true);
}

TEST(Bird, AnAnswerEndsWithABlankBehindItsCode) {
    EXPECT_FALSE(read_bird_reply(""));
    EXPECT_FALSE(read_bird_reply("0001 BIRD 2.0.12 rea")) << "no whole line";
    EXPECT_EQ(read_bird_reply("0001 BIRD 2.0.12 ready.\n")->code, 1U);
    const auto enabled = read_bird_reply("0011-nlb_routes: enabled\n0000 \n");
    ASSERT_TRUE(enabled);
    EXPECT_EQ(enabled->code, 0U);
    EXPECT_EQ(enabled->text, "nlb_routes: enabled");
    const auto refused = read_bird_reply(" and more\n8003 No protocols match\n");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, 8003U);
    EXPECT_EQ(refused->text, "No protocols match");
    EXPECT_FALSE(read_bird_reply("0011-x\n 0000 \n")) << "a line that begins with a blank goes on";
}

TEST(Bird, OnlyNamesReachItsSocket) {
    EXPECT_TRUE(is_bird_name("nlb_routes"));
    for (const char* bad : {"", "1a", "a b", "a\nshutdown", "a;", "\"a\""})
        EXPECT_FALSE(is_bird_name(bad)) << bad;
    EXPECT_FALSE(is_bird_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace nlb::cli
