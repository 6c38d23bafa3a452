// Which heartbeats may wait: those that say what the last one said.
#include "core/wire/heartbeat_repeats.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "core/wire/frame_codec.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

struct HeartbeatRepeatsTest : ::testing::Test {
    HeartbeatRepeatsTest() {
        beat.header.cluster = 7;
        beat.header.id = 3;
        beat.header.state = MemberState::member;
        beat.header.slots = 3;
        beat.header.incarnation = {11, 1};
        beat.header.sequence = 100;
        beat.peers = {{1, 0, {5, 1}, 40}, {2, 0, {6, 2}, 50}};
    }
    // The next one, with whatever `change` says.
    bool repeats(const std::function<void(Heartbeat&)>& change = [](Heartbeat&) {}) {
        ++beat.header.sequence;
        for (PeerReport& report : beat.peers) ++report.sequence;
        change(beat);
        return seen.is_repeat(encode_frame(beat, authenticator));
    }
    PlainAuthenticator authenticator;
    Heartbeat beat;
    HeartbeatRepeats seen;
};

TEST_F(HeartbeatRepeatsTest, WhatDiffersInSequencesAloneIsARepeat) {
    EXPECT_FALSE(repeats()) << "the first one of its host";
    EXPECT_TRUE(repeats());
    EXPECT_TRUE(repeats());
}

TEST_F(HeartbeatRepeatsTest, WhateverElseChangesIsNews) {
    const std::vector<std::function<void(Heartbeat&)>> changes = {
        [](Heartbeat& b) { b.header.state = MemberState::join; },
        [](Heartbeat& b) { b.header.flags = kFlagDraining; },
        [](Heartbeat& b) { ++b.header.incarnation.term; },
        [](Heartbeat& b) { ++b.header.epoch.counter; },
        [](Heartbeat& b) { b.header.epoch.coordinator = 2; },
        [](Heartbeat& b) { b.view = HostSet{0b101}; },
        [](Heartbeat& b) { ++b.generation; },
        [](Heartbeat& b) { b.rules[0].own ^= 1; },
        [](Heartbeat& b) { b.rules[1].dirty ^= 4; },
        [](Heartbeat& b) { b.rules[kDefaultRule].offer = 9; },
        [](Heartbeat& b) { b.peers[1].flags = kReportSilent; },
        [](Heartbeat& b) { ++b.peers[1].heard.term; },
        [](Heartbeat& b) {
            b.peers.push_back({4, 0, {9, 1}, 1});
        },
        [](Heartbeat& b) { b.staged.digest = 77, b.staged.slots = 2; },
        [](Heartbeat& b) { b.staged.offers[0] = 50; },
    };
    static_cast<void>(repeats());
    for (std::size_t i = 0; i < changes.size(); ++i) {
        EXPECT_FALSE(repeats(changes[i])) << i;
        EXPECT_TRUE(repeats()) << i;
    }
}

TEST_F(HeartbeatRepeatsTest, EachHostHasItsOwnLastWord) {
    static_cast<void>(repeats());
    beat.header.id = 4;
    EXPECT_FALSE(repeats());
    beat.header.id = 3;
    EXPECT_TRUE(repeats());
}

TEST_F(HeartbeatRepeatsTest, WhatIsCutShortOrAnotherKindIsNone) {
    static_cast<void>(repeats());
    const std::vector<Byte> whole = encode_frame(beat, authenticator);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(seen.is_repeat({whole.data(), size})) << size;
    EXPECT_TRUE(seen.is_repeat(whole)) << "they have changed nothing";
    MapPart map;
    map.header = beat.header;
    const std::vector<Byte> other = encode_frame(map, authenticator);
    EXPECT_FALSE(seen.is_repeat(other));
    EXPECT_FALSE(seen.is_repeat(other));
}

}  // namespace
}  // namespace nlb::test
