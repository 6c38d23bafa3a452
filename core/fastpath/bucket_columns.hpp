// Which outcomes and buckets the usual packets of a burst have, column by column: what address and
// port say, the hash of each client, its bucket, and what becomes of a packet by its bucket. Like
// fast_parse.hpp it has two versions; tests/unit/core/fastpath compares them. Private to
// core/fastpath.
#pragma once

#include <array>
#include <cstdint>

#include "core/fastpath/fast_parse.hpp"
#include "core/flow/watch_filter.hpp"
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

// What becomes of the packets of a burst that asks for several rules, by rule and bucket.
struct MixedReasons {
    const Tables& tables;
    const TablesIndex& index;
    const RuleMasks& accepted;
    const RuleMasks& live;  // of TCP: track decides, or somebody watches
    // What becomes of buckets that are neither: somebody else has them, nobody has.
    Reason others;
    Reason nobodys;
};

// A reason per bucket.
struct alignas(64) ReasonByBucket : std::array<Reason, 64> {};
static_assert(kBuckets <= 64 && sizeof(ReasonByBucket) == 64 && sizeof(Reason) == 1);

// Outcomes of the wanted frames; the column is undefined for others.
using FillOutcomes = void(const FastParse& parsed, std::uint64_t wanted, const TablesIndex& index,
                          OutcomeColumn& outcomes);
// What becomes of packets by their bucket: live, otherwise accepted by this owner, otherwise left
// to whoever owns it, or to nobody.
using FillReasons = void(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted,
                         BucketMask live);
// Hash and bucket of the wanted frames; the columns are undefined for others.
using FillColumns = void(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                         const ClientShare& share, BucketColumns& columns);
// The same, of each frame by the affinity of its own rule.
using FillMixedColumns = void(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                              const TablesIndex& index, const OutcomeColumn& outcomes,
                              BucketColumns& columns);
// Burst::reasons of `slots`, by bucket, and Burst::rules. Gives the slots that are live.
using Settle = std::uint64_t(const ReasonByBucket& reasons, RuleId rule, std::uint64_t slots,
                             const BucketColumns& columns, Burst& burst);
// The same, by rule and bucket. Requires: none of the slots is left to the stages.
using SettleMixed = std::uint64_t(const MixedReasons& mixed, const OutcomeColumn& outcomes,
                                  std::uint64_t slots, const BucketColumns& columns, Burst& burst);
// Of `slots` those that the filter may contain.
using FindWatched = std::uint64_t(const FastParse& parsed, std::uint64_t slots,
                                  const WatchFilter& filter);
// The same byte for all of `slots`.
using Paint = void(Byte* column, Byte value, std::uint64_t slots);

[[nodiscard]] inline Byte* bytes_of(std::array<Reason, kBurstMax>& reasons) {
    return reinterpret_cast<Byte*>(reasons.data());
}

FillOutcomes fill_outcomes_portable;
FillReasons fill_reasons_portable;
FillColumns fill_columns_portable;
FillMixedColumns fill_mixed_columns_portable;
[[nodiscard]] Settle settle_portable;
[[nodiscard]] SettleMixed settle_mixed_portable;
[[nodiscard]] FindWatched find_watched_portable;
Paint paint_portable;

// Require: has_avx2().
FillOutcomes fill_outcomes_avx2;
FillReasons fill_reasons_avx2;
FillColumns fill_columns_avx2;
FillMixedColumns fill_mixed_columns_avx2;
[[nodiscard]] Settle settle_avx2;
[[nodiscard]] SettleMixed settle_mixed_avx2;
[[nodiscard]] FindWatched find_watched_avx2;
Paint paint_avx2;

}  // namespace nlb
