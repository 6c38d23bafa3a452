// One packet after the other, in plain C++: what the AVX2 twin must agree with.
#include "core/fastpath/bucket_columns.hpp"

namespace nlb {

void colour_portable(ReasonByBucket& reasons, const BucketOwners& owners, BucketMask accepted, BucketMask live) {
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        reasons[bucket] = owners[bucket] == kNoHost ? Reason::no_owner : Reason::not_owner;
    for (const std::uint32_t bucket : Places(accepted)) reasons[bucket] = Reason::owner;
    for (const std::uint32_t bucket : Places(live)) reasons[bucket] = Reason::live;
}

void place_portable(const Sight& sight, std::uint64_t wanted, const SaltedKey& key, const ClientShare& share, Placement& placement) {
    for (const std::uint32_t i : Places(wanted)) {
        placement.hash[i] = client_hash_v4(key, share, sight.client[i], static_cast<std::uint16_t>(sight.client_port[i]));
        placement.bucket[i] = bucket_of(placement.hash[i]);
    }
}

std::uint64_t settle_portable(const ReasonByBucket& reasons, RuleId rule, std::uint64_t places, const Placement& placement, Burst& burst) {
    std::uint64_t live = 0;
    for (const std::uint32_t i : Places(places)) {
        burst.reasons[i] = reasons[placement.bucket[i]];
        burst.rules[i] = rule;
        live |= std::uint64_t{burst.reasons[i] == Reason::live} << i;
    }
    return live;
}

}  // namespace nlb
