// Which outcomes and buckets the usual packets of a burst have, column by column: what address and
// port say, the hash of each client, its bucket, and what becomes of a packet by its bucket. Like
// fast_parse.hpp it has two versions; tests/unit/core/fastpath compares them. Private to
// core/fastpath.
#pragma once

#include <array>
#include <cstdint>

#include "core/fastpath/fast_parse.hpp"
#include "core/packet/burst.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {

// Entry i is of frame i, and is set when it was asked for.
struct BucketColumns {
    alignas(64) std::array<std::uint32_t, kBurstMax> hash;
    alignas(64) std::array<BucketId, kBurstMax> bucket;
};

// What becomes of each packet by its address and port: a TablesIndex asked for a whole burst.
struct OutcomeColumn {
    alignas(64) std::array<OutcomeId, kBurstMax> id;
};

// A reason per bucket.
struct alignas(64) ReasonByBucket : std::array<Reason, 64> {};
static_assert(kBuckets <= 64 && sizeof(ReasonByBucket) == 64 && sizeof(Reason) == 1);

// Outcomes of the wanted frames; the column is undefined for others.
void fill_outcomes_portable(const FastParse& parsed, std::uint64_t wanted, const TablesIndex& index,
                            OutcomeColumn& outcomes);
// What becomes of packets by their bucket: live, otherwise accepted by this owner, otherwise left
// to whoever owns it, or to nobody.
void fill_reasons_portable(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted,
                           BucketMask live);
// Hash and bucket of the wanted frames; the columns are undefined for others.
void fill_columns_portable(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                           const ClientShare& share, BucketColumns& columns);
// Burst::reasons of `slots`, by bucket, and Burst::rules. Gives the slots that are live.
[[nodiscard]] std::uint64_t settle_portable(const ReasonByBucket& reasons, RuleId rule,
                                            std::uint64_t slots, const BucketColumns& columns,
                                            Burst& burst);

// Require: has_avx2().
void fill_outcomes_avx2(const FastParse& parsed, std::uint64_t wanted, const TablesIndex& index,
                        OutcomeColumn& outcomes);
void fill_reasons_avx2(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted,
                       BucketMask live);
void fill_columns_avx2(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                       const ClientShare& share, BucketColumns& columns);
[[nodiscard]] std::uint64_t settle_avx2(const ReasonByBucket& reasons, RuleId rule,
                                        std::uint64_t slots, const BucketColumns& columns,
                                        Burst& burst);

}  // namespace nlb
