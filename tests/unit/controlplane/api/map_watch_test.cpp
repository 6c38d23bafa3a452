// What two looks at a map tell.
#include "controlplane/api/map_watch.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

class MapWatchTest : public ::testing::Test {
protected:
    void SetUp() override { targets_[0].fill(1); }
    std::vector<Event> look(std::uint32_t epoch, std::uint64_t windows = 0, double seconds = 0) {
        const Epoch known = epoch == 0 ? Epoch{} : Epoch{epoch, 1};
        return watch_.observe({"web", "edge1", known, "edge1", &targets_, windows, seconds});
    }
    static std::string field(const Event& event, std::string_view name) {
        for (const auto& [key, value] : event.fields)
            if (key == name) return value;
        return "";
    }
    MapWatch watch_;
    OwnerMap targets_{};
};

TEST_F(MapWatchTest, ANewMapIsToldWithTheBucketsThatItMoved) {
    EXPECT_TRUE(look(7).empty()) << "what was found is nothing that happened";
    std::fill_n(targets_[0].begin(), 20, HostId{2});
    const auto told = look(8);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].id, EventId::buckets_moved);
    EXPECT_EQ(field(told[0], "moved"), "20");
    EXPECT_EQ(field(told[0], "epoch"), "8.1");
    EXPECT_EQ(field(told[0], "coordinator"), "edge1");
    EXPECT_TRUE(look(8).empty());
    EXPECT_TRUE(look(9).empty()) << "a map that moves nothing disturbs nobody";
}

TEST_F(MapWatchTest, ABucketThatNobodyHadAndAFirstMapMoveNothing) {
    targets_ = {};
    EXPECT_TRUE(look(1).empty());
    targets_[0].fill(1);
    EXPECT_TRUE(look(2).empty());
    EXPECT_TRUE(look(0).empty());
    targets_[0].fill(2);
    EXPECT_TRUE(look(3).empty()) << "what happened while this host had no map is not known";
}

TEST_F(MapWatchTest, AWindowShorterThanALookIsTold) {
    EXPECT_TRUE(look(7, 3, 0.5).empty());
    const auto told = look(7, 5, 0.54);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].id, EventId::buckets_without_owner);
    EXPECT_EQ(field(told[0], "buckets"), "2");
    EXPECT_EQ(field(told[0], "lasted_ms"), "20");
}

}  // namespace
}  // namespace nlb::controlplane
