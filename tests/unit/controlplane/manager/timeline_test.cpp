// The last hour: what is written down, and what is forgotten.
#include "controlplane/manager/timeline.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

constexpr WallTime kStart = 1'700'000'000'000;

class TimelineTest : public ::testing::Test {
protected:
    void SetUp() override { targets_[0].fill(1); }
    void look(WallTime after, std::uint64_t epoch, std::uint64_t windows = 0, double seconds = 0) {
        timeline_.observe(kStart + after, {"web", epoch, "edge1", &targets_, windows, seconds});
    }
    [[nodiscard]] nlohmann::json entries(WallTime after) const {
        return timeline_.view(kStart + after)["entries"];
    }
    Timeline timeline_;
    OwnerMap targets_{};
};

TEST_F(TimelineTest, AnEpochIsToldWithTheBucketsThatItMoved) {
    look(0, 7);
    EXPECT_TRUE(entries(0).empty()) << "what was found is nothing that happened";
    for (std::size_t bucket = 0; bucket < 20; ++bucket) targets_[0][bucket] = 2;
    look(250, 8);
    look(500, 8);
    const auto told = entries(500);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["kind"], "epoch");
    EXPECT_EQ(told[0]["epoch"], 8);
    EXPECT_EQ(told[0]["moves"], 20);
    EXPECT_EQ(told[0]["at_ms"], kStart + 250);
}

TEST_F(TimelineTest, ABucketThatNobodyHadDisturbsNobody) {
    targets_ = {};
    look(0, 1);
    targets_[0].fill(1);
    look(250, 2);
    EXPECT_EQ(entries(250)[0]["moves"], 0);
}

TEST_F(TimelineTest, AWindowShorterThanALookIsTold) {
    look(0, 7, 3, 0.5);
    look(250, 7, 5, 0.54);
    const auto told = entries(250);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["kind"], "window");
    EXPECT_EQ(told[0]["buckets"], 2);
    EXPECT_NEAR(told[0]["lasted_ms"].get<double>(), 20.0, 0.01);
}

TEST_F(TimelineTest, AnEventKeepsItsNumberItsWordsAndItsCluster) {
    timeline_.note_event(kStart, {EventId::converging_leaving,
                                  {{"cluster", "web"}, {"host", "edge1"}, {"who", "edge3"}}});
    const auto told = entries(0);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["number"], 69);
    EXPECT_EQ(told[0]["severity"], "info");
    EXPECT_EQ(told[0]["cluster"], "web");
    EXPECT_EQ(told[0]["text"], "who edge3");
}

TEST_F(TimelineTest, WhatIsOlderThanAnHourOrTooMuchIsForgotten) {
    timeline_.note_event(kStart, {EventId::started, {}});
    EXPECT_EQ(entries(Timeline::kSpan).size(), 1U);
    EXPECT_EQ(entries(Timeline::kSpan + 1).size(), 0U);
    const std::uint64_t before = timeline_.sequence();
    for (std::size_t i = 0; i < Timeline::kEntriesMax + 10; ++i)
        timeline_.note_event(kStart + 1, {EventId::stopped, {}});
    EXPECT_EQ(entries(1).size(), Timeline::kEntriesMax);
    EXPECT_EQ(entries(1)[0]["name"], "stopped");
    EXPECT_EQ(timeline_.sequence(), before + Timeline::kEntriesMax + 10);
}

}  // namespace
}  // namespace nlb::controlplane
