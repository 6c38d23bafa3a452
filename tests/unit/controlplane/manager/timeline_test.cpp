// The last hour, made of the lines that are kept of it.
#include "controlplane/manager/timeline.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

constexpr WallTime kNow = 1'700'000'000'000;  // 2023-11-14T22:13:20.000Z
const HostNames kNames{{{"web", 1}, "edge1"}};

nlohmann::json entries(const std::vector<std::string>& lines, WallTime now = kNow) {
    return timeline_view(lines, now, kNames)["entries"];
}

std::string line(const std::string& time, const std::string& name, const std::string& more) {
    return R"({"time":"2023-11-14T)" + time + R"(Z","level":"info","name":")" + name +
           R"(","event":null,"cluster":"web","host":"edge1")" + more + "}";
}

TEST(Timeline, AnEpochIsToldOnceWithTheBucketsThatItMoved) {
    const auto told =
        entries({line("22:13:19.000", "converging", R"(,"epoch":"8.1","cause":"lost")"),
                 line("22:13:19.250", "buckets_moved", R"(,"epoch":"8.1","moved":"20")"),
                 line("22:13:19.300", "converged", R"(,"epoch":"8.1")"),
                 line("22:13:19.900", "converging", R"(,"epoch":"9.2")")});
    ASSERT_EQ(told.size(), 5U) << told.dump();
    EXPECT_EQ(told[0]["kind"], "epoch");
    EXPECT_EQ(told[0]["epoch"], 8);
    EXPECT_EQ(told[0]["coordinator"], "edge1");
    EXPECT_EQ(told[0]["moves"], 20);
    EXPECT_EQ(told[0]["at_ms"], kNow - 1000);
    EXPECT_EQ(told[3]["kind"], "epoch");
    EXPECT_EQ(told[3]["coordinator"], "host 2") << "the configuration does not name it";
    EXPECT_EQ(told[3]["moves"], 0);
}

TEST(Timeline, AWindowHasItsBucketsAndItsLength) {
    const auto told = entries({line("22:13:19.000", "buckets_without_owner",
                                    R"(,"epoch":"8.1","buckets":"2","lasted_ms":"20")")});
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1]["kind"], "window");
    EXPECT_EQ(told[1]["buckets"], 2);
    EXPECT_EQ(told[1]["lasted_ms"], 20);
}

TEST(Timeline, AnEventKeepsItsNumberItsWordsAndItsCluster) {
    const auto told = entries(
        {R"({"time":"2023-11-14T22:13:20.000Z","level":"warning","name":"loop_late","event":105,)"
         R"("cluster":"web","late_ms":"20","do":"give it a core"})"});
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["number"], 105);
    EXPECT_EQ(told[0]["severity"], "warning");
    EXPECT_EQ(told[0]["cluster"], "web");
    EXPECT_EQ(told[0]["text"], "late_ms 20");
}

TEST(Timeline, WhatIsOlderThanAnHourOrTooMuchOrNoEventIsLeftOut) {
    const std::vector<std::string> old{line("21:13:20.000", "started", "")};
    EXPECT_EQ(entries(old).size(), 1U);
    EXPECT_EQ(entries(old, kNow + 1).size(), 0U);
    EXPECT_EQ(entries({"", "{", "[]", "{}", R"({"time":"yesterday","name":"started"})"}).size(),
              0U);
    std::vector<std::string> many(kTimelineEntriesMax, line("22:13:18.000", "started", ""));
    many.push_back(line("22:13:19.000", "stopped", ""));
    const auto told = entries(many);
    ASSERT_EQ(told.size(), kTimelineEntriesMax);
    EXPECT_EQ(told.back()["name"], "stopped");
}

}  // namespace
}  // namespace nlb::controlplane
