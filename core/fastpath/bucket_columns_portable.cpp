// One packet after the other, in plain C++: what the AVX2 version must agree with.
#include "core/fastpath/bucket_columns.hpp"

namespace nlb {

void fill_outcomes_portable(const FastParse& parsed, std::uint64_t wanted, const TablesIndex& index,
                            OutcomeColumn& outcomes) {
    for (const std::uint32_t i : Slots(wanted)) outcomes.id[i] = index.outcome_of(parsed.key[i]);
}

void fill_reasons_portable(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted,
                           BucketMask live) {
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        reasons[bucket] = owners[bucket] == kNoHost ? Reason::no_owner : Reason::not_owner;
    for (const std::uint32_t bucket : Slots(accepted)) reasons[bucket] = Reason::owner;
    for (const std::uint32_t bucket : Slots(live)) reasons[bucket] = Reason::live;
}

void fill_columns_portable(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                           const ClientShare& share, BucketColumns& columns) {
    for (const std::uint32_t i : Slots(wanted)) {
        columns.hash[i] = client_hash_v4(key, share, parsed.client[i],
                                         static_cast<std::uint16_t>(parsed.client_port[i]));
        columns.bucket[i] = bucket_of(columns.hash[i]);
    }
}

std::uint64_t settle_portable(const ReasonByBucket& reasons, RuleId rule, std::uint64_t slots,
                              const BucketColumns& columns, Burst& burst) {
    std::uint64_t live = 0;
    for (const std::uint32_t i : Slots(slots)) {
        burst.reasons[i] = reasons[columns.bucket[i]];
        burst.rules[i] = rule;
        live |= std::uint64_t{burst.reasons[i] == Reason::live} << i;
    }
    return live;
}

}  // namespace nlb
