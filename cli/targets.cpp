// Gathers the members' offers by slot and hands them to core/cluster/bucket_assignment. Decides
// nothing itself.
#include "cli/targets.hpp"

#include <algorithm>

#include "cli/selection.hpp"
#include "config/table_builder.hpp"

namespace nlb::cli {
namespace {

Offers offers_for(const config::Cluster& cluster, HostSet members, RuleId slot) {
    Offers offers{};
    for (const config::Host* host : hosts_by_id(cluster, members))
        offers[host->id - 1U] = config::offers_of(cluster, *host)[slot];
    return offers;
}

bool is_single(const config::Cluster& cluster, RuleId slot) {
    return (config::single_slots(cluster) >> slot & 1U) != 0;
}

BucketOwners owners_for(const config::Cluster& cluster, HostSet members, RuleId slot,
                        const BucketOwners& holding) {
    const Offers offers = offers_for(cluster, members, slot);
    return is_single(cluster, slot) ? assign_single(offers) : assign_buckets(offers, holding);
}

}  // namespace

OwnerMap targets_of(const config::Cluster& cluster, HostSet members, const OwnerMap& holding) {
    OwnerMap targets{};
    for (const RuleId slot : slots_of(cluster))
        targets[slot] = owners_for(cluster, members, slot, holding[slot]);
    return targets;
}

std::array<std::uint8_t, kHostsMax> target_counts(const config::Cluster& cluster, HostSet members,
                                                  RuleId slot, const BucketOwners& holding) {
    const Offers offers = offers_for(cluster, members, slot);
    if (!is_single(cluster, slot)) return bucket_counts(offers, holding);
    std::array<std::uint8_t, kHostsMax> counts{};
    const HostId owner = assign_single(offers).front();
    if (owner != kNoHost) counts[owner - 1U] = kBuckets;
    return counts;
}

RuleMasks owned_by(const OwnerMap& owners, HostId host) {
    RuleMasks own{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            if (owners[slot][bucket] == host) own[slot] |= BucketMask{1} << bucket;
    return own;
}

}  // namespace nlb::cli
