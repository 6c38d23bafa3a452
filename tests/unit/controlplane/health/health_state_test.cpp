// When a server's word changes, and how much of its share it has meanwhile.
#include "controlplane/health/health_state.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

using Outcome = CheckResult::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{seconds{1000}};

config::Health definition(Duration slow_start = {}) {
    config::Health health;
    health.interval = seconds{2};
    health.rise = 2;
    health.fall = 3;
    health.slow_start = slow_start;
    return health;
}

// One check that ends at once; true: the word changed.
bool check(HealthState& state, Instant& now, Outcome outcome, const char* because = "") {
    now += state.health().interval;
    state.begin(now);
    return state.finish(now, {outcome, because, milliseconds{1}});
}

TEST(HealthState, AnUnknownServerGetsNoShareBeforeItsFirstSuccess) {
    Instant now = kStart;
    HealthState state{definition()};
    EXPECT_TRUE(state.has_failed());
    EXPECT_EQ(state.word(), HealthWord::unknown);
    EXPECT_FALSE(check(state, now, Outcome::failed, "connect refused"));
    EXPECT_EQ(state.because(), "connect refused");
    EXPECT_TRUE(check(state, now, Outcome::passed));
    EXPECT_FALSE(state.has_failed());
    EXPECT_EQ(state.because(), "");
}

TEST(HealthState, FallFailuresInARowMakeItDownAndRiseSuccessesInARowBringItBack) {
    Instant now = kStart;
    HealthState state{definition()};
    ASSERT_TRUE(check(state, now, Outcome::passed));
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(check(state, now, Outcome::failed));
    EXPECT_FALSE(check(state, now, Outcome::passed)) << "not in a row";
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(check(state, now, Outcome::failed));
    EXPECT_FALSE(state.has_failed());
    EXPECT_TRUE(check(state, now, Outcome::failed, "http 503"));
    EXPECT_EQ(state.word(), HealthWord::down);
    EXPECT_FALSE(check(state, now, Outcome::passed));
    EXPECT_FALSE(check(state, now, Outcome::failed));
    EXPECT_FALSE(check(state, now, Outcome::passed));
    EXPECT_TRUE(state.has_failed());
    EXPECT_TRUE(check(state, now, Outcome::passed));
    EXPECT_EQ(state.word(), HealthWord::up);
}

TEST(HealthState, WhatServedUntilNowGoesOnUntilACheckHasSpoken) {
    Instant now = kStart;
    HealthState state{definition(seconds{10})};
    state.presume();
    EXPECT_FALSE(state.has_failed());
    EXPECT_FALSE(check(state, now, Outcome::failed));
    EXPECT_FALSE(check(state, now, Outcome::failed));
    EXPECT_FALSE(state.has_failed());
    HealthState lucky = state;
    EXPECT_TRUE(check(lucky, now, Outcome::passed));
    EXPECT_EQ(lucky.steps(now), kSlowStartSteps) << "it had its share all the time";
    EXPECT_TRUE(check(state, now, Outcome::failed));
    EXPECT_TRUE(state.has_failed());
    state.presume();
    EXPECT_TRUE(state.has_failed()) << "a check has spoken";
}

TEST(HealthState, WhereNobodyCanAskTheWordIsUnknownAndItGetsNoShare) {
    Instant now = kStart;
    HealthState state{definition()};
    ASSERT_TRUE(check(state, now, Outcome::passed));
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(check(state, now, Outcome::impossible));
    EXPECT_TRUE(check(state, now, Outcome::impossible, "systemd does not run here"));
    EXPECT_EQ(state.word(), HealthWord::unknown);
    EXPECT_TRUE(state.has_failed());
}

TEST(HealthState, AReturningServerIsGivenItsShareInEqualSteps) {
    Instant now = kStart;
    HealthState state{definition(seconds{20})};
    ASSERT_TRUE(check(state, now, Outcome::passed));
    EXPECT_EQ(state.steps(now), 1);
    EXPECT_EQ(state.next_wake(now), now + seconds{2});
    EXPECT_EQ(state.steps(now + milliseconds{1999}), 1);
    for (int step = 2; step <= kSlowStartSteps; ++step)
        EXPECT_EQ(state.steps(now + (step - 1) * seconds{2}), step);
    EXPECT_EQ(state.steps(now + std::chrono::hours{9}), kSlowStartSteps);
}

TEST(HealthState, ACheckNeverOverlapsItselfAndALateOneIsFollowedAtOnce) {
    HealthState state{definition()};
    EXPECT_TRUE(state.is_due(kStart));
    state.begin(kStart);
    EXPECT_FALSE(state.is_due(kStart + seconds{9}));
    EXPECT_EQ(state.next_wake(kStart + seconds{9}), kForever);
    static_cast<void>(state.finish(kStart + seconds{1}, {Outcome::passed, "", {}}));
    EXPECT_FALSE(state.is_due(kStart + milliseconds{1999}));
    EXPECT_TRUE(state.is_due(kStart + seconds{2}));
    EXPECT_EQ(state.next_wake(kStart + seconds{1}), kStart + seconds{2});
}

TEST(HealthState, AnotherDefinitionKeepsTheWordAndCountsAnew) {
    Instant now = kStart;
    HealthState state{definition()};
    ASSERT_TRUE(check(state, now, Outcome::passed));
    ASSERT_FALSE(check(state, now, Outcome::failed));
    ASSERT_FALSE(check(state, now, Outcome::failed));
    state.redefine(definition(seconds{1}));
    EXPECT_EQ(state.word(), HealthWord::up);
    EXPECT_TRUE(state.is_due(now));
    EXPECT_FALSE(check(state, now, Outcome::failed));
}

}  // namespace
}  // namespace nlb::controlplane
