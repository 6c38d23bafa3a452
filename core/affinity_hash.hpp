// The one keyed hash that spreads clients over buckets. Every host computes the same number from the same key, so changing one bit of
// it splits every running cluster: tests/unit/core/packet pins vectors. It is no message authentication code; its key only keeps
// strangers from aiming their traffic at one host.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/endian.hpp"
#include "core/tables.hpp"
#include "core/types.hpp"

namespace nlb {

// `port` is 0 where the rule's affinity leaves it out. The address counts as its sixteen bytes, IPv4 v4-mapped, read big-endian.
// Two 64 x 64 bit products whose halves all count (as in Wang Yi's wyhash): the first one's halves are the factors of the second, so
// that sequential clients and ports do not come out as arithmetic progressions.
[[nodiscard]] inline std::uint32_t affinity_hash(const HashKey& key, const IpAddress& client, std::uint16_t port) {
    // wyhash's constants, odd and with balanced bits: a key of zeros, as in tests, still mixes.
    constexpr std::array<std::uint64_t, 4> kSalt{0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL, 0x8ebc6af09c88c6e3ULL,
                                                 0x589965cc75374cc3ULL};
    constexpr std::uint64_t kPortSpread = 0x9e3779b97f4a7c15ULL;
    const std::uint64_t high = load_big_endian<std::uint64_t>(client.bytes.data()) ^ port * kPortSpread;
    const std::uint64_t low = load_big_endian<std::uint64_t>(client.bytes.data() + 8);
    const Uint128 first = static_cast<Uint128>(high ^ key[0] ^ kSalt[0]) * (low ^ key[1] ^ kSalt[1]);
    const std::uint64_t a = static_cast<std::uint64_t>(first) ^ key[2] ^ kSalt[2];
    const std::uint64_t b = static_cast<std::uint64_t>(first >> 64) ^ key[3] ^ kSalt[3];
    const Uint128 second = static_cast<Uint128>(a) * b;
    return static_cast<std::uint32_t>(second >> 64) ^ static_cast<std::uint32_t>(second);
}

// The /24 of an IPv4 client, the /64 of an IPv6 one.
[[nodiscard]] inline IpAddress network_of(IpAddress client) {
    const std::size_t keep = client.is_v4() ? 15 : 8;
    std::memset(client.bytes.data() + keep, 0, client.bytes.size() - keep);
    return client;
}

// The hash that a rule of this affinity uses.
[[nodiscard]] inline std::uint32_t client_hash(const HashKey& key, Affinity affinity, const IpAddress& client, std::uint16_t port) {
    if (affinity == Affinity::network) return affinity_hash(key, network_of(client), 0);
    return affinity_hash(key, client, affinity == Affinity::none ? port : std::uint16_t{0});
}

[[nodiscard]] constexpr BucketId bucket_of(std::uint32_t hash) {
    return static_cast<BucketId>((static_cast<std::uint64_t>(hash) * kBuckets) >> 32);
}

}  // namespace nlb
