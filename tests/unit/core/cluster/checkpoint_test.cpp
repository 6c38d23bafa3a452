// Claims about what a control plane leaves for its successor: it comes back whole, or counts as
// none.
#include "core/cluster/checkpoint.hpp"

#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "core/ipc/messages.hpp"

namespace nlb {
namespace {

Checkpoint largest_block() {
    Checkpoint checkpoint;
    checkpoint.member = true;
    checkpoint.incarnation = {1, 2};
    checkpoint.sequence = 3;
    checkpoint.highest_counter = 4;
    checkpoint.config_digest = 5;
    checkpoint.map.epoch = {6, 7};
    checkpoint.map.version = 9;
    for (HostId id = 1; id <= kHostsMax; ++id) {
        checkpoint.map.members.push_back({id, {id, id}});
        checkpoint.peers.push_back({id, {id, 1}, id * 10U});
    }
    for (std::size_t i = 0; i < kBuriedMax; ++i)
        checkpoint.buried.push_back(
            {static_cast<HostId>(1 + i % kHostsMax), {static_cast<std::uint32_t>(i), 0}});
    for (auto& owners : checkpoint.map.targets) owners.fill(kHostsMax);
    checkpoint.beats.assign(kBeatsKept, Instant{std::chrono::hours{1}});
    return checkpoint;
}

TEST(Checkpoint, TheLargestComesBackWholeAndFitsTheDataplanesStore) {
    const auto bytes = encode_checkpoint(largest_block());
    EXPECT_LE(bytes.size(), ipc::kBlockBytesMax);
    EXPECT_EQ(decode_checkpoint(bytes), largest_block());
}

TEST(Checkpoint, ATruncatedOrLongerBlockCountsAsNone) {
    auto bytes = encode_checkpoint(largest_block());
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(decode_checkpoint(std::span{bytes}.first(length)).has_value());
    bytes.push_back(0);
    EXPECT_FALSE(decode_checkpoint(bytes).has_value());
}

TEST(Checkpoint, GarbageNeverYieldsAHostOutOfRange) {
    Prng random(1);
    const auto good = encode_checkpoint(largest_block());
    for (int round = 0; round < 5'000; ++round) {
        auto bytes = good;
        bytes[5 + random.below(bytes.size() - 5)] = static_cast<Byte>(random.next());
        const auto checkpoint = decode_checkpoint(bytes);
        if (!checkpoint) continue;
        for (const auto& entry : checkpoint->map.members)
            ASSERT_TRUE(entry.id >= 1 && entry.id <= kHostsMax);
    }
}

}  // namespace
}  // namespace nlb
