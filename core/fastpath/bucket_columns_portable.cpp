// One packet after the other, in plain C++: what the AVX2 version must agree with.
#include "core/fastpath/bucket_columns.hpp"

namespace nlb {
namespace {

void place(const FastParse& parsed, std::uint32_t i, const SaltedKey& key, const ClientShare& share,
           BucketColumns& columns) {
    const ClientNumbers client = parsed.client_at(i);
    const std::uint64_t counts =
        parsed.over_v6 ? share.interface_mask : ~std::uint64_t{0} << 32 | share.client_mask;
    columns.hash[i] = mix_client(key, client.high, client.low & counts,
                                 parsed.client_port[i] * share.port_spread);
    columns.bucket[i] = bucket_of(columns.hash[i]);
}

}  // namespace

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
    for (const std::uint32_t i : Slots(wanted)) place(parsed, i, key, share, columns);
}

void fill_mixed_columns_portable(const FastParse& parsed, std::uint64_t wanted,
                                 const SaltedKey& key, const TablesIndex& index,
                                 const OutcomeColumn& outcomes, BucketColumns& columns) {
    for (const std::uint32_t i : Slots(wanted))
        place(parsed, i, key, ClientShare(index.affinity[outcomes.id[i] & kOutcomeRule]), columns);
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

std::uint64_t settle_mixed_portable(const MixedReasons& mixed, const OutcomeColumn& outcomes,
                                    std::uint64_t slots, const BucketColumns& columns,
                                    Burst& burst) {
    const auto has = [&](const RuleMasks& masks, RuleId rule, BucketId bucket) {
        return (masks[rule] >> bucket & 1U) != 0;
    };
    std::uint64_t live = 0;
    for (const std::uint32_t i : Slots(slots)) {
        const auto rule = static_cast<RuleId>(outcomes.id[i] & kOutcomeRule);
        const BucketId bucket = columns.bucket[i];
        Reason& reason = burst.reasons[i];
        burst.rules[i] = rule == kOutcomeForeign ? kNoRule : rule;
        reason = mixed.index.fixed_reason[rule];
        if (reason != Reason::live) continue;
        if ((outcomes.id[i] & kOutcomeUdp) == 0 && has(mixed.live, rule, bucket))
            live |= std::uint64_t{1} << i;
        else if (has(mixed.accepted, rule, bucket))
            reason = Reason::owner;
        else
            reason = mixed.tables.owner[rule][bucket] == kNoHost ? mixed.nobodys : mixed.others;
    }
    return live;
}

std::uint64_t find_watched_portable(const FastParse& parsed, std::uint64_t slots,
                                    const WatchFilter& filter) {
    std::uint64_t watched = 0;
    for (const std::uint32_t i : Slots(slots)) {
        const ClientNumbers client = parsed.client_at(i);
        const auto ports = WatchFilter::ports_of(static_cast<std::uint16_t>(parsed.client_port[i]),
                                                 port_of(parsed.key[i]));
        const bool may_be = filter.may_contain(client.high, client.low, ports);
        watched |= std::uint64_t{may_be} << i;
    }
    return watched;
}

void paint_portable(Byte* column, Byte value, std::uint64_t slots) {
    for (const std::uint32_t i : Slots(slots)) column[i] = value;
}

}  // namespace nlb
