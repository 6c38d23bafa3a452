// Where the usual packets of a burst belong, column by column: the hash of each client, its bucket, and what becomes of a packet by its
// bucket. It knows neither rules nor owners. Like the sight it has two twins, which tests/unit/core/packet compares.
#pragma once

#include <array>
#include <cstdint>

#include "core/fastpath/fast_parse.hpp"
#include "core/packet/burst.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {

// Entry i is of frame i, and is there when it was asked for.
struct Placement {
    alignas(64) std::array<std::uint32_t, kBurstMax> hash;
    alignas(64) std::array<BucketId, kBurstMax> bucket;
};

// A reason per bucket.
struct alignas(64) ReasonByBucket : std::array<Reason, 64> {};
static_assert(kBuckets <= 64 && sizeof(ReasonByBucket) == 64 && sizeof(Reason) == 1);

// What becomes of packets by their bucket: live, otherwise accepted by this owner, otherwise left to whoever owns it, or to nobody.
void colour_portable(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted, BucketMask live);
// Hash and bucket of the wanted frames; what the columns then hold of others is waste.
void place_portable(const Sight& sight, std::uint64_t wanted, const SaltedKey& key, const ClientShare& share, Placement& placement);
// Burst::reasons of `places`, by bucket, and Burst::rules. Gives the places that are live.
[[nodiscard]] std::uint64_t settle_portable(const ReasonByBucket& reasons, RuleId rule, std::uint64_t places, const Placement& placement,
                                            Burst& burst);

// Require: has_avx2().
void colour_avx2(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted, BucketMask live);
void place_avx2(const Sight& sight, std::uint64_t wanted, const SaltedKey& key, const ClientShare& share, Placement& placement);
[[nodiscard]] std::uint64_t settle_avx2(const ReasonByBucket& reasons, RuleId rule, std::uint64_t places, const Placement& placement,
                                        Burst& burst);

}  // namespace nlb
