// Workers and adapters on different NUMA nodes are named, once, by the CPUs of the configuration.
#include "dataplane/ports/numa.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

TEST(Numa, WorkersOnTheAdaptersNodeGiveNoWarning) {
    EXPECT_EQ(far_workers("web", "outside", 1, {{4, 1}, {5, 1}}), "");
}

TEST(Numa, WorkersOnAnotherNodeAreNamed) {
    EXPECT_EQ(far_workers("web", "outside", 1, {{2, 0}, {3, 0}, {4, 1}}),
              "cluster web outside is on NUMA node 1, lcores 2,3 are not: every packet "
              "crosses; name lcores of that node");
}

TEST(Numa, WhereNobodyKnowsTheNodeThereIsNoWarning) {
    EXPECT_EQ(far_workers("web", "inside", -1, {{2, 0}}), "");
    EXPECT_EQ(far_workers("web", "inside", 0, {{2, -1}}), "");
}

}  // namespace
}  // namespace nlb::dataplane
