// Pools take what memory_need() plans for them, also on pages of 4 KiB.
#include "dataplane/frames/buffers.hpp"

#include <gtest/gtest.h>
#include <rte_malloc.h>
#include <vector>

#include "core/packet/frame_room.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

std::uint64_t used_bytes() {
    rte_malloc_socket_stats stats{};
    EXPECT_EQ(rte_malloc_get_socket_stats(0, &stats), 0);
    return stats.heap_allocsz_bytes;
}

// Of the plan an eighth is for what is no buffer: the ring of pointers, descriptors of the pool.
constexpr std::uint64_t with_seams(std::uint64_t bytes) {
    return bytes + bytes / 8;
}

TEST(Buffers, APoolTakesNoMoreThanThePlanHasForIt) {
    constexpr std::uint32_t kBuffers = 5000;
    const std::uint64_t before = used_bytes();
    const auto pool = make_pool(kBuffers, kFrameRoomUsual, 0);
    ASSERT_TRUE(pool.ok()) << pool.error().message;
    EXPECT_LE(used_bytes() - before, with_seams(kBuffers * (kBufferExtraBytes + kFrameRoomUsual)));
}

TEST(Buffers, LargeBuffersOfATapTakeNoMoreThanThePlanHasForThem) {
    const std::uint32_t count = tap_buffers(2).large;
    const std::uint64_t before = used_bytes();
    const Pool pool = make_buffers({"test large", count, 0, UINT16_MAX, SOCKET_ID_ANY, nullptr});
    ASSERT_NE(pool, nullptr);
    EXPECT_LE(used_bytes() - before, count * (kLargeBufferBytes + 64) + 16'384);
}

TEST(Buffers, APoolIsGivenBackWhole) {
    const std::uint64_t before = used_bytes();
    { const Pool pool = make_buffers({"test short", 500, 0, 2176, SOCKET_ID_ANY, nullptr}); }
    EXPECT_EQ(used_bytes(), before);
}

TEST(Buffers, EachBufferIsThereOnceAndEmpty) {
    const Pool pool = make_buffers({"test all", 255, 0, 2176, SOCKET_ID_ANY, "ring_mt_rts"});
    ASSERT_NE(pool, nullptr);
    std::vector<rte_mbuf*> taken;
    while (rte_mbuf* const buffer = rte_pktmbuf_alloc(pool.get())) {
        EXPECT_EQ(rte_pktmbuf_tailroom(buffer), 2176 - RTE_PKTMBUF_HEADROOM);
        note_of(buffer).received_ns = static_cast<std::int64_t>(taken.size());
        taken.push_back(buffer);
    }
    EXPECT_EQ(taken.size(), 255U);
    for (std::size_t i = 0; i < taken.size(); ++i) {
        EXPECT_EQ(note_of(taken[i]).received_ns, static_cast<std::int64_t>(i));
        EXPECT_NE(rte_mbuf_iova_get(taken[i]), RTE_BAD_IOVA) << "an adapter could not reach it";
        rte_pktmbuf_free(taken[i]);
    }
}

TEST(Buffers, WhatDoesNotFitIsRefusedWithTheRemedy) {
    const auto pool = make_pool(1'000'000, kFrameRoomUsual, 0);
    ASSERT_FALSE(pool.ok());
    EXPECT_NE(pool.error().message.find("raise eal.memory"), std::string::npos);
}

}  // namespace
}  // namespace nlb::dataplane
