// Both versions of the fast path's columns: what AVX2 makes of eight frames at once is what plain
// C++ makes of one after the other. Seeded.
#include <gtest/gtest.h>

#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/look_ups_by_rule.hpp"
#include "tests/unit/core/fastpath/crowd.hpp"

namespace nlb::test {
namespace {

constexpr int kBursts = 16'000;

void expect_same_columns(const FastParse& wide, const FastParse& narrow, std::uint64_t usual,
                         int number) {
    ASSERT_EQ(wide.over_v6, narrow.over_v6);
    for (const std::uint32_t i : Slots(usual)) {
        ASSERT_EQ(wide.client_at(i).high, narrow.client_at(i).high) << number << " " << i;
        ASSERT_EQ(wide.client_at(i).low, narrow.client_at(i).low) << number << " " << i;
        ASSERT_EQ(wide.client_port[i], narrow.client_port[i]) << number << " " << i;
        ASSERT_EQ(wide.tcp_flags[i], narrow.tcp_flags[i]) << number << " " << i;
        ASSERT_EQ(wide.key[i], narrow.key[i]) << number << " " << i;
    }
    ASSERT_EQ(wide.begins_or_ends & usual, narrow.begins_or_ends & usual) << number;
}

// How many of the burst both found usual.
std::uint64_t compare_parses(const Burst& burst, const MatchKeys& match_keys, int number,
                             FastParser* wide_look, FastParser* narrow_look) {
    FastParse wide;
    FastParse narrow;
    const std::uint64_t usual = wide_look(burst, match_keys, wide);
    EXPECT_EQ(usual, narrow_look(burst, match_keys, narrow)) << number;
    expect_same_columns(wide, narrow, usual, number);
    EXPECT_EQ(wide.fragments, narrow.fragments) << number;
    for (const std::uint32_t i : Slots(wide.fragments))
        EXPECT_EQ(address_index_of(wide.key[i]), address_index_of(narrow.key[i])) << number;
    OutcomeColumn wide_outcomes;
    OutcomeColumn outcomes;
    fill_outcomes_avx2(wide, usual, match_keys.index, wide_outcomes);
    fill_outcomes_portable(narrow, usual, match_keys.index, outcomes);
    for (const std::uint32_t i : Slots(usual))
        EXPECT_EQ(wide_outcomes.id[i], outcomes.id[i]) << number << " " << i;
    return static_cast<std::uint64_t>(std::popcount(usual));
}

void load(std::vector<std::vector<Byte>>& frames, Burst& burst) {
    burst.count = static_cast<std::uint32_t>(frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto size = static_cast<std::uint16_t>(frames[i].size());
        burst.frames[i] = {frames[i].data(), size, size};
    }
}

void compare_parses(Host& host, std::uint64_t seed) {
    Crowd crowd(seed, host.tables.vlan);
    Prng random(seed + 1);
    const auto burst = std::make_unique<Burst>();
    const MatchKeys match_keys(host.context());
    std::uint64_t seen = 0;
    for (int number = 0; number < kBursts; ++number) {
        std::vector<std::vector<Byte>> frames(1 + random.below(kBurstMax));
        for (auto& frame : frames) frame = crowd.next();
        load(frames, *burst);
        seen += compare_parses(*burst, match_keys, number, fast_parse_avx2, fast_parse_portable);
        seen +=
            compare_parses(*burst, match_keys, number, fast_parse_v6_avx2, fast_parse_v6_portable);
        if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(seen, 100'000U);
}

TEST(Columns, SeesEightAtOnceWhatItSeesOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Host small(1);
    compare_parses(small, 12);
    Host large(1);
    make_large(large);
    compare_parses(large, 20);
    Host tagged(1);
    tagged.tables.vlan = kVlan;
    compare_parses(tagged, 22);
}

FastParse some_clients(Prng& random) {
    FastParse parsed{};
    parsed.over_v6 = random.chance(500'000);
    for (std::size_t i = 0; i < kBurstMax; ++i) {
        parsed.client[i] = static_cast<std::uint32_t>(random.next());
        for (auto& word : parsed.client_upper) word[i] = static_cast<std::uint32_t>(random.next());
        parsed.client_port[i] = static_cast<std::uint16_t>(random.next());
        parsed.key[i] = static_cast<RuleKey>(random.next());
    }
    return parsed;
}

TEST(Columns, SettlesMixedBurstsEightAtOnceAsOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Prng random(19);
    Host host(3);
    make_many_rules(host);
    const Tables& tables = host.tables;
    const TablesIndex& index = *host.context().index;
    const auto fast = std::make_unique<Burst>();
    const auto slow = std::make_unique<Burst>();
    for (int number = 0; number < 4000; ++number) {
        const FastParse parsed = some_clients(random);
        fast->reasons.fill(Reason::heartbeat);
        fast->rules.fill(kNoRule);
        *slow = *fast;
        const SaltedKey key({random.next(), random.next(), random.next(), random.next()});
        const std::uint64_t slots = random.next() >> random.below(64);
        OutcomeColumn outcomes;
        for (OutcomeId& id : outcomes.id)
            id = static_cast<OutcomeId>(
                (random.chance(900'000) ? random.below(kRuleSlots) : kOutcomeForeign) |
                (random.chance(500'000) ? kOutcomeUdp : 0));
        BucketColumns wide;
        BucketColumns narrow;
        fill_mixed_columns_avx2(parsed, slots, key, index, outcomes, wide);
        fill_mixed_columns_portable(parsed, slots, key, index, outcomes, narrow);
        for (const std::uint32_t i : Slots(slots)) {
            ASSERT_EQ(wide.hash[i], narrow.hash[i]) << number << " " << i;
            ASSERT_EQ(wide.bucket[i], narrow.bucket[i]) << number << " " << i;
        }
        RuleMasks live;
        for (BucketMask& mask : live) mask = random.next() & random.next();
        const MixedReasons reasons{tables,          index, tables.own, live, Reason::not_owner,
                                   Reason::no_owner};
        ASSERT_EQ(settle_mixed_avx2(reasons, outcomes, slots, wide, *fast),
                  settle_mixed_portable(reasons, outcomes, slots, narrow, *slow))
            << number;
        ASSERT_EQ(fast->reasons, slow->reasons) << number;
        ASSERT_EQ(fast->rules, slow->rules) << number;
    }
}

TEST(Columns, FindsWatchedFlowsEightAtOnceAsOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Prng random(21);
    std::uint64_t found = 0;
    for (int number = 0; number < 2000; ++number) {
        const FastParse parsed = some_clients(random);
        const auto filter = std::make_unique<WatchFilter>();
        for (std::uint32_t i = 0; i < kBurstMax; ++i) {
            FlowKey key{};
            store_big_endian(key.client.bytes.data(), parsed.client_at(i).high);
            store_big_endian(key.client.bytes.data() + 8, parsed.client_at(i).low);
            key.client_port = static_cast<std::uint16_t>(parsed.client_port[i]);
            key.vip_port = port_of(parsed.key[i]);
            if (random.chance(300'000)) filter->add(key);
        }
        const std::uint64_t slots = random.next() >> random.below(64);
        const std::uint64_t watched = find_watched_avx2(parsed, slots, *filter);
        ASSERT_EQ(watched, find_watched_portable(parsed, slots, *filter)) << number;
        found += static_cast<std::uint64_t>(std::popcount(watched));
    }
    EXPECT_GT(found, 10'000U);
}

TEST(Columns, PaintsTheSameBytesAtOnceAsOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Prng random(25);
    std::array<Byte, kBurstMax> wide{};
    std::array<Byte, kBurstMax> narrow{};
    for (int number = 0; number < 1000; ++number) {
        const auto value = static_cast<Byte>(random.next());
        const std::uint64_t slots = random.next() >> random.below(64);
        paint_avx2(wide.data(), value, slots);
        paint_portable(narrow.data(), value, slots);
        ASSERT_EQ(wide, narrow) << number;
    }
}

TEST(Columns, KnowsWhichBucketsToLookUpFourRulesAtOnceAsOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Prng random(27);
    Host host(1);
    FlowIndex& flow_index = host.connections->flow_index();
    FlowKey key{};
    BucketMask watched = 0;
    for (int number = 0; number < 500; ++number) {
        key.client_port = static_cast<std::uint16_t>(number);
        flow_index.on_insert(key, {0, static_cast<RuleId>(random.below(kRuleSlots)),
                                   static_cast<BucketId>(random.below(kBuckets)),
                                   static_cast<FlowState>(random.below(2)), 0, 0});
        for (BucketMask& mask : host.tables.own) mask = random.next() & kAllBuckets;
        for (BucketMask& mask : host.tables.dirty_elsewhere)
            mask = random.next() & random.next() & kAllBuckets;
        if (number == 400) flow_index.begin_reindexing(host.tables.layout + 1);
        LookUpsByRule wide(host.context(), flow_index);
        LookUpsByRule narrow = wide;
        fill_look_ups_avx2(host.context(), flow_index, wide);
        fill_look_ups_portable(host.context(), flow_index, narrow);
        ASSERT_EQ(std::memcmp(&wide, &narrow, sizeof wide), 0) << number;
        watched |= wide.any_watched;
        EXPECT_EQ(wide.to_track[3] & wide.clean[3], 0U);
    }
    EXPECT_NE(watched, 0U) << "nothing was watched";
}

TEST(Columns, PlacesAndSettlesEightAtOnceAsOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Prng random(15);
    const auto fast = std::make_unique<Burst>();
    const auto slow = std::make_unique<Burst>();
    for (int number = 0; number < kBursts; ++number) {
        const FastParse parsed = some_clients(random);
        for (std::size_t i = 0; i < kBurstMax; ++i) {
            fast->reasons[i] = slow->reasons[i] = Reason::heartbeat;
            fast->rules[i] = slow->rules[i] = kNoRule;
        }
        const SaltedKey key({random.next(), random.next(), random.next(), random.next()});
        const ClientShare share(static_cast<Affinity>(random.below(3)));
        const std::uint64_t wanted = random.next() >> random.below(64);
        BucketColumns wide;
        BucketColumns narrow;
        fill_columns_avx2(parsed, wanted, key, share, wide);
        fill_columns_portable(parsed, wanted, key, share, narrow);
        for (const std::uint32_t i : Slots(wanted)) {
            ASSERT_EQ(wide.hash[i], narrow.hash[i]) << number << " " << i;
            ASSERT_EQ(wide.bucket[i], narrow.bucket[i]) << number << " " << i;
        }
        BucketOwners owners;
        for (HostId& owner : owners) owner = static_cast<HostId>(random.below(4));
        const BucketMask accepted = random.next() & kAllBuckets;
        const BucketMask live = random.next() & random.next() & kAllBuckets;
        ReasonByBucket reasons;
        ReasonByBucket wide_reasons;
        fill_reasons_avx2(wide_reasons, owners, accepted, live);
        fill_reasons_portable(reasons, owners, accepted, live);
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            ASSERT_EQ(wide_reasons[bucket], reasons[bucket]) << number << " " << bucket;
        const std::uint64_t slots = wanted & random.next();
        ASSERT_EQ(settle_avx2(reasons, 7, slots, wide, *fast),
                  settle_portable(reasons, 7, slots, narrow, *slow))
            << number;
        ASSERT_EQ(fast->reasons, slow->reasons) << number;
        ASSERT_EQ(fast->rules, slow->rules) << number;
    }
}

}  // namespace
}  // namespace nlb::test
