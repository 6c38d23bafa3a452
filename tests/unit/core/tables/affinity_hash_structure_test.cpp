// The hash under inputs with structure: differences of a few bits, arithmetic progressions,
// networks, and addresses chosen beside ports. Whatever a client can choose must not gather in one
// bucket, under no key; 10^7 clients for each affinity and family.
#include <algorithm>
#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {
namespace {

constexpr std::uint32_t kClients = 10'000'000;
// Of 59 degrees of freedom: seven standard deviations above the mean.
constexpr double kChiSquareMost = 59 + 7 * 10.9;
constexpr std::array kAffinities{Affinity::none, Affinity::single, Affinity::network};

HashKey random_key(Prng& random) {
    return {random.next(), random.next(), random.next(), random.next()};
}

struct Client {
    IpAddress address;
    std::uint16_t port;
};

IpAddress v6(std::uint64_t high, std::uint64_t low) {
    IpAddress address;
    store_big_endian(address.bytes.data(), high);
    store_big_endian(address.bytes.data() + 8, low);
    return address;
}

// Pearson's statistic over the buckets.
template <class ClientOf>
double chi_square(const HashKey& key, Affinity affinity, std::uint32_t count,
                  const ClientOf& client_of) {
    std::array<std::uint32_t, kBuckets> seen{};
    for (std::uint32_t i = 0; i < count; ++i) {
        const Client client = client_of(i);
        ++seen[bucket_of(client_hash(key, affinity, client.address, client.port))];
    }
    const double expected = static_cast<double>(count) / kBuckets;
    double sum = 0;
    for (const std::uint32_t n : seen) sum += (n - expected) * (n - expected) / expected;
    return sum;
}

// The number of the client goes into the part of the address that this affinity lets count, and
// for none into the port as well.
Client sequential(Affinity affinity, bool is_v4, std::uint32_t i, std::uint32_t stride) {
    const std::uint32_t n = i * stride;
    const auto port = static_cast<std::uint16_t>(affinity == Affinity::none ? n : 40000);
    const std::uint32_t number = affinity == Affinity::none ? n >> 8 : n;
    if (is_v4) return {IpAddress::v4(affinity == Affinity::network ? number << 8 : number), port};
    const std::uint64_t prefix = 0x2001'0db8'0000'0000ULL;
    if (affinity == Affinity::network) return {v6(prefix | number, 7), port};
    return {v6(prefix, number), port};
}

TEST(AffinityHashStructure, TenMillionClientsInProgressionSpreadEvenly) {
    Prng random(41);
    for (const Affinity affinity : kAffinities)
        for (const bool is_v4 : {true, false}) {
            // The /24s of IPv4 are 16 million, and a stride must be odd to meet each once.
            double worst = 0;
            for (const std::uint32_t stride : {1U, 3U, 255U, 257U, 65'537U})
                worst = std::max(
                    worst,
                    chi_square(random_key(random), affinity, kClients / 5, [&](std::uint32_t i) {
                        return sequential(affinity, is_v4, i, stride);
                    }));
            EXPECT_LT(worst, kChiSquareMost)
                << "affinity " << static_cast<int>(affinity) << (is_v4 ? " IPv4" : " IPv6");
        }
}

// The address changes with the port so that what a simpler mix makes of both stays the same.
TEST(AffinityHashStructure, NoChoiceOfAddressBesideThePortGathersInOneBucket) {
    Prng random(43);
    constexpr std::uint64_t kPrefix = 0x2001'0db8'1234'5678ULL;
    const auto spread = [](std::uint32_t port) { return port * kPortSpread; };
    for (int k = 0; k < 32; ++k) {
        const HashKey key = random_key(random);
        const auto expect_even = [&](const auto& client_of, const char* what) {
            EXPECT_LT(chi_square(key, Affinity::none, 65536, client_of), kChiSquareMost) << what;
        };
        const auto port = [](std::uint32_t i) { return static_cast<std::uint16_t>(i); };
        expect_even(
            [&](std::uint32_t i) {
                return Client{v6(kPrefix ^ spread(i), 1), port(i)};
            },
            "high half, XOR");
        expect_even(
            [&](std::uint32_t i) {
                return Client{v6(kPrefix - spread(i), 1), port(i)};
            },
            "high half, sum");
        expect_even(
            [&](std::uint32_t i) {
                return Client{v6(kPrefix, spread(i)), port(i)};
            },
            "low half");
        expect_even(
            [&](std::uint32_t i) {
                return Client{v6(kPrefix ^ spread(i), spread(i)), port(i)};
            },
            "both halves");
        expect_even(
            [&](std::uint32_t i) {
                return Client{v6(kPrefix | i, std::uint64_t{i} << 48), port(i)};
            },
            "the port itself");
        expect_even(
            [&](std::uint32_t i) {
                return Client{IpAddress::v4(i ^ i << 16), port(i)};
            },
            "IPv4");
    }
}

// One, two or three bits anywhere in what counts.
TEST(AffinityHashStructure, ClientsThatDifferInAFewBitsShareABucketByChanceAlone) {
    constexpr int kPairs = 20'000;
    constexpr double kShared = 1.0 / kBuckets;
    Prng random(47);
    for (const Affinity affinity : kAffinities)
        for (const bool is_v4 : {true, false}) {
            const std::size_t first = is_v4 ? 96 : 0;
            const std::size_t bits =
                (affinity == Affinity::network ? (is_v4 ? 24U : 64U) : 128U - first) +
                (affinity == Affinity::none ? 16U : 0U);
            const std::size_t of_address = bits - (affinity == Affinity::none ? 16U : 0U);
            for (int difference = 0; difference < 500; ++difference) {
                std::array<std::size_t, 3> flipped;
                for (std::size_t& bit : flipped) bit = random.below(bits);
                if (static_cast<std::size_t>(difference) < bits)
                    flipped.fill(static_cast<std::size_t>(difference));  // each bit alone
                int shared = 0;
                for (int pair = 0; pair < kPairs; ++pair) {
                    const HashKey key = random_key(random);
                    IpAddress one = is_v4 ? IpAddress::v4(static_cast<std::uint32_t>(random.next()))
                                          : v6(random.next() | 1, random.next());
                    auto port = static_cast<std::uint16_t>(random.next());
                    const BucketId bucket = bucket_of(client_hash(key, affinity, one, port));
                    for (std::size_t f = 0; f < 3; ++f) {
                        const std::size_t bit = flipped[f];
                        if (std::find(flipped.begin(), flipped.begin() + f, bit) !=
                            flipped.begin() + f)
                            continue;
                        if (bit < of_address)
                            one.bytes[(first + bit) / 8] ^=
                                static_cast<Byte>(0x80U >> ((first + bit) % 8));
                        else
                            port ^= static_cast<std::uint16_t>(1U << (bit - of_address));
                    }
                    shared += bucket_of(client_hash(key, affinity, one, port)) == bucket;
                }
                // 0.0009 is one standard deviation; the worst of 3,000 stays below five.
                EXPECT_NEAR(static_cast<double>(shared) / kPairs, kShared, 0.005)
                    << "affinity " << static_cast<int>(affinity) << (is_v4 ? " IPv4" : " IPv6")
                    << " bits " << flipped[0] << " " << flipped[1] << " " << flipped[2];
            }
        }
}

}  // namespace
}  // namespace nlb
