// Whose turn it is when a half-open flow has to be given up.
#include "dataplane/worker/half_open_queue.hpp"

#include <array>
#include <gtest/gtest.h>
#include <set>

namespace nlb::dataplane {
namespace {

struct HalfOpen : ::testing::Test {
    std::array<std::uint32_t, 200> memory{};
    HalfOpenQueue queue{memory};
    std::set<std::uint32_t> open;

    void push(std::uint32_t slot, bool is_open = true) {
        queue.push(slot);
        if (is_open) open.insert(slot);
    }
    std::optional<std::uint32_t> take() {
        return queue.take([this](std::uint32_t slot) { return open.erase(slot) != 0; });
    }
};

TEST_F(HalfOpen, TheOldestGoesFirst) {
    for (std::uint32_t slot = 0; slot < 150; ++slot) push(slot);
    for (std::uint32_t slot = 0; slot < 150; ++slot) EXPECT_EQ(take(), slot);
    EXPECT_EQ(take(), std::nullopt);
    EXPECT_EQ(queue.size(), 0U);
}
TEST_F(HalfOpen, AFullQueueForgetsItsOldest) {
    for (std::uint32_t slot = 0; slot < 1000; ++slot) push(slot);
    EXPECT_EQ(queue.size(), memory.size());
    for (std::uint32_t slot = 800; slot < 1000; ++slot) EXPECT_EQ(take(), slot);
    EXPECT_EQ(take(), std::nullopt);
}
TEST_F(HalfOpen, WhatIsEstablishedOrGoneIsPassedOver) {
    for (std::uint32_t slot = 0; slot < 100; ++slot) push(slot, slot % 5 == 4);
    for (std::uint32_t slot = 4; slot < 100; slot += 5) EXPECT_EQ(take(), slot);
    EXPECT_EQ(take(), std::nullopt);
}
TEST_F(HalfOpen, BehindManyEstablishedOnesTheNewestGoesAndThenTheOldestAgain) {
    for (std::uint32_t slot = 0; slot < 120; ++slot) push(slot, false);
    for (std::uint32_t slot = 120; slot < 160; ++slot) push(slot);
    EXPECT_EQ(take(), 159U) << "in bounded time";
    EXPECT_EQ(take(), 120U);
    EXPECT_EQ(take(), 121U);
}
TEST_F(HalfOpen, OneSlotIsEnough) {
    HalfOpenQueue small{std::span{memory}.first(1)};
    small.push(3);
    small.push(4);
    EXPECT_EQ(small.take([](std::uint32_t) { return true; }), 4U);
    EXPECT_EQ(small.take([](std::uint32_t) { return true; }), std::nullopt);
}

}  // namespace
}  // namespace nlb::dataplane
