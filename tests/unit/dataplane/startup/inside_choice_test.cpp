// Which device serves a kernel interface that the operator only named.
#include "dataplane/startup/inside_choice.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

StartupPlan plan_of(const std::string& outside, const std::string& inside, bool by_name) {
    ClusterPlan cluster;
    cluster.name = "web";
    cluster.outside = parse_device(outside, "x").value();
    cluster.inside = parse_device(inside, "x").value();
    cluster.inside_plan.by_name = by_name;
    StartupPlan plan;
    plan.clusters.push_back(cluster);
    return plan;
}

TEST(InsideChoice, ATapOfOurOwnWhereTheKernelHasWhatItTakes) {
    StartupPlan plan = plan_of("net_tap0,iface=out", "nlb_tap0,iface=nlb0", true);
    const auto choices = choose_inside_devices(plan, {});
    ASSERT_EQ(choices.size(), 1U);
    EXPECT_EQ(choices[0].cluster, "web");
    EXPECT_EQ(choices[0].device.text(), "nlb_tap0,iface=nlb0");
    EXPECT_EQ(plan.clusters[0].inside.driver, kTapDriver);
}

TEST(InsideChoice, DpdksTapElsewhereUnderANameThatNoPortHas) {
    StartupPlan plan = plan_of("net_tap0,iface=out", "nlb_tap0,iface=nlb0", true);
    Surroundings old;
    old.tap_has_offloads = false;
    const auto choices = choose_inside_devices(plan, old);
    ASSERT_EQ(choices.size(), 1U);
    EXPECT_EQ(choices[0].device.text(), "net_tap1,iface=nlb0");
    EXPECT_NE(choices[0].because.find("no offloads"), std::string::npos);
    EXPECT_EQ(plan.clusters[0].inside.driver, "net_tap");
}

TEST(InsideChoice, ADeviceThatTheOperatorWroteStays) {
    StartupPlan plan = plan_of("net_tap0,iface=out", "net_tap1,iface=nlb0", false);
    EXPECT_TRUE(choose_inside_devices(plan, {}).empty());
    EXPECT_EQ(plan.clusters[0].inside.text(), "net_tap1,iface=nlb0");
}

}  // namespace
}  // namespace nlb::dataplane
