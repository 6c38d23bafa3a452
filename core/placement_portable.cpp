// One packet after the other, in plain C++: what the AVX2 twin must agree with.
#include "core/placement.hpp"

namespace nlb {

void paint_portable(ReasonByBucket& reasons, BucketMask buckets, Reason reason) {
    for (const std::uint32_t bucket : Places(buckets)) reasons[bucket] = reason;
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
