// The rte_hash table against a plain map: any order of insertions, deletions, look-ups and sweeps
// leaves both saying the same.
#include "dataplane/worker/conn_table.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "core/base/prng.hpp"
#include "core/flow/track.hpp"
#include "core/packet/burst.hpp"

namespace nlb::dataplane {
namespace {

constexpr Instant at_s(std::uint32_t seconds) {
    return Instant{std::chrono::seconds{seconds}};
}

FlowKey key_of(std::uint64_t flow) {
    FlowKey key{};
    key.client = IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(flow / 7));
    key.vip = IpAddress::v4(0xc0000250U);
    key.client_port = static_cast<std::uint16_t>(1024 + flow % 60'000);
    key.vip_port = 80;
    key.protocol = 6;
    if (flow % 3 != 1) return key;
    // Every third is over IPv6; some differ from an IPv4 one in nothing but the prefix.
    key.client.bytes[0] = key.vip.bytes[0] = 0x20;
    return key;
}

struct Less {
    bool operator()(const FlowKey& one, const FlowKey& other) const {
        return std::memcmp(&one, &other, sizeof one) < 0;
    }
};
using Reference = std::map<FlowKey, Descriptor, Less>;

std::unique_ptr<ConnTable> make_table(std::uint32_t capacity) {
    static int made = 0;
    auto table =
        ConnTable::create("test " + std::to_string(made++), ConnCapacity(capacity), 0, 0x5eed);
    EXPECT_TRUE(table.ok()) << table.error().message;
    return std::move(table.value());
}

Tables with_times() {
    Tables tables{};
    tables.tcp_idle_s = 7200;
    tables.half_open_s = 30;
    tables.closing_s = 60;
    return tables;
}

void expect_same(ConnTable& table, const Reference& reference) {
    ASSERT_EQ(table.size(), reference.size());
    RuleMasks held{};
    std::array<std::uint64_t, kRuleSlots> counts{};
    for (const auto& [key, descriptor] : reference) {
        const Descriptor* const found = table.find(key);
        ASSERT_NE(found, nullptr);
        ASSERT_EQ(std::memcmp(found, &descriptor, sizeof descriptor), 0);
        held[descriptor.rule] |= BucketMask{1} << descriptor.bucket;
        ++counts[descriptor.rule];
    }
    ASSERT_EQ(table.flow_index().held(), held);
    ASSERT_EQ(table.flow_index().counts(), counts);
}

TEST(ConnTable, AnyOrderOfOperationsAgreesWithAMap) {
    const auto table = make_table(4096);
    Reference reference;
    Prng prng(42);
    for (int step = 0; step < 100'000; ++step) {
        const FlowKey key = key_of(prng.below(3000));
        const bool known = reference.contains(key);
        const std::uint64_t dice = prng.below(10);
        if (dice < 4 && !known) {
            const Descriptor descriptor{
                static_cast<std::uint32_t>(step), static_cast<RuleId>(prng.below(kRuleSlots)),
                static_cast<BucketId>(prng.below(kBuckets)), FlowState::half_open, 0};
            ASSERT_NE(table->insert(key, descriptor), nullptr);
            reference.emplace(key, descriptor);
        } else if (dice < 7) {
            ASSERT_EQ(table->erase(key), known);
            reference.erase(key);
        } else {
            ASSERT_EQ(table->find(key) != nullptr, known);
        }
    }
    expect_same(*table, reference);
}

TEST(ConnTable, BulkLookUpsFindWhatSingleOnesFind) {
    const auto table = make_table(1024);
    for (std::uint64_t flow = 0; flow < 1000; flow += 3)
        ASSERT_NE(table->insert(key_of(flow), {1, 0, 5, FlowState::established, 0}), nullptr);
    for (std::uint64_t first = 0; first < 960; first += kBurstMax) {
        std::array<FlowKey, kBurstMax> keys;
        std::array<const FlowKey*, kBurstMax> pointers;
        std::array<Descriptor*, kBurstMax> found;
        for (std::size_t i = 0; i < kBurstMax; ++i) {
            keys[i] = key_of(first + i);
            pointers[i] = &keys[i];
        }
        table->find_bulk(pointers.data(), kBurstMax, found.data());
        for (std::size_t i = 0; i < kBurstMax; ++i) ASSERT_EQ(found[i], table->find(keys[i]));
    }
}

TEST(ConnTable, AFullTableRefusesAndTakesAgainAfterAnErase) {
    const auto table = make_table(256);
    std::uint64_t flow = 0;
    while (table->insert(key_of(flow), {1, 0, 0, FlowState::half_open, 0}) != nullptr)
        ASSERT_LT(++flow, 1000U);
    EXPECT_GT(flow, 200U) << "most of the slots can be used";
    EXPECT_EQ(table->size(), flow);
    EXPECT_TRUE(table->erase(key_of(3)));
    EXPECT_NE(table->insert(key_of(3), {1, 0, 0, FlowState::half_open, 0}), nullptr);
}

// As a worker would, once a millisecond.
void sweep_for(ConnTable& table, const Tables& tables, Instant from, Duration length) {
    for (Instant now = from; now < from + length; now += std::chrono::milliseconds{1})
        table.sweep(tables, now);
}

TEST(ConnTable, OnlyHalfOpenFlowsAreEvictedTheOldestFirst) {
    const auto table = make_table(200);
    // IPv4: of both versions the oldest of either comes first
    const auto key = [](std::uint64_t flow) { return key_of(3 * flow); };
    const auto insert = [&](std::uint64_t flow, FlowState state) {
        ASSERT_NE(table->insert(key(flow), {0, 0, 0, state, 0}), nullptr);
    };
    for (std::uint64_t flow = 0; flow < 40; ++flow)
        insert(flow, flow % 2 == 0 ? FlowState::established : FlowState::half_open);
    EXPECT_EQ(table->flow_index().half_open(), 20U);
    for (std::uint64_t flow = 1; flow < 40; flow += 2) {
        ASSERT_TRUE(table->evict_half_open());
        EXPECT_EQ(table->find(key(flow)), nullptr) << flow;
    }
    EXPECT_EQ(table->size(), 20U);
    EXPECT_EQ(table->flow_index().half_open(), 0U);
    for (int turn = 0; turn < 10; ++turn) EXPECT_FALSE(table->evict_half_open());
    for (std::uint64_t flow = 0; flow < 40; flow += 2)
        EXPECT_NE(table->find(key(flow)), nullptr) << flow;
}

TEST(ConnTable, AFewHalfOpenFlowsAmongManyEstablishedAreFoundEachTime) {
    const auto table = make_table(2048);
    for (std::uint64_t flow = 0; flow < 1800; ++flow)
        ASSERT_NE(table->insert(key_of(flow), {0, 0, 0, FlowState::established, 0}), nullptr);
    std::uint64_t next = 1800;
    for (; next < 1920; ++next)
        ASSERT_NE(table->insert(key_of(next), {0, 0, 0, FlowState::half_open, 0}), nullptr);
    for (; next < 5000; ++next) {
        ASSERT_TRUE(table->is_nearly_full());
        ASSERT_TRUE(table->evict_half_open()) << next;
        ASSERT_NE(table->insert(key_of(next), {0, 0, 0, FlowState::half_open, 0}), nullptr);
    }
    for (std::uint64_t flow = 0; flow < 1800; ++flow)
        ASSERT_NE(table->find(key_of(flow)), nullptr) << flow;
}

TEST(ConnTable, SoManyAreEvictedInAWindowAndThenNoMore) {
    const auto table = make_table(8192);
    const Tables tables = with_times();
    std::uint32_t next = 0;
    const auto evict_one = [&] {
        ASSERT_NE(table->insert(key_of(next++), {1, 0, 0, FlowState::half_open, 0}), nullptr);
        ASSERT_TRUE(table->evict_half_open());
    };
    table->sweep(tables, at_s(1));
    for (std::uint32_t i = 0; i < ConnTable::kEvictionsLeast; ++i) {
        ASSERT_TRUE(table->may_evict()) << i;
        evict_one();
    }
    EXPECT_FALSE(table->may_evict());
    table->sweep(tables, at_s(1) + ConnTable::kEvictWindow / 2);
    EXPECT_FALSE(table->may_evict());
    EXPECT_FALSE(table->evict_half_open()) << "nothing to evict";
    table->sweep(tables, at_s(1) + ConnTable::kEvictWindow);
    EXPECT_TRUE(table->may_evict());
    EXPECT_FALSE(table->evict_half_open());
    EXPECT_TRUE(table->may_evict()) << "nothing was evicted";
}

TEST(ConnTable, ASweepErasesExactlyTheExpired) {
    const auto table = make_table(2048);
    Reference reference;
    for (std::uint64_t flow = 0; flow < 1500; ++flow) {
        const Descriptor descriptor{100, static_cast<RuleId>(flow % 3),
                                    static_cast<BucketId>(flow % kBuckets),
                                    static_cast<FlowState>(flow % 3), 0};
        ASSERT_NE(table->insert(key_of(flow), descriptor), nullptr);
        reference.emplace(key_of(flow), descriptor);
    }
    const Tables tables = with_times();
    sweep_for(*table, tables, at_s(105), ConnTable::kSweepPass + std::chrono::seconds{1});
    expect_same(*table, reference);
    // 46 s later half-open ones are too old, closing ones are not.
    std::erase_if(reference,
                  [](const auto& entry) { return entry.second.state == FlowState::half_open; });
    sweep_for(*table, tables, at_s(135), ConnTable::kSweepPass + std::chrono::seconds{1});
    expect_same(*table, reference);
}

TEST(ConnTable, ASweepTellsTheLedgerOfStaleFlows) {
    const auto table = make_table(128);
    ASSERT_NE(table->insert(key_of(1), {100, 4, 17, FlowState::established, 0}), nullptr);
    const Tables tables = with_times();
    const std::uint32_t later = 100 + stale_after_s(tables.tcp_idle_s) + 1;
    sweep_for(*table, tables, at_s(later), ConnTable::kSweepPass + std::chrono::seconds{1});
    EXPECT_EQ(table->flow_index().watched()[4], BucketMask{1} << 17);
    EXPECT_TRUE(table->flow_index().may_be_watched(key_of(1)));
    EXPECT_EQ(table->size(), 1U);
    EXPECT_TRUE(table->erase(key_of(1)));
    EXPECT_EQ(table->flow_index().watched()[4], 0U);
    EXPECT_FALSE(table->flow_index().may_be_watched(key_of(1)));
}

TEST(ConnTable, OneSweepIsBoundedHoweverLongAgoTheLastOneWas) {
    const auto table = make_table(4096);
    for (std::uint64_t flow = 0; flow < 3000; ++flow)
        ASSERT_NE(table->insert(key_of(flow), {0, 0, 0, FlowState::half_open, 0}), nullptr);
    const Tables tables = with_times();
    table->sweep(tables, at_s(1000));
    table->sweep(tables, at_s(5000));
    EXPECT_GE(table->size(), 3000U - ConnTable::kSweepChangesMost);
    EXPECT_LT(table->size(), 3000U);
}

}  // namespace
}  // namespace nlb::dataplane
