// Readers and the one writer of tables at full speed, on memory that is not atomic: what is read
// between two quiescent points must happen before it is freed. The thread sanitizer sees it when
// that order is missing; in any build a reader sees the poison.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

#include "dataplane/worker/lane.hpp"
#include "dataplane/worker/publisher.hpp"
#include "dataplane/worker/rcu.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kReaders = 3;
constexpr std::chrono::milliseconds kLength{400};
constexpr std::uint64_t kVersionsMax = 20'000;

// Calls `read` of each reader until the writer is done; readers sleep now and then.
class Readers {
public:
    template <class Read>
    Readers(Rcu& rcu, const Read& read) {
        for (std::uint32_t reader = 0; reader < kReaders; ++reader)
            threads_.emplace_back([this, &rcu, read, reader] {
                rcu.join(reader);
                joined_.fetch_add(1);
                for (std::uint64_t turn = 1; !stop_.load(std::memory_order_relaxed); ++turn) {
                    read(reader);
                    rcu.quiescent(reader);
                    if (turn % 256 != 0) continue;
                    rcu.offline(reader);
                    std::this_thread::yield();
                    rcu.online(reader);
                }
                rcu.leave(reader);
            });
        while (joined_.load() < kReaders) std::this_thread::yield();
    }
    ~Readers() {
        stop_.store(true);
        for (std::thread& thread : threads_) thread.join();
    }

private:
    std::vector<std::thread> threads_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint32_t> joined_{0};
};

bool over(std::chrono::steady_clock::time_point began) {
    return std::chrono::steady_clock::now() - began > kLength;
}

TEST(RcuStress, WhatAGracePeriodPassedOverIsReadByNobody) {
    struct Version {
        std::uint64_t number = 0;
        std::uint64_t again = 0;
    };
    Rcu rcu(kReaders);
    std::array<Version, 2> versions{Version{1, 1}, Version{}};
    std::atomic<const Version*> current{&versions[0]};
    std::array<std::uint64_t, kReaders> wrong{}, reads{};
    std::uint64_t number = 1;
    {
        const Readers readers(rcu, [&](std::uint32_t reader) {
            const Version& version = *current.load(std::memory_order_acquire);
            const std::uint64_t before = version.number;
            wrong[reader] += before == 0 || version.again != before ? 1 : 0;
            ++reads[reader];
        });
        const auto began = std::chrono::steady_clock::now();
        while (number < kVersionsMax && !over(began)) {
            Version& next = versions[number % 2];
            ++number;
            next = {number, number};
            current.store(&next, std::memory_order_release);
            const std::uint64_t grace = rcu.start();
            while (!rcu.over(grace)) std::this_thread::yield();
            versions[number % 2] = {};  // freed: whoever reads it now finds 0
        }
    }
    EXPECT_GT(number, 10u);
    for (std::uint32_t reader = 0; reader < kReaders; ++reader) {
        EXPECT_EQ(wrong[reader], 0u);
        EXPECT_GT(reads[reader], 0u);
    }
}

TEST(PublisherStress, WorkersReadWholeTablesWhileOthersAreFreed) {
    Rcu rcu(kReaders);
    Publisher publisher;
    std::vector<std::unique_ptr<Lane>> lanes;
    for (std::uint32_t reader = 0; reader < kReaders; ++reader)
        lanes.push_back(std::make_unique<Lane>());
    const auto one_node = [](const Lane&) { return 0; };
    Tables tables{};
    const auto stamp = [&tables](std::uint64_t number) {
        tables.epoch = number;
        tables.own.back() = number;
    };
    stamp(1);
    ASSERT_TRUE(publisher.publish({0, 1}, tables, lanes, one_node));
    std::array<std::uint64_t, kReaders> wrong{}, last{};
    std::uint64_t published = 1, done = 0;
    const auto note = [&done](const Publisher::Published& what) {
        EXPECT_EQ(what.token, ++done) << "grace periods end in the order of publications";
    };
    {
        const Readers readers(rcu, [&](std::uint32_t reader) {
            Lane& lane = *lanes[reader];
            const Tables& seen =
                lane.in_use.begin(lane.tables.load(std::memory_order_acquire), true);
            const std::uint64_t epoch = seen.epoch;
            wrong[reader] += seen.own.back() != epoch || epoch < last[reader] ? 1 : 0;
            last[reader] = epoch;
            lane.in_use.end(0, true, lane.backlog_most);
        });
        const auto began = std::chrono::steady_clock::now();
        while (published < kVersionsMax && !over(began)) {
            if (publisher.pending() < Publisher::kPendingMost) {
                stamp(++published);
                ASSERT_TRUE(publisher.publish({0, published}, tables, lanes, one_node));
            }
            publisher.poll(note);
        }
    }
    for (const auto& lane : lanes) {
        static_cast<void>(lane->in_use.begin(lane->tables.load(), true));
        lane->in_use.end(0, true, lane->backlog_most);
    }
    publisher.poll(note);
    EXPECT_EQ(publisher.pending(), 0u);
    EXPECT_EQ(done, published);
    EXPECT_GT(published, 10u);
    for (const std::uint64_t count : wrong) EXPECT_EQ(count, 0u);
    free_tables(lanes);
}

}  // namespace
}  // namespace nlb::dataplane
