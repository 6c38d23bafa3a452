// The one keyed hash that spreads clients over buckets. Every host computes the same number from
// the same key, so changing one bit of it splits every running cluster: tests/unit/core/tables pins
// vectors. It is no message authentication code; its key only keeps strangers from aiming their
// traffic at one host.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/base/endian.hpp"
#include "core/base/types.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// A key as the hash mixes it in.
struct SaltedKey {
    // wyhash's constants, odd and with balanced bits: a key of zeros, as in tests, still mixes.
    explicit constexpr SaltedKey(const HashKey& key)
        : words{key[0] ^ 0xa0761d6478bd642fULL, key[1] ^ 0xe7037ed1a0b428dbULL,
                key[2] ^ 0x8ebc6af09c88c6e3ULL, key[3] ^ 0x589965cc75374cc3ULL} {}
    HashKey words;
};
inline constexpr std::uint64_t kPortSpread = 0x9e3779b97f4a7c15ULL;
// Part of a layout's name and of what hosts agree on: hosts with other hashes split no clients.
inline constexpr std::uint64_t kAffinityHashVersion = 2;
// Two 64 x 64 bit products whose halves all count (as in Wang Yi's wyhash): the first one's halves
// are the factors of the second, so that sequential clients and ports do not come out as arithmetic
// progressions. `high` and `low` are the client's address read big-endian, `port` is already
// spread. The port joins between the products, where an address has become something that nobody
// without the key knows: beside the address, a client with a /48 could choose address and port so
// that one cancels the other.
[[nodiscard]] inline std::uint64_t wide_mix_client(const SaltedKey& key, std::uint64_t high,
                                                   std::uint64_t low, std::uint64_t port) {
    const Uint128 first = static_cast<Uint128>(high ^ key.words[0]) * (low ^ key.words[1]);
    const std::uint64_t a = static_cast<std::uint64_t>(first) ^ key.words[2];
    const std::uint64_t b = static_cast<std::uint64_t>(first >> 64) ^ port ^ key.words[3];
    const Uint128 second = static_cast<Uint128>(a) * b;
    return static_cast<std::uint64_t>(second >> 64) ^ static_cast<std::uint64_t>(second);
}
[[nodiscard]] inline std::uint32_t mix_client(const SaltedKey& key, std::uint64_t high,
                                              std::uint64_t low, std::uint64_t port) {
    return static_cast<std::uint32_t>(wide_mix_client(key, high, low, port));
}
// `port` is 0 where the rule's affinity leaves it out. The address counts as its sixteen bytes,
// IPv4 v4-mapped.
[[nodiscard]] inline std::uint32_t affinity_hash(const HashKey& key, const IpAddress& client,
                                                 std::uint16_t port) {
    return mix_client(SaltedKey(key), load_big_endian<std::uint64_t>(client.bytes.data()),
                      load_big_endian<std::uint64_t>(client.bytes.data() + 8), port * kPortSpread);
}

// The /24 of an IPv4 client, the /64 of an IPv6 one.
[[nodiscard]] inline IpAddress network_of(IpAddress client) {
    const std::size_t keep = client.is_v4() ? 15 : 8;
    std::memset(client.bytes.data() + keep, 0, client.bytes.size() - keep);
    return client;
}

// The hash that a rule of this affinity uses.
[[nodiscard]] inline std::uint32_t client_hash(const HashKey& key, Affinity affinity,
                                               const IpAddress& client, std::uint16_t port) {
    if (affinity == Affinity::network) return affinity_hash(key, network_of(client), 0);
    return affinity_hash(key, client, affinity == Affinity::none ? port : std::uint16_t{0});
}

// What of a client and its port an affinity lets count: client_hash() without a branch per packet.
struct ClientShare {
    explicit constexpr ClientShare(Affinity affinity)
        : client_mask(affinity == Affinity::network ? 0xffff'ff00U : 0xffff'ffffU),
          interface_mask(affinity == Affinity::network ? 0 : ~std::uint64_t{0}),
          port_spread(affinity == Affinity::none ? kPortSpread : 0) {}
    std::uint32_t client_mask;     // of an IPv4 address
    std::uint64_t interface_mask;  // of the lower half of an IPv6 one
    std::uint64_t port_spread;
};
// The upper 32 of the lower 64 bits of an IPv4-mapped address (RFC 4291 2.5.5.2).
inline constexpr std::uint64_t kMappedPrefix = 0xffff'0000'0000ULL;
// `client` in host order.
[[nodiscard]] inline std::uint32_t client_hash_v4(const SaltedKey& key, const ClientShare& share,
                                                  std::uint32_t client, std::uint16_t port) {
    return mix_client(key, 0, kMappedPrefix | (client & share.client_mask),
                      port * share.port_spread);
}

[[nodiscard]] constexpr BucketId bucket_of(std::uint32_t hash) {
    return static_cast<BucketId>((static_cast<std::uint64_t>(hash) * kBuckets) >> 32);
}

}  // namespace nlb
