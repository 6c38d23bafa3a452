// The table of clients: how long it remembers, what makes room, and workers that change one record
// at once.
#include "core/clients/client_table.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::uint32_t kTimeoutMs = 60'000;

struct Clients : ::testing::Test {
    std::unique_ptr<Tables> tables = std::make_unique<Tables>(make_tables(1));
    Instant now{std::chrono::hours{10}};

    Clients() {
        tables->rules[kHttp].sticky_ms = kTimeoutMs;
        tables->settled = 1;
    }
    [[nodiscard]] ClientScene scene(BucketId bucket) const { return {*tables, kHttp, bucket, now}; }
    void move_bucket_here(BucketId bucket) {
        tables->own[kHttp] |= BucketMask{1} << bucket;
        tables->owner[kHttp][bucket] = 1;
    }
    // Everything the sweep can come to, at this time.
    void sweep_all(ClientTable& table) {
        for (std::uint32_t i = 0; i < 4 * table.capacity(); ++i) {
            now += ClientTable::kSweepStep;
            table.sweep(*tables, now);
        }
    }
};
constexpr BucketId kTheirs = 1;  // host 2's, by make_tables()

TEST_F(Clients, WhatIsOverIsForgottenAndItsPlaceUsedAgain) {
    ClientTable table(8);
    for (ClientName client = 1; client <= 8; ++client)
        static_cast<void>(table.on_opening(client, scene(kTheirs)));
    EXPECT_EQ(table.remembered(), 8U);
    static_cast<void>(table.on_opening(9, scene(kTheirs)));
    EXPECT_EQ(table.unremembered(), 1U);
    EXPECT_EQ(table.record_of(9), std::nullopt) << "nobody makes room for another";
    now += std::chrono::milliseconds{kTimeoutMs + 1};
    sweep_all(table);
    EXPECT_EQ(table.remembered(), 0U);
    static_cast<void>(table.on_opening(9, scene(kTheirs)));
    EXPECT_EQ(table.record_of(9), plain_record(2));
}

TEST_F(Clients, AClientThatComesBackWhileItsEntryDiesIsRememberedAgain) {
    ClientTable table(8);
    static_cast<void>(table.on_opening(1, scene(kTheirs)));
    now += std::chrono::milliseconds{kTimeoutMs + 1};
    for (int i = 0; i < 5000 && table.record_of(1); ++i) {
        now += ClientTable::kSweepStep;
        table.sweep(*tables, now);
    }
    EXPECT_EQ(table.remembered(), 1U) << "it is dying, and not dead before the next pass";
    EXPECT_EQ(table.on_opening(1, scene(kTheirs)), Standing::not_ours);
    EXPECT_EQ(table.record_of(1), plain_record(2));
    EXPECT_EQ(table.remembered(), 1U);
}

TEST_F(Clients, ACommitmentIsNeverForgottenWhileItBinds) {
    ClientTable table(8);
    static_cast<void>(table.on_opening(1, scene(kTheirs)));
    move_bucket_here(kTheirs);
    EXPECT_EQ(table.on_opening(1, scene(kTheirs)), Standing::elsewhere);
    const Instant until = now + std::chrono::milliseconds{kTimeoutMs};
    while (now < until) {
        sweep_all(table);
        ASSERT_TRUE(table.record_of(1).has_value());
    }
    EXPECT_FALSE(table.is_free_of_commitments(kHttp, kTheirs));
    EXPECT_EQ(table.commitments(), 1U);
    now += std::chrono::milliseconds{kTimeoutMs};
    for (int i = 0; i < 2000; ++i) sweep_all(table);
    EXPECT_TRUE(table.is_free_of_commitments(kHttp, kTheirs))
        << "other packets of the bucket pay nothing any more";
    EXPECT_EQ(table.commitments(), 0U);
}

TEST_F(Clients, AnEraIsNumberedOnceHoweverOftenItsTablesAreInstalled) {
    ClientTable table(8);
    tables->era = 77;
    table.enter(*tables);
    const std::uint16_t first = tables->generation;
    table.enter(*tables);
    EXPECT_EQ(tables->generation, first);
    tables->era = 78;
    table.enter(*tables);
    EXPECT_NE(tables->generation, first);
}

// All at one instant: each client is committed to once, and asked for once, whoever sees its
// packets.
TEST_F(Clients, WorkersThatSeeOneClientAtOnceDecideAlike) {
    constexpr ClientName kNames = 5;  // three workers may each spend of the budget for each
    constexpr int kRounds = 200;
    for (int round = 0; round < kRounds; ++round) {
        ClientTable table(64);
        std::atomic<int> here{0};
        const auto work = [&](const auto& use) {
            here = 0;
            std::vector<std::thread> threads;
            for (int t = 0; t < 3; ++t)
                threads.emplace_back([&] {
                    ++here;
                    while (here < 3) std::this_thread::yield();
                    for (ClientName client = 1; client <= kNames; ++client) use(client);
                });
            for (std::thread& thread : threads) thread.join();
        };
        work([&](ClientName client) {
            static_cast<void>(table.on_opening(client, scene(kTheirs)));
        });
        ASSERT_LE(table.remembered(), kNames) << "two entries for one client";
        // Of workers that begin an entry at one instant each may leave it to the other: then the
        // client's next packet makes it.
        for (ClientName client = 1; client <= kNames; ++client)
            static_cast<void>(table.on_opening(client, scene(kTheirs)));
        ASSERT_EQ(table.remembered(), kNames);
        move_bucket_here(kTheirs);
        std::atomic<int> accepted{0};
        work([&](ClientName client) {
            accepted += table.on_opening(client, scene(kTheirs)) == Standing::ours ? 1 : 0;
        });
        ASSERT_EQ(accepted, 0) << "a client that is another host's was taken";
        std::array<GrantRequest, 64> requests;
        ASSERT_EQ(table.take_requests(requests), kNames);
        tables->own[kHttp] &= ~(BucketMask{1} << kTheirs);
        tables->owner[kHttp][kTheirs] = 2;
    }
}

TEST(RequestRing, GivesWhatItTookInOrderAndTakesNothingWhenFull) {
    RequestRing ring;
    std::array<GrantRequest, 2 * RequestRing::kCells> taken;
    for (std::uint64_t lap = 0; lap < 3; ++lap) {
        for (ClientName client = 0; client < RequestRing::kCells; ++client) {
            GrantRequest request{};
            request.client = client;
            ASSERT_TRUE(ring.put(request));
        }
        EXPECT_FALSE(ring.put({}));
        EXPECT_FALSE(ring.empty());
        ASSERT_EQ(ring.take(taken), RequestRing::kCells);
        for (ClientName client = 0; client < RequestRing::kCells; ++client)
            ASSERT_EQ(taken[client].client, client);
        EXPECT_TRUE(ring.empty());
    }
}

}  // namespace
}  // namespace nlb::test
