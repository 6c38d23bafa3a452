// Readers under load never see freed or mixed tables, and nobody waits for a reader that sleeps.
#include "dataplane/worker/rcu.hpp"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <rte_pause.h>
#include <thread>
#include <vector>

#include "dataplane/worker/lane.hpp"
#include "dataplane/worker/publisher.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kReaders = 3;
constexpr std::uint64_t kFreed = 0xdeadULL;

struct Version {
    std::atomic<std::uint64_t> first;
    std::atomic<std::uint64_t> last;
};

// A worker in small: read, use, say so; now and then sleep.
void read_versions(Rcu& rcu, std::uint32_t reader, const std::atomic<Version*>& current,
                   const std::atomic<bool>& stop, std::atomic<std::uint32_t>& joined,
                   std::atomic<int>& wrong) {
    rcu.join(reader);
    joined.fetch_add(1);
    for (std::uint64_t turn = 0; !stop.load(std::memory_order_relaxed); ++turn) {
        const Version* const version = current.load(std::memory_order_acquire);
        const std::uint64_t first = version->first.load(std::memory_order_relaxed);
        // As long as a burst takes.
        for (int i = 0; i < 50; ++i) rte_pause();
        const std::uint64_t last = version->last.load(std::memory_order_relaxed);
        if (first != last || first == kFreed) wrong.fetch_add(1, std::memory_order_relaxed);
        rcu.quiescent(reader);
        if (turn % 512 != 0) continue;
        rcu.offline(reader);
        std::this_thread::yield();
        rcu.online(reader);
    }
    rcu.leave(reader);
}

TEST(Rcu, ReadersUnderLoadNeverSeeWhatWasFreed) {
    Rcu rcu(kReaders);
    // Freed versions are poisoned, not given back, so that a reader of one is found out.
    std::vector<std::unique_ptr<Version>> all;
    const auto make = [&](std::uint64_t number) {
        all.push_back(std::make_unique<Version>());
        all.back()->first.store(number, std::memory_order_relaxed);
        all.back()->last.store(number, std::memory_order_relaxed);
        return all.back().get();
    };
    std::atomic<Version*> current{make(1)};
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::atomic<std::uint32_t> joined{0};
    std::vector<std::thread> readers;
    for (std::uint32_t i = 0; i < kReaders; ++i)
        readers.emplace_back([&, i] { read_versions(rcu, i, current, stop, joined, wrong); });
    while (joined.load() < kReaders) std::this_thread::yield();
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{400};
    for (std::uint64_t number = kFreed + 1;
         number < kFreed + 50'000 && std::chrono::steady_clock::now() < end; ++number) {
        Version* const former = current.exchange(make(number), std::memory_order_acq_rel);
        const std::uint64_t grace = rcu.start();
        while (!rcu.over(grace)) std::this_thread::yield();
        former->first.store(kFreed, std::memory_order_relaxed);
        former->last.store(kFreed, std::memory_order_relaxed);
    }
    stop.store(true);
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong.load(), 0);
}

TEST(Rcu, AGracePeriodWaitsForEachReaderThatIsAwakeAndForNoOther) {
    Rcu rcu(2);
    rcu.join(0);
    rcu.join(1);
    const std::uint64_t first = rcu.start();
    EXPECT_FALSE(rcu.over(first));
    rcu.quiescent(0);
    EXPECT_FALSE(rcu.over(first));
    rcu.offline(1);
    EXPECT_TRUE(rcu.over(first));
    const std::uint64_t second = rcu.start();
    EXPECT_FALSE(rcu.over(second));
    rcu.leave(0);
    EXPECT_TRUE(rcu.over(second)) << "readers that left or sleep are waited for no more";
}

// A poll of an idle lane.
void poll(Lane& lane) {
    static_cast<void>(lane.in_use.begin(lane.tables.load(), true));
    lane.in_use.end(0, true, lane.backlog_most);
}

TEST(Publisher, TablesAreFreedInOrderWhenEveryLaneHasAdoptedNewerOnes) {
    Publisher publisher;
    std::vector<std::unique_ptr<Lane>> lanes;
    lanes.push_back(std::make_unique<Lane>());
    lanes.push_back(std::make_unique<Lane>());
    const auto on_one_node = [](const Lane&) { return 0; };
    std::vector<std::uint64_t> done;
    const auto note = [&](const Publisher::Published& what) { done.push_back(what.token); };
    Tables tables{};
    for (std::uint64_t token = 1; token <= 3; ++token) {
        tables.epoch = token;
        ASSERT_TRUE(publisher.publish({0, token}, tables, lanes, on_one_node));
        EXPECT_EQ(lanes[0]->tables.load()->epoch, token);
        EXPECT_EQ(lanes[0]->tables.load(), lanes[1]->tables.load()) << "one copy for a node";
        if (token == 1) poll(*lanes[0]);
    }
    publisher.poll(note);
    EXPECT_TRUE(done.empty());
    EXPECT_EQ(publisher.pending(), 3U);
    poll(*lanes[1]);
    publisher.poll(note);
    EXPECT_EQ(done, (std::vector<std::uint64_t>{1})) << "the first lane still judges by the first";
    poll(*lanes[0]);
    publisher.poll(note);
    EXPECT_EQ(done, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(publisher.pending(), 0U);
    free_tables(lanes);
}

TEST(Publisher, EachNodeHasItsOwnCopy) {
    Publisher publisher;
    std::vector<std::unique_ptr<Lane>> lanes;
    for (std::uint16_t queue = 0; queue < 2; ++queue) {
        lanes.push_back(std::make_unique<Lane>());
        lanes.back()->queue = queue;
    }
    // Without huge pages there is one heap; asking for any node must work all the same.
    ASSERT_TRUE(publisher.publish({0, 1}, Tables{}, lanes,
                                  [](const Lane& lane) { return lane.queue == 0 ? 0 : -1; }));
    EXPECT_NE(lanes[0]->tables.load(), lanes[1]->tables.load());
    free_tables(lanes);
}

}  // namespace
}  // namespace nlb::dataplane
