// When a dataplane on captures may end: rounds count, and time alone does not.
#include "dataplane/worker/idle_watch.hpp"

#include <array>
#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr Duration kIdle = std::chrono::milliseconds{100};
constexpr std::uint64_t kEnough = IdleWatch::kVainRoundsLeast;

Instant at(int ms) {
    return Instant{} + std::chrono::milliseconds{ms};
}

TEST(IdleWatch, EndsWhenEveryWorkerPolledInVainForTheWholeTime) {
    IdleWatch watch(kIdle);
    std::array<Progress, 2> workers{{{5, 3}, {7, 0}}};
    EXPECT_FALSE(watch.is_over(at(0), workers));
    workers = {{{5 + kEnough, 3}, {7 + kEnough, 0}}};
    EXPECT_FALSE(watch.is_over(at(99), workers));
    EXPECT_TRUE(watch.is_over(at(100), workers));
}

TEST(IdleWatch, AWorkerThatWasKeptFromItsCpuIsNotIdle) {
    IdleWatch watch(kIdle);
    std::array<Progress, 2> workers{{{5, 3}, {7, 0}}};
    EXPECT_FALSE(watch.is_over(at(0), workers));
    workers[0].rounds += 1000;
    workers[1].rounds += kEnough - 1;
    EXPECT_FALSE(watch.is_over(at(60'000), workers));
    workers[1].rounds += 1;
    EXPECT_TRUE(watch.is_over(at(60'000), workers));
}

TEST(IdleWatch, AWorkerThatHasNotBegunIsNotIdle) {
    IdleWatch watch(kIdle);
    const std::array<Progress, 1> workers{};
    EXPECT_FALSE(watch.is_over(at(0), workers));
    EXPECT_FALSE(watch.is_over(at(60'000), workers));
}

TEST(IdleWatch, ABusyRoundOfOneWorkerBeginsTheTimeAnewForAll) {
    IdleWatch watch(kIdle);
    std::array<Progress, 2> workers{};
    EXPECT_FALSE(watch.is_over(at(0), workers));
    workers = {{{kEnough, 0}, {kEnough, 1}}};
    EXPECT_FALSE(watch.is_over(at(100), workers));
    workers = {{{2 * kEnough - 1, 0}, {2 * kEnough, 1}}};
    EXPECT_FALSE(watch.is_over(at(250), workers)) << "one round is missing since then";
    workers[0].rounds += 1;
    EXPECT_TRUE(watch.is_over(at(250), workers));
}

}  // namespace
}  // namespace nlb::dataplane
