// What several workers do to one table of clients and one ring of requests at the same time. Built
// with the thread sanitizer it shows races; in any build it shows what gets lost or counted twice.
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "core/base/prng.hpp"
#include "core/clients/client_table.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::uint32_t kWorkers = 3;

TEST(RequestRingStress, EachRequestOfEachWorkerIsTakenOnceAndInItsOrder) {
    constexpr std::uint64_t kEach = 20'000;
    RequestRing ring;
    std::vector<std::thread> workers;
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker)
        workers.emplace_back([&ring, worker] {
            for (std::uint64_t number = 1; number <= kEach; ++number) {
                GrantRequest request{};
                request.client = number;
                request.era = ~number;
                request.timeout_ms = worker;
                while (!ring.put(request)) std::this_thread::yield();
            }
        });
    std::array<std::uint64_t, kWorkers> last{};
    std::array<GrantRequest, 64> taken;
    std::uint64_t count = 0, wrong = 0;
    while (count < kWorkers * kEach) {
        const std::size_t found = ring.take(taken);
        if (found == 0) std::this_thread::yield();
        for (std::size_t at = 0; at < found; ++at) {
            const GrantRequest& request = taken[at];
            wrong += request.client != ++last.at(request.timeout_ms) ? 1 : 0;
            wrong += request.era != ~request.client ? 1 : 0;
        }
        count += found;
    }
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_TRUE(ring.empty());
}

struct ClientTableStress : ::testing::Test {
    static constexpr std::uint32_t kTimeoutMs = 2'000;
    static constexpr std::uint32_t kClients = 600;  // more than the table has places
    std::unique_ptr<Tables> tables = std::make_unique<Tables>(make_tables(1));
    ClientTable table{256};

    ClientTableStress() {
        tables->rules[kHttp].sticky_ms = kTimeoutMs;
        tables->settled = 1;
    }
    // One worker's packets over many clients and buckets; its clock makes steps, so that entries
    // die while others use them. The first worker sweeps as well.
    void work(std::uint32_t worker) {
        Prng prng(worker + 1);
        Instant now{std::chrono::hours{10}};
        for (int turn = 0; turn < 30'000; ++turn) {
            now += std::chrono::microseconds{200};
            const ClientName client = 1 + prng.below(kClients);
            const auto bucket = static_cast<BucketId>(client % kBuckets);
            const ClientScene scene{*tables, kHttp, bucket, now};
            switch (prng.below(4)) {
                case 0:
                    table.on_end(client, scene);
                    break;
                case 1:
                    if (scene.owned()) static_cast<void>(table.serves_elsewhere(client, scene));
                    break;
                default:
                    static_cast<void>(table.on_opening(client, scene));
                    break;
            }
            if (worker == 0) table.sweep(*tables, now);
        }
    }
};

TEST_F(ClientTableStress, WhatIsRememberedIsCountedOnceAndForgottenInTheEnd) {
    std::vector<std::thread> workers;
    std::atomic<bool> stop{false};
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker)
        workers.emplace_back([this, worker] { work(worker); });
    std::thread main([&] {  // the main lcore takes what workers ask for
        std::array<GrantRequest, 64> taken;
        while (!stop.load()) {
            static_cast<void>(table.take_requests(taken));
            EXPECT_LE(table.remembered(), table.capacity());
            std::this_thread::yield();
        }
    });
    for (std::thread& worker : workers) worker.join();
    stop.store(true);
    main.join();
    std::uint64_t found = 0;
    for (ClientName client = 1; client <= kClients; ++client)
        found += table.record_of(client).has_value() ? 1 : 0;
    EXPECT_GT(found, 100u) << "the workers were to leave the table well filled";
    EXPECT_EQ(found, table.remembered());
    Instant now{std::chrono::hours{11}};
    for (std::uint32_t step = 0; step < 4 * table.capacity(); ++step) {
        now += ClientTable::kSweepStep * 40;
        table.sweep(*tables, now);
    }
    EXPECT_EQ(table.remembered(), 0u);
}

}  // namespace
}  // namespace nlb::test
