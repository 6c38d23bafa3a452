// What an acknowledgement is worth in time, asked of SentFrames; and the map that arrives in parts.
#include "core/cluster/sent_frames.hpp"

#include "core/cluster/map_in_force.hpp"
#include "core/wire/map_parts.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

TEST(SentFrames, OnlyFramesOfThisIncarnationAndNotTooOldOnesHaveATime) {
    SentFrames sent;
    const Instant start{ms(1000)};
    EXPECT_EQ(sent.next(start), 1U);
    EXPECT_EQ(sent.sent_at(1), start);
    EXPECT_FALSE(sent.sent_at(0));
    EXPECT_FALSE(sent.sent_at(2)) << "nobody can have heard it yet";
    sent.begin_incarnation();
    EXPECT_FALSE(sent.sent_at(1));
    for (int i = 0; i < 1024; ++i) sent.next(start + ms(i));
    EXPECT_EQ(sent.sent_at(2), start);
    sent.next(start + ms(5000));
    EXPECT_FALSE(sent.sent_at(2)) << "its slot is used again";
}

TEST(SentFrames, BeatsAreAtLeastAQuarterOfAPeriodApart) {
    SentFrames sent;
    const Instant start{ms(1000)};
    sent.note_heartbeat(start, ms(100));
    sent.note_heartbeat(start + ms(24), ms(100));
    ASSERT_EQ(sent.beats().size(), 1U);
    EXPECT_EQ(sent.last_heartbeat(), start + ms(24));
    sent.note_heartbeat(start + ms(25), ms(100));
    ASSERT_EQ(sent.beats().size(), 2U);
    EXPECT_EQ(sent.beats()[0], start + ms(25)) << "the newest comes first";
}

TEST(MapInForce, AMapIsWholeWhenItsPartsAreAndItsDigestIsRight) {
    ClusterMap map;
    map.epoch = {3, 1, 101};
    map.version = kFrameVersion;
    map.members = {{1, {101, 1}}, {2, {102, 1}}};
    for (auto& slot : map.targets) slot.fill(2);
    FrameHeader header;
    header.slots = kRuleSlots;
    header.epoch = map.epoch;
    std::vector<MapPart> parts = split_map(map, header);
    ASSERT_EQ(parts.size(), 3U);
    MapInForce force;
    EXPECT_FALSE(force.add_part(parts[1]));
    EXPECT_FALSE(force.add_part(parts[2]));
    const auto whole = force.add_part(parts[0]);
    ASSERT_TRUE(whole);
    EXPECT_EQ(*whole, map);
    parts[0].targets[0][0] = 1;
    EXPECT_FALSE(force.add_part(parts[0]));
    EXPECT_FALSE(force.add_part(parts[2]));
    EXPECT_FALSE(force.add_part(parts[1])) << "it is not what the digest says";
}

}  // namespace
}  // namespace nlb::test
