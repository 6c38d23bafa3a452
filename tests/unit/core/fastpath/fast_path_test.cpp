// The fast path against the stages that it runs ahead of: over a million frames, good,
// mutated and random, nothing may differ but the time. Seeded; a failure prints the burst and the
// frame.
#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/fast_parse.hpp"
#include "core/packet/checksum.hpp"
#include "core/pipeline.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::size_t kRoom = 256;
constexpr std::uint16_t kRemotePort = 2504;
constexpr int kBursts = 16'000;  // of up to 64 frames, twice
constexpr std::size_t kInfoBytes = sizeof(PacketInfo);

constexpr IpAddress kLinkLocal{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr IpAddress kGroup6{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr std::uint16_t kVlan = 7;

// What clients, routers and strangers send to this cluster; most of it usual.
std::vector<std::vector<Byte>> some_patterns() {
    std::vector<std::vector<Byte>> patterns;
    const auto add = [&](FrameSpec spec, std::size_t payload = 10) {
        spec.payload.resize(payload);
        patterns.push_back(build_frame(spec));
    };
    constexpr std::array<std::uint16_t, 6> kPorts{80, 53, 8443, 150, 8080, 9};
    constexpr std::array<std::uint16_t, 2> kSessionPorts{500, 4500};
    constexpr std::array<std::uint8_t, 3> kFlags{kTcpSyn, kTcpFin, kTcpRst};
    for (const std::uint16_t port : kPorts) {
        FrameSpec spec = tcp(kTcpAck);
        spec.destination_port = port;
        add(spec);
        spec.destination = IpAddress::v4(kSecondVip);
        add(spec, 60);
        add(udp(port), 20);
        add(udp(port), 0);
    }
    for (const std::uint16_t port : kSessionPorts) add(udp(port));
    add(udp(kRemotePort));
    add(over_v6(udp(kRemotePort)));
    for (const std::uint8_t flags : kFlags) add(tcp(flags));
    FrameSpec tagged = tcp(kTcpAck);
    for (const std::uint16_t tag : std::array<std::uint16_t, 2>{7, 0}) {
        tagged.vlans = {tag};
        add(tagged);
    }
    for (FrameSpec spec : {tcp(kTcpAck), over_v6(tcp(kTcpAck))}) {
        for (const MacAddress& mac : {kOutsideMac, kClientMac, kInsideMac}) {
            spec.destination_mac = mac;
            add(spec);
        }
        spec.destination_mac = {{0x02, 1, 192, 0, 2, 80}};  // another host's, but at host 1
        add(spec);
    }
    for (FrameSpec spec : {tcp(kTcpAck), udp(53), udp(500)}) {
        constexpr std::array<std::uint32_t, 6> kDestinations{
            dedicated(1), dedicated(3), 0xcb00'7101, 0x7f00'0001, 0xe000'0005, 0xffff'ffff};
        for (const std::uint32_t destination : kDestinations) {
            spec.destination = IpAddress::v4(destination);
            add(spec);
        }
        spec = over_v6(spec);
        for (const IpAddress& destination : {dedicated6(2), v6(9, 9), kLinkLocal, kGroup6}) {
            spec.destination = destination;
            add(spec);
        }
    }
    add(echo());
    add(over_v6(tcp(kTcpAck)));
    add(over_v6(udp(53)), 30);
    patterns.push_back(build_frame(error_about(tcp(kTcpAck), 3)));
    patterns.push_back(build_arp({}));
    return patterns;
}

class Crowd {
public:
    explicit Crowd(std::uint64_t seed, std::uint16_t vlan = 0)
        : random_(seed), vlan_(vlan), patterns_(some_patterns()) {}

    std::vector<Byte> next() {
        std::vector<Byte> frame = patterns_[random_.below(patterns_.size())];
        if (random_.chance(30'000)) frame.resize(random_.below(frame.size() + 1));
        if (frame.size() >= 54 &&
            load_big_endian<std::uint16_t>(frame.data() + 12) == kEthertypeIpv4)
            vary(frame);
        if (vlan_ != 0 && frame.size() > 12) tag(frame);
        if (random_.chance(300'000))
            for (std::uint64_t flips = 1 + random_.below(3); flips > 0 && !frame.empty(); --flips)
                flip(frame);
        return frame;
    }

private:
    // Another client, another port, other flags, sometimes an address that cannot be; the header's
    // checksum mostly right again.
    void vary(std::vector<Byte>& frame) {
        constexpr std::array<std::uint32_t, 6> kOdd{0x7f00'0001, 0,    0xe000'0001,
                                                    0xffff'ffff, kVip, kSubnetBroadcast};
        const std::uint32_t client =
            random_.chance(950'000) ? kClient + static_cast<std::uint32_t>(random_.below(100'000))
                                    : kOdd[random_.below(kOdd.size())];
        store_big_endian(frame.data() + 26, client);
        store_big_endian(frame.data() + 34, static_cast<std::uint16_t>(random_.below(100)));
        if (frame[23] == kProtocolTcp && random_.chance(200'000))
            frame[47] = static_cast<Byte>(random_.below(32));
        if (random_.chance(200'000))
            store_big_endian(frame.data() + 30,
                             kVip + static_cast<std::uint32_t>(random_.below(60)));
        if (random_.chance(300'000))
            store_big_endian(frame.data() + 36, static_cast<std::uint16_t>(random_.below(300)));
        if (random_.chance(50'000))
            frame[14 + random_.below(20)] = static_cast<Byte>(random_.next());
        if (random_.chance(30'000)) return;
        store_big_endian(frame.data() + 24, std::uint16_t{0});
        store_big_endian(frame.data() + 24, checksum_of(frame.data() + 14, 20));
    }
    // Mostly the cluster's tag, with one or the other priority.
    void tag(std::vector<Byte>& frame) {
        std::array<Byte, kVlanTagBytes> tag;
        store_big_endian(tag.data(),
                         random_.chance(970'000) ? kEthertypeVlan : kEthertypeServiceVlan);
        const auto priority = static_cast<std::uint16_t>(random_.below(8) << 13);
        const std::uint16_t id = random_.chance(950'000) ? vlan_ : std::uint16_t{0};
        store_big_endian(tag.data() + 2, static_cast<std::uint16_t>(priority | id));
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    }
    void flip(std::vector<Byte>& frame) {
        frame[random_.below(std::min<std::size_t>(frame.size(), 60))] ^=
            static_cast<Byte>(1U << random_.below(8));
    }

    Prng random_;
    std::uint16_t vlan_;
    std::vector<std::vector<Byte>> patterns_;
};

// A host with frames of its own in its hands.
struct Side {
    explicit Side(HostId id) : host(id) { host.tables.remote_port = kRemotePort; }
    Host host;
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
        parse(*burst, host.context());
        steer(*burst, host.context());
        answer_neighbours(*burst, host.context());
        classify(*burst, host.context());
        locate(*burst, host.context());
        track(*burst, host.context(), *host.connections, counters);
        track_sticky(*burst, host.context(), *host.connections, counters);
        host.fragments->follow(*burst, host.context());
        count_ingress(*burst, counters);
    }
    void settle() {
        burst->describe_all = true;
        settle_ingress(*burst, host.context(), *host.connections, *host.fragments, counters);
    }
};

void expect_alike(const Side& fast, const Side& slow, int number) {
    for (std::uint32_t i = 0; i < fast.burst->count; ++i) {
        ASSERT_EQ(fast.burst->reasons[i], slow.burst->reasons[i])
            << "burst " << number << " frame " << i;
        ASSERT_EQ(std::memcmp(&fast.burst->info[i], &slow.burst->info[i], kInfoBytes), 0)
            << "burst " << number << " frame " << i;
    }
    ASSERT_EQ(fast.bytes, slow.bytes) << "burst " << number;
}

void compare_sides(Side& fast, Side& slow, std::uint64_t seed) {
    Crowd crowd(seed, fast.host.tables.vlan);
    Prng random(seed + 1);
    std::uint64_t on_fast_path = 0;
    for (int number = 0; number < kBursts; ++number) {
        std::vector<std::vector<Byte>> frames(random.chance(700'000) ? kBurstMax
                                                                     : 1 + random.below(kBurstMax));
        for (auto& frame : frames) frame = crowd.next();
        fast.load(frames);
        slow.load(frames);
        fast.settle();
        slow.settle_one_by_one();
        on_fast_path += static_cast<std::uint64_t>(std::popcount(fast.burst->on_fast_path));
        ASSERT_NO_FATAL_FAILURE(expect_alike(fast, slow, number));
    }
    EXPECT_EQ(std::memcmp(&fast.counters, &slow.counters, sizeof(Counters)), 0);
    EXPECT_GT(on_fast_path, 200'000U) << "the crowd is usual enough to test something";
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

TEST(FastPath, SaysTheSameInAVlan) {
    Side fast(2);
    Side slow(2);
    for (Side* side : {&fast, &slow}) side->host.tables.vlan = kVlan;
    compare_sides(fast, slow, 16);
}

// More VIPs than are compared one after the other, rules of single ones, ranges and a time-out.
void make_large(Host& host) {
    Tables& tables = host.tables;
    const Tables before = tables;
    for (std::uint16_t n = 2; n < 40; ++n) {
        const IpAddress address = n % 4 == 0 ? v6(0, 0x80 + n) : IpAddress::v4(kVip + n);
        tables.addresses[tables.vip_count++] = {address, AddressKind::vip, kNoHost, 0, 0};
    }
    tables.address_count = tables.vip_count;
    for (std::size_t i = before.vip_count; i < before.address_count; ++i)
        tables.addresses[tables.address_count++] = before.addresses[i];
    constexpr std::uint8_t kBoth = kProtocolTcpBit | kProtocolUdpBit;
    const auto add = [&](RuleEntry rule) {
        const RuleId id = tables.rule_count++;
        tables.rules[id] = rule;
        tables.owner[id] = tables.owner[kHttp];
        tables.own[id] = tables.own[kHttp];
    };
    add({0, 52, kEveryVip, kBoth, RuleMode::multiple, Affinity::single, {}, 0});
    add({201, 260, 7, kBoth, RuleMode::multiple, Affinity::none, {}, 0});
    add({201, 240, 9, kProtocolTcpBit, RuleMode::disabled, Affinity::single, {}, 0});
    add({54, 79, kEveryVip, kBoth, RuleMode::multiple, Affinity::single, {}, 60'000});
    host.clients = std::make_unique<ClientTable>(4096);
}

TEST(FastPath, SaysTheSameOfManyAddressesAndRules) {
    Side fast(3);
    Side slow(3);
    for (Side* side : {&fast, &slow}) make_large(side->host);
    compare_sides(fast, slow, 17);
    for (Side* side : {&fast, &slow}) side->host.fence_holds = false;
    compare_sides(fast, slow, 18);
}

void compare_parses(Host& host, std::uint64_t seed) {
    Crowd crowd(seed, host.tables.vlan);
    Prng random(seed + 1);
    Side side(1);
    const MatchKeys match_keys(host.context());
    std::uint64_t seen = 0;
    for (int number = 0; number < kBursts; ++number) {
        std::vector<std::vector<Byte>> frames(1 + random.below(kBurstMax));
        for (auto& frame : frames) frame = crowd.next();
        side.load(frames);
        FastParse wide;
        FastParse narrow;
        const std::uint64_t usual = fast_parse_avx2(*side.burst, match_keys, wide);
        ASSERT_EQ(usual, fast_parse_portable(*side.burst, match_keys, narrow)) << number;
        for (const std::uint32_t i : Slots(usual)) {
            ASSERT_EQ(wide.client[i], narrow.client[i]) << number << " " << i;
            ASSERT_EQ(wide.client_port[i], narrow.client_port[i]) << number << " " << i;
            ASSERT_EQ(wide.tcp_flags[i], narrow.tcp_flags[i]) << number << " " << i;
            ASSERT_EQ(wide.key[i], narrow.key[i]) << number << " " << i;
        }
        ASSERT_EQ(wide.begins_or_ends & usual, narrow.begins_or_ends & usual) << number;
        OutcomeColumn wide_outcomes;
        OutcomeColumn outcomes;
        fill_outcomes_avx2(wide, usual, match_keys.index, wide_outcomes);
        fill_outcomes_portable(narrow, usual, match_keys.index, outcomes);
        for (const std::uint32_t i : Slots(usual))
            ASSERT_EQ(wide_outcomes.id[i], outcomes.id[i]) << number << " " << i;
        seen += static_cast<std::uint64_t>(std::popcount(usual));
    }
    EXPECT_GT(seen, 100'000U);
}

TEST(FastPath, SeesEightAtOnceWhatItSeesOneByOne) {
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

TEST(FastPath, PlacesAndSettlesEightAtOnceAsOneByOne) {
    if (!has_avx2()) GTEST_SKIP() << "this machine has no AVX2";
    Prng random(15);
    const auto fast = std::make_unique<Burst>();
    const auto slow = std::make_unique<Burst>();
    FastParse parsed;
    for (int number = 0; number < kBursts; ++number) {
        for (std::size_t i = 0; i < kBurstMax; ++i) {
            parsed.client[i] = static_cast<std::uint32_t>(random.next());
            parsed.client_port[i] = static_cast<std::uint16_t>(random.next());
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
        settle_ingress(*brief.burst, brief.host.context(), *brief.host.connections,
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
