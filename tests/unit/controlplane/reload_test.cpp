// Which differences between two files may be taken over while running, and what the refusal names.
#include "controlplane/reload.hpp"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using testing::small_cluster;

TEST(Reload, TheSameFileChangesNothing) {
    const auto changes = local_changes(small_cluster(), small_cluster(), "edge1");
    ASSERT_TRUE(changes);
    EXPECT_EQ(changes.value(), "");
}

TEST(Reload, AWeightIsTheHostsOwn) {
    config::Cluster fresh = small_cluster();
    fresh.hosts[0].weights["http"] = 30;
    EXPECT_EQ(local_changes(small_cluster(), fresh, "edge1").value(), "weights.http: 50 -> 30");
    EXPECT_EQ(local_changes(small_cluster(), fresh, "edge2").value(), "") << "another host's weight";
}

TEST(Reload, WhatHostsMustAgreeOnIsRefusedByName) {
    config::Cluster fresh = small_cluster();
    fresh.port_rules[0].ports = {80, 81};
    const auto refused = local_changes(small_cluster(), fresh, "edge1");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("port_rules[0].ports is 80 in force and 80-81 in the file"), std::string::npos)
        << refused.error().message;
    fresh = small_cluster();
    fresh.generation = 2;
    EXPECT_FALSE(local_changes(small_cluster(), fresh, "edge1"));
    fresh = small_cluster(3);
    EXPECT_FALSE(local_changes(small_cluster(), fresh, "edge1"));
}

TEST(Reload, WhatIsReadAtTheStartAsksForARestart) {
    config::Cluster fresh = small_cluster();
    fresh.hosts[0].outside = "0000:3b:00.0";
    const auto refused = local_changes(small_cluster(), fresh, "edge1");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("restart"), std::string::npos);
    config::Config before, after;
    before.clusters = {small_cluster()};
    EXPECT_FALSE(check_surroundings(before, after));
    after = before;
    EXPECT_TRUE(check_surroundings(before, after));
    after.metrics.listen = "127.0.0.1:1";
    EXPECT_FALSE(check_surroundings(before, after));
}

}  // namespace
}  // namespace nlb::controlplane
