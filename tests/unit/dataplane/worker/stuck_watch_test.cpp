// When a dataplane must not say that it lives: one worker that finishes no round is enough.
#include "dataplane/worker/stuck_watch.hpp"

#include <array>
#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr Duration kAfter = StuckWatch::kStuckAfter;

TEST(StuckWatch, WorkersThatFinishRoundsMove) {
    StuckWatch watch;
    std::array<Progress, 2> workers{{{5, 3}, {7, 0}}};
    for (Instant now{}; now < Instant{} + 10 * kAfter; now += kAfter) {
        EXPECT_TRUE(watch.all_move(now, workers));
        for (Progress& worker : workers) ++worker.rounds;
    }
}

TEST(StuckWatch, OneThatFinishesNoneStopsTheWordOfAllUntilItMoves) {
    StuckWatch watch;
    std::array<Progress, 2> workers{{{5, 3}, {7, 0}}};
    const Instant begin{};
    EXPECT_TRUE(watch.all_move(begin, workers));
    workers[0].rounds = 6;
    EXPECT_TRUE(watch.all_move(begin + kAfter, workers)) << "it may sleep so long";
    workers[0].rounds = 7;
    EXPECT_FALSE(watch.all_move(begin + kAfter + Duration{1}, workers));
    EXPECT_FALSE(watch.all_move(begin + 5 * kAfter, workers));
    workers[0].rounds = 8;
    workers[1].rounds = 8;
    EXPECT_TRUE(watch.all_move(begin + 5 * kAfter, workers));
}

TEST(StuckWatch, OneThatNeverBeginsIsStuckToo) {
    StuckWatch watch;
    const std::array<Progress, 1> workers{};
    EXPECT_TRUE(watch.all_move(Instant{}, workers));
    EXPECT_FALSE(watch.all_move(Instant{} + 2 * kAfter, workers));
}

}  // namespace
}  // namespace nlb::dataplane
