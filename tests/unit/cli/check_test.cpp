// Selection by name, and the figures that `check` explains.
#include <gtest/gtest.h>

#include "cli/selection.hpp"
#include "cli/timing_view.hpp"
#include "config/load.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

config::Config lab() {
    auto loaded = config::load_text(lab_yaml(), "lab.yaml");
    if (!loaded) ADD_FAILURE() << loaded.error().message;
    return loaded.value().config;
}

TEST(Selection, MembersAreNamesBetweenCommas) {
    const config::Config config = lab();
    const config::Cluster& cluster = config.clusters.front();
    EXPECT_EQ(choose_members(cluster, "host3,host1").value().bits(), 5U);
    EXPECT_EQ(choose_members(cluster, "").value().bits(), 7U);
    for (const std::string bad : {"host4", "host1,", ",", "host1,host1", "host1;host2", " host1"}) {
        const auto members = choose_members(cluster, bad);
        ASSERT_FALSE(members.ok()) << bad;
        EXPECT_EQ(members.error().message.rfind("--members: ", 0), 0U);
    }
}

TEST(Selection, TheOnlyClusterNeedsNoName) {
    config::Config config = lab();
    EXPECT_TRUE(choose_cluster(config, "").ok());
    EXPECT_TRUE(choose_cluster(config, "lab").ok());
    EXPECT_FALSE(choose_cluster(config, "web").ok());
    config.clusters.push_back(config.clusters.front());
    config.clusters.back().name = "web";
    EXPECT_FALSE(choose_cluster(config, "").ok());
    EXPECT_EQ(choose_cluster(config, "web").value()->name, "web");
}

TEST(TimingView, EveryFigureIsPositiveAndExplained) {
    const auto figures = timing_figures({std::chrono::milliseconds{100}, 5});
    EXPECT_GE(figures.size(), 7U);
    for (const TimingFigure& figure : figures) {
        EXPECT_GT(figure.value, Duration{0}) << figure.name;
        EXPECT_GT(figure.meaning.size(), 20U) << figure.name;
    }
}

TEST(TimingView, TheDefaultIsSoundAndATightOneIsNot) {
    EXPECT_TRUE(timing_findings({std::chrono::milliseconds{100}, 5}).empty());
    EXPECT_FALSE(timing_findings({std::chrono::milliseconds{5}, 3}).empty());
}

}  // namespace
}  // namespace nlb::cli
