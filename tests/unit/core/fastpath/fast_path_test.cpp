// The fast path against the stages that it runs ahead of: over a million frames, good,
// mutated and random, nothing may differ but the time. Seeded; a failure prints the burst and the
// frame.
#include <gtest/gtest.h>

#include "core/pipeline.hpp"
#include "tests/unit/core/fastpath/crowd.hpp"

namespace nlb::test {
namespace {

constexpr std::size_t kRoom = 256;
constexpr int kBursts = 16'000;  // of up to 64 frames, twice
constexpr std::size_t kInfoBytes = sizeof(PacketInfo);

// A host with frames of its own in its hands.
struct Side {
    explicit Side(HostId id) : host(id) { host.tables.remote_port = kRemotePort; }
    [[nodiscard]] BurstContext context() const {
        BurstContext context = host.context();
        context.lane = lane;
        context.lanes = lanes;
        return context;
    }
    Host host;
    std::uint16_t lane = 0;
    std::uint16_t lanes = 1;
    std::unique_ptr<Burst> burst = std::make_unique<Burst>();
    std::vector<Byte> bytes = std::vector<Byte>(kBurstMax * kRoom);
    Counters counters{};

    void load(const std::vector<std::vector<Byte>>& frames) {
        burst->count = static_cast<std::uint32_t>(frames.size());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            Byte* const at = bytes.data() + i * kRoom;
            std::copy(frames[i].begin(), frames[i].end(), at);
            burst->frames[i] = {at, static_cast<std::uint16_t>(frames[i].size()), kRoom};
        }
    }
    void settle_one_by_one() {
        burst->on_fast_path = 0;
        burst->one_rule = false;
        burst->sticky = 0;
        parse(*burst, context());
        steer(*burst, context());
        answer_neighbours(*burst, context());
        classify(*burst, context());
        locate(*burst, context());
        track(*burst, context(), *host.connections, counters);
        track_sticky(*burst, context(), *host.connections, counters);
        host.fragments->follow(*burst, context());
        count_ingress(*burst, counters);
    }
    // Fragments that wait no more: what became of each, and where its frame lies.
    std::vector<std::pair<Reason, std::uint16_t>> released() {
        std::vector<std::pair<Reason, std::uint16_t>> all;
        std::array<std::uint16_t, kBurstMax> slots;
        while (const std::uint32_t count =
                   settle_released(*burst, *host.fragments, slots, counters))
            for (std::uint32_t i = 0; i < count; ++i) all.emplace_back(burst->reasons[i], slots[i]);
        return all;
    }
    void settle(bool describe_all = true) {
        burst->describe_all = describe_all;
        settle_ingress(*burst, context(), *host.connections, *host.fragments, counters);
    }
};

void expect_alike(const Side& fast, const Side& slow, int number) {
    for (std::uint32_t i = 0; i < fast.burst->count; ++i) {
        ASSERT_EQ(fast.burst->reasons[i], slow.burst->reasons[i])
            << "burst " << number << " frame " << i;
        ASSERT_EQ(fast.burst->rule_at(i), slow.burst->rule_at(i))
            << "burst " << number << " frame " << i;
        if (fast.burst->describe_all) {
            ASSERT_EQ(std::memcmp(&fast.burst->info[i], &slow.burst->info[i], kInfoBytes), 0)
                << "burst " << number << " frame " << i;
        }
    }
    ASSERT_EQ(fast.bytes, slow.bytes) << "burst " << number;
}

// Time goes on by a millisecond per burst, for rules with a time-out.
void compare_sides(Side& fast, Side& slow, std::uint64_t seed, std::uint64_t clients = 100'000,
                   int bursts = kBursts) {
    Crowd crowd(seed, fast.host.tables.vlan, clients);
    Prng random(seed + 1);
    std::uint64_t frames_seen = 0;
    std::uint64_t on_fast_path = 0;
    std::uint64_t pieces = 0;
    for (int number = 0; number < bursts; ++number) {
        std::vector<std::vector<Byte>> frames(random.chance(700'000) ? kBurstMax
                                                                     : 1 + random.below(kBurstMax));
        crowd.begin_burst();
        for (auto& frame : frames) frame = crowd.next();
        fast.load(frames);
        slow.load(frames);
        fast.settle(random.chance(700'000));
        slow.settle_one_by_one();
        frames_seen += frames.size();
        on_fast_path += static_cast<std::uint64_t>(std::popcount(fast.burst->on_fast_path));
        ASSERT_NO_FATAL_FAILURE(expect_alike(fast, slow, number));
        pieces += static_cast<std::uint64_t>(std::popcount(fast.burst->fragments));
        ASSERT_EQ(fast.released(), slow.released()) << "burst " << number;
        for (Side* side : {&fast, &slow}) side->host.now += std::chrono::milliseconds{1};
    }
    EXPECT_EQ(std::memcmp(&fast.counters, &slow.counters, sizeof(Counters)), 0);
    EXPECT_GT(on_fast_path, frames_seen / 4) << "the crowd is usual enough to test something";
    EXPECT_GT(pieces, frames_seen / 50) << "and so are its fragments";
    EXPECT_EQ(fast.host.fragments->datagrams(), slow.host.fragments->datagrams());
    EXPECT_EQ(fast.host.fragments->waiting(), slow.host.fragments->waiting());
    EXPECT_EQ(fast.host.connections->size(), slow.host.connections->size());
}

TEST(FastPath, SaysOfEveryPacketWhatTheStagesBehindItWouldSay) {
    Side fast(2);
    Side slow(2);
    compare_sides(fast, slow, 7);
}

TEST(FastPath, SaysTheSameWhereBucketsAreDirtyHereAndElsewhere) {
    Side fast(3);
    Side slow(3);
    for (Side* side : {&fast, &slow}) {
        for (BucketId bucket = 0; bucket < kBuckets; bucket += 3)
            side->host.dirty_elsewhere(kHttp, bucket, true);
        for (BucketId bucket = 0; bucket < kBuckets; bucket += 2)
            side->host.own(kHttp, bucket, true);
    }
    compare_sides(fast, slow, 8);
    for (Side* side : {&fast, &slow})
        for (BucketId bucket = 0; bucket < kBuckets; bucket += 4)
            side->host.own(kHttp, bucket, false);
    compare_sides(fast, slow, 9);
}

TEST(FastPath, SaysTheSameBehindAFallenFenceAndWithoutTables) {
    Side fast(1);
    Side slow(1);
    for (Side* side : {&fast, &slow}) side->host.fence_holds = false;
    compare_sides(fast, slow, 10);
    Crowd crowd(11);
    Side empty(1);
    empty.host.tables = Tables{};
    empty.load({crowd.next(), crowd.next()});
    empty.settle();
    EXPECT_EQ(empty.burst->on_fast_path, 0U);
}

TEST(FastPath, HandsFragmentsOverToTheSameLane) {
    Side fast(2);
    Side slow(2);
    for (Side* side : {&fast, &slow}) {
        side->lanes = 3;
        side->lane = 1;
    }
    compare_sides(fast, slow, 38, 100'000, 4000);
    EXPECT_GT(fast.counters.reasons[static_cast<std::size_t>(Reason::steered)], 1000U);
}

TEST(FastPath, SaysTheSameInAVlan) {
    Side fast(2);
    Side slow(2);
    for (Side* side : {&fast, &slow}) side->host.tables.vlan = kVlan;
    compare_sides(fast, slow, 16);
}

TEST(FastPath, SaysTheSameOfManyAddressesAndRules) {
    Side fast(3);
    Side slow(3);
    for (Side* side : {&fast, &slow}) make_large(side->host);
    compare_sides(fast, slow, 17);
    for (Side* side : {&fast, &slow}) side->host.fence_holds = false;
    compare_sides(fast, slow, 18);
}

TEST(FastPath, SaysTheSameOfBurstsThatAskForManyRules) {
    Side fast(3);
    Side slow(3);
    for (Side* side : {&fast, &slow}) make_many_rules(side->host);
    compare_sides(fast, slow, 24);
    for (Side* side : {&fast, &slow}) side->host.fence_holds = false;
    compare_sides(fast, slow, 26, 100'000, 2000);
}

TEST(FastPath, SaysTheSameBesideHalfOpenFlowsOfFewClients) {
    Side fast(3);
    Side slow(3);
    compare_sides(fast, slow, 28, 200, 4000);
    for (Side* side : {&fast, &slow}) make_many_rules(side->host);
    compare_sides(fast, slow, 30, 200, 4000);
}

// Other hosts' owners leave every fifth of the crowd's clients to this one.
void grant_some(Side& side, std::uint32_t clients) {
    const Tables& tables = side.host.tables;
    for (RuleId rule = 0; rule < tables.rule_count; ++rule)
        for (std::uint32_t n = 0; n < clients && tables.rules[rule].sticky_ms != 0; n += 5) {
            const IpAddress client = IpAddress::v4(kClient + n);
            const Affinity affinity = tables.rules[rule].affinity;
            const BucketId bucket = bucket_of(client_hash(tables.hash_key, affinity, client, 0));
            if (owns(tables, rule, bucket)) continue;
            GivenGrant grant{};
            grant.client = client_name(tables, rule, bucket, client);
            grant.rule = rule;
            grant.bucket = bucket;
            grant.until_ns = (side.host.now + std::chrono::seconds{60}).time_since_epoch().count();
            static_cast<void>(side.host.clients->give(tables.era, grant, side.host.now));
        }
}

// Buckets go to and fro, so that returning clients are granted to their former hosts.
TEST(FastPath, SaysTheSameOfReturningClients) {
    Side fast(3);
    Side slow(3);
    for (Side* side : {&fast, &slow}) {
        side->host.clients = std::make_unique<ClientTable>(16384);
        make_many_rules(side->host);
    }
    std::uint64_t turn = 0;
    for (; turn < 8; ++turn) {
        for (Side* side : {&fast, &slow}) {
            ++side->host.tables.era;
            side->host.tables.settled = 1;
            side->host.clients->enter(side->host.tables);
            for (RuleId rule = 0; rule < side->host.tables.rule_count; ++rule)
                for (BucketId bucket = 0; bucket < kBuckets; ++bucket)
                    side->host.own(rule, bucket, (bucket + rule + turn) % 3 == 0);
            grant_some(*side, 300);
        }
        ASSERT_NO_FATAL_FAILURE(compare_sides(fast, slow, 32 + 2 * turn, 300, 2000));
    }
    for (const Reason reason : {Reason::client_elsewhere, Reason::client_guest, Reason::descriptor})
        EXPECT_GT(fast.counters.reasons[static_cast<std::size_t>(reason)], 100U)
            << info_of(reason).name << ": nothing was tested";
}

// Settled packets need their rule for counters; nobody reads the rest but who asks for
// descriptions.
TEST(FastPath, KeepsTheRuleOfWhatItSettlesAndAllOfWhatGoesOn) {
    Side brief(1);
    Side whole(1);
    Crowd crowd(14);
    int rejected = 0;
    for (int number = 0; number < 10; ++number) {
        std::vector<std::vector<Byte>> frames(kBurstMax);
        for (auto& frame : frames) frame = crowd.next();
        brief.load(frames);
        whole.load(frames);
        settle_ingress(*brief.burst, brief.context(), *brief.host.connections,
                       *brief.host.fragments, brief.counters);
        whole.settle();
        for (const std::uint32_t i : Slots(brief.burst->on_fast_path)) {
            if (verdict_of(brief.burst->reasons[i]) == Verdict::reject) ++rejected;
            EXPECT_EQ(brief.burst->reasons[i], whole.burst->reasons[i]);
            EXPECT_EQ(brief.burst->rule_at(i), whole.burst->info[i].rule);
        }
    }
    EXPECT_GT(rejected, 20);
}

}  // namespace
}  // namespace nlb::test
