// The map from host ids to values that needs no allocation.
#include "core/base/host_map.hpp"

#include <gtest/gtest.h>

namespace nlb::test {
namespace {

TEST(HostMap, KeepsItsEntriesInTheOrderOfIds) {
    HostMap<int> map;
    for (const HostId id : std::initializer_list<HostId>{7, 3, 32, 1, 9}) map[id] = 10 * id;
    HostId last = 0;
    for (const auto& [id, value] : map) {
        EXPECT_GT(id, last);
        EXPECT_EQ(value, 10 * id);
        last = id;
    }
    EXPECT_EQ(map.size(), 5u);
    EXPECT_TRUE(map.contains(32));
    EXPECT_FALSE(map.contains(2));
}
TEST(HostMap, HoldsEveryHostOnce) {
    HostMap<int> map;
    for (HostId id = kHostsMax; id >= 1; --id) map[id] = id;
    for (HostId id = 1; id <= kHostsMax; ++id) EXPECT_EQ(map[id], id);
    EXPECT_EQ(map.size(), kHostsMax);
}
TEST(HostMap, IsEqualWhateverTheOrderOfItsFilling) {
    HostMap<int> map, other;
    map[1] = 5;
    map[2] = 6;
    other[2] = 6;
    EXPECT_FALSE(map == other);
    other[1] = 5;
    EXPECT_TRUE(map == other);
}

TEST(HostMap, FindsWhatItHasAndForgetsEverything) {
    HostMap<int> map;
    map[3] = 30;
    map[7] = 70;
    map[5] = 50;
    ASSERT_NE(map.find(5), map.end());
    EXPECT_EQ(map.find(5)->second, 50);
    EXPECT_EQ(map.find(4), map.end());
    map.clear();
    EXPECT_EQ(map.size(), 0U);
    EXPECT_EQ(map.find(3), map.end());
    EXPECT_EQ(map[3], 0) << "nothing of the former value is left";
}

}  // namespace
}  // namespace nlb::test
