// Gathers the members' offers by slot and hands them to core/cluster/bucket_assignment. Decides
// nothing itself.
#include "config/targets.hpp"

#include <algorithm>

#include "config/table_builder.hpp"

namespace nlb::config {
namespace {

Offers offers_for(const Cluster& cluster, const OffersByHost& by_host, RuleId slot) {
    Offers offers{};
    for (std::size_t i = 0; i < kHostsMax; ++i) offers[i] = by_host[i][slot];
    count_failed(offers, (keep_slots(cluster) >> slot & 1U) != 0);
    return offers;
}

bool is_single(const Cluster& cluster, RuleId slot) {
    return (single_slots(cluster) >> slot & 1U) != 0;
}

}  // namespace

std::vector<RuleId> slots_of(const Cluster& cluster) {
    std::vector<RuleId> slots;
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i)
        slots.push_back(static_cast<RuleId>(i));
    slots.push_back(kDefaultRule);
    return slots;
}

std::string name_of_rule(const Cluster& cluster, RuleId rule) {
    return rule < cluster.port_rules.size() ? cluster.port_rules[rule].name : "default";
}

std::optional<RuleId> slot_named(const Cluster& cluster, const std::string& name) {
    for (const RuleId slot : slots_of(cluster))
        if (name_of_rule(cluster, slot) == name) return slot;
    return std::nullopt;
}

OffersByHost configured_offers(const Cluster& cluster, HostSet members) {
    OffersByHost offers{};
    for (const Host& host : cluster.hosts)
        if (members.contains(host.id)) offers[host.id - 1U] = offers_of(cluster, host);
    return offers;
}

OwnerMap targets_of(const Cluster& cluster, const OffersByHost& offers, const OwnerMap& holding) {
    OwnerMap targets{};
    for (const RuleId slot : slots_of(cluster)) {
        const Offers of_slot = offers_for(cluster, offers, slot);
        targets[slot] = is_single(cluster, slot) ? assign_single(of_slot)
                                                 : assign_buckets(of_slot, holding[slot]);
    }
    return targets;
}

OwnerMap targets_of(const Cluster& cluster, HostSet members, const OwnerMap& holding) {
    return targets_of(cluster, configured_offers(cluster, members), holding);
}

std::array<std::uint8_t, kHostsMax> target_counts(const Cluster& cluster,
                                                  const OffersByHost& by_host, RuleId slot,
                                                  const BucketOwners& holding) {
    const Offers offers = offers_for(cluster, by_host, slot);
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

}  // namespace nlb::config
