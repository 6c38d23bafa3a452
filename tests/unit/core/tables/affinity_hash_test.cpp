// The hash that all hosts share: pinned values, evenness, avalanche and dependence on the key. A
// change of one pinned value splits running clusters; it needs a new protocol version, not a new
// test.
#include "core/tables/affinity_hash.hpp"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

#include "core/base/prng.hpp"

namespace nlb {
namespace {

constexpr HashKey kKey{0x0123456789abcdefULL, 0xfedcba9876543210ULL, 0x0f1e2d3c4b5a6978ULL,
                       0x8796a5b4c3d2e1f0ULL};
constexpr IpAddress kV6{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}};

HashKey random_key(Prng& random) {
    return {random.next(), random.next(), random.next(), random.next()};
}

// Pearson's statistic of `count` clients over the buckets; 59 degrees of freedom.
double chi_square(std::uint32_t count, const std::function<std::uint32_t(std::uint32_t)>& hash_of) {
    std::array<std::uint32_t, kBuckets> seen{};
    for (std::uint32_t i = 0; i < count; ++i) ++seen[bucket_of(hash_of(i))];
    const double expected = static_cast<double>(count) / kBuckets;
    double sum = 0;
    for (const std::uint32_t n : seen) sum += (n - expected) * (n - expected) / expected;
    return sum;
}

// The mean over 64 keys is about 59 +- 1.4 when the buckets are uniform, and the worst key stays
// below 59 + 7 * 10.9.
void expect_uniform(const std::function<IpAddress(std::uint32_t)>& client,
                    const std::function<std::uint16_t(std::uint32_t)>& port) {
    Prng random(7);
    double total = 0;
    constexpr int kKeys = 64;
    for (int k = 0; k < kKeys; ++k) {
        const HashKey key = random_key(random);
        const double value = chi_square(
            12000, [&](std::uint32_t i) { return affinity_hash(key, client(i), port(i)); });
        EXPECT_LT(value, 135.0);
        total += value;
    }
    EXPECT_NEAR(total / kKeys, 59.0, 7.0);
}
std::uint16_t no_port(std::uint32_t) {
    return 0;
}

TEST(AffinityHash, ThePinnedVectorsHold) {
    EXPECT_EQ(affinity_hash({}, IpAddress{}, 0), 0xac4058c7U);
    EXPECT_EQ(affinity_hash({}, IpAddress::v4(0xc6336407), 0), 0x260e496eU);
    EXPECT_EQ(affinity_hash(kKey, IpAddress::v4(0xc6336407), 0), 0x460ad0e5U);
    EXPECT_EQ(affinity_hash(kKey, IpAddress::v4(0xc6336407), 40000), 0x842b9a43U);
    EXPECT_EQ(affinity_hash(kKey, kV6, 0), 0xd1323769U);
    EXPECT_EQ(affinity_hash(kKey, kV6, 65535), 0xcd74b779U);
}

TEST(AffinityHash, ThePinnedBucketsHold) {
    EXPECT_EQ(bucket_of(0), 0);
    EXPECT_EQ(bucket_of(0x7fffffff), 29);
    EXPECT_EQ(bucket_of(0x80000000), 30);
    EXPECT_EQ(bucket_of(0xffffffff), 59);
}

TEST(AffinityHash, SequentialClientsSpreadEvenly) {
    expect_uniform([](std::uint32_t i) { return IpAddress::v4(0xc6330000 + i); }, no_port);
}
TEST(AffinityHash, NetworksSpreadEvenly) {
    expect_uniform([](std::uint32_t i) { return IpAddress::v4(0x0a000000 + (i << 8)); }, no_port);
}
TEST(AffinityHash, ClientsWithEqualLowBitsSpreadEvenly) {
    expect_uniform([](std::uint32_t i) { return IpAddress::v4((i << 18) | 0x0001); }, no_port);
}
TEST(AffinityHash, EveryOtherClientSpreadsEvenly) {
    expect_uniform([](std::uint32_t i) { return IpAddress::v4(0xcb007100 + 2 * i); }, no_port);
}
TEST(AffinityHash, OneClientsPortsSpreadEvenly) {
    expect_uniform([](std::uint32_t) { return IpAddress::v4(0xc6336407); },
                   [](std::uint32_t i) { return static_cast<std::uint16_t>(32768 + i); });
}
TEST(AffinityHash, SequentialV6ClientsSpreadEvenly) {
    expect_uniform(
        [](std::uint32_t i) {
            IpAddress a = kV6;
            store_big_endian(a.bytes.data() + 12, i);
            return a;
        },
        no_port);
}
TEST(AffinityHash, V6PrefixesSpreadEvenly) {
    expect_uniform(
        [](std::uint32_t i) {
            IpAddress a = kV6;
            store_big_endian(a.bytes.data() + 4, i);
            return a;
        },
        no_port);
}

TEST(AffinityHash, EachInputBitFlipsEachOutputBitHalfTheTime) {
    constexpr int kSamples = 12000;
    constexpr std::size_t kInputBits = 128 + 16;
    Prng random(11);
    std::vector<std::array<int, 32>> flips(kInputBits);
    for (int s = 0; s < kSamples; ++s) {
        const HashKey key = random_key(random);
        IpAddress client;
        for (Byte& byte : client.bytes) byte = static_cast<Byte>(random.next());
        const auto port = static_cast<std::uint16_t>(random.next());
        const std::uint32_t hash = affinity_hash(key, client, port);
        for (std::size_t bit = 0; bit < kInputBits; ++bit) {
            IpAddress changed = client;
            std::uint16_t changed_port = port;
            if (bit < 128)
                changed.bytes[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
            else
                changed_port ^= static_cast<std::uint16_t>(1U << (bit - 128));
            const std::uint32_t difference = hash ^ affinity_hash(key, changed, changed_port);
            for (std::size_t out = 0; out < 32; ++out)
                flips[bit][out] += static_cast<int>(difference >> out & 1U);
        }
    }
    for (std::size_t bit = 0; bit < kInputBits; ++bit)
        for (std::size_t out = 0; out < 32; ++out)
            EXPECT_NEAR(static_cast<double>(flips[bit][out]) / kSamples, 0.5, 0.02)
                << "input bit " << bit << ", output bit " << out;
}

TEST(AffinityHash, OneKeyBitMovesAlmostEveryClient) {
    constexpr int kSamples = 20000;
    Prng random(13);
    std::array<int, 256> stayed{};
    for (int s = 0; s < kSamples; ++s) {
        const HashKey key = random_key(random);
        const IpAddress client = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
        const BucketId bucket = bucket_of(affinity_hash(key, client, 0));
        for (std::size_t bit = 0; bit < stayed.size(); ++bit) {
            HashKey changed = key;
            changed[bit / 64] ^= std::uint64_t{1} << (bit % 64);
            stayed[bit] += bucket_of(affinity_hash(changed, client, 0)) == bucket;
        }
    }
    for (std::size_t bit = 0; bit < stayed.size(); ++bit)
        EXPECT_NEAR(static_cast<double>(stayed[bit]) / kSamples, 1.0 / kBuckets, 0.005)
            << "key bit " << bit;
}

TEST(AffinityHash, NoPairOfNeighboursSharesItsBucketUnderMostKeys) {
    Prng random(17);
    int shared = 0;
    constexpr int kKeys = 60000;
    for (int k = 0; k < kKeys; ++k) {
        const HashKey key = random_key(random);
        shared += bucket_of(affinity_hash(key, IpAddress::v4(0xc6336407), 0)) ==
                  bucket_of(affinity_hash(key, IpAddress::v4(0xc6336408), 0));
    }
    EXPECT_NEAR(static_cast<double>(shared) / kKeys, 1.0 / kBuckets, 0.003);
}

TEST(AffinityHash, NetworkAffinityKeepsA24Together) {
    EXPECT_EQ(client_hash(kKey, Affinity::network, IpAddress::v4(0xc6336401), 1),
              client_hash(kKey, Affinity::network, IpAddress::v4(0xc63364fe), 2));
    EXPECT_NE(client_hash(kKey, Affinity::network, IpAddress::v4(0xc6336401), 1),
              client_hash(kKey, Affinity::network, IpAddress::v4(0xc6336501), 1));
}
TEST(AffinityHash, NetworkAffinityKeepsA64Together) {
    IpAddress near = kV6;
    near.bytes[8] = 0xaa;
    IpAddress far = kV6;
    far.bytes[7] = 1;
    EXPECT_EQ(client_hash(kKey, Affinity::network, kV6, 0),
              client_hash(kKey, Affinity::network, near, 9));
    EXPECT_NE(client_hash(kKey, Affinity::network, kV6, 0),
              client_hash(kKey, Affinity::network, far, 0));
}
TEST(AffinityHash, OnlyAffinityNoneLooksAtThePort) {
    const IpAddress client = IpAddress::v4(0xc6336407);
    EXPECT_EQ(client_hash(kKey, Affinity::single, client, 1),
              client_hash(kKey, Affinity::single, client, 2));
    EXPECT_NE(client_hash(kKey, Affinity::none, client, 1),
              client_hash(kKey, Affinity::none, client, 2));
}

}  // namespace
}  // namespace nlb
