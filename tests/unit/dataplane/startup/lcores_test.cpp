// Lcores for machines of all sizes.
#include "dataplane/startup/lcores.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

std::vector<ClusterPlan> clusters(std::vector<std::vector<std::uint16_t>> cpus) {
    std::vector<ClusterPlan> plans;
    for (auto& list : cpus) {
        ClusterPlan plan;
        plan.cpus = std::move(list);
        plans.push_back(std::move(plan));
    }
    return plans;
}

struct Case {
    std::vector<std::vector<std::uint16_t>> cpus;
    std::optional<std::uint16_t> main;
    std::vector<std::uint16_t> allowed;
    std::string mapping;
    bool warns;
};

TEST(Lcores, EveryMachineGetsAMapping) {
    const std::vector<Case> cases{
        {{{2, 3}}, std::nullopt, {0, 1, 2, 3}, "0@0,1@2,2@3", false},
        {{{0, 1}}, std::nullopt, {0, 1, 2, 3}, "0@2,1@0,2@1", false},
        {{{2}}, 3, {0, 1, 2, 3}, "0@3,1@2", false},
        {{{2}, {2, 3}}, std::nullopt, {0, 1, 2, 3}, "0@0,1@2,2@3", false},
        {{{1}}, std::nullopt, {0, 1}, "0@0,1@1", false},
        {{{0, 1}}, std::nullopt, {0, 1}, "0@(0-1),1@0,2@1", true},
        {{{2, 3}}, std::nullopt, {0, 1}, "0@(0-1),1@(0-1),2@(0-1)", true},
        {{{1}}, std::nullopt, {0}, "0@(0),1@(0)", true},
        {{{1}}, 7, {0, 1}, "0@(0-1),1@1", true},
        {{{5}}, std::nullopt, {4, 6, 7, 9}, "0@(4,6-7,9),1@(4,6-7,9)", true},
    };
    for (const Case& c : cases) {
        const auto lcores = plan_lcores(clusters(c.cpus), c.main, c.allowed);
        ASSERT_TRUE(lcores.ok());
        EXPECT_EQ(lcores.value().mapping, c.mapping);
        EXPECT_EQ(!lcores.value().warning.empty(), c.warns)
            << c.mapping << ": " << lcores.value().warning;
        EXPECT_EQ(lcores.value().warning.find('\n'), std::string::npos);
    }
}

TEST(Lcores, WorkersAreTheCpusOfAllClustersOnce) {
    EXPECT_EQ(
        plan_lcores(clusters({{3, 5}, {5, 4}}), std::nullopt, {0, 1, 2, 3, 4, 5}).value().workers,
        (std::vector<std::uint16_t>{3, 4, 5}));
}

TEST(Lcores, MoreWorkersThanDpdkHasLcoresAreRefused) {
    std::vector<std::uint16_t> many(128);
    for (std::uint16_t i = 0; i < many.size(); ++i) many[i] = i;
    EXPECT_FALSE(plan_lcores(clusters({many}), std::nullopt, {0, 1}).ok());
}

}  // namespace
}  // namespace nlb::dataplane
