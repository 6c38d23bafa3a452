// Who owns which bucket when given hosts are the members: what a coordinator publishes, computed by
// the same code (core/cluster/bucket_assignment). It knows no host that is not told to it.
#pragma once

#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/base/types.hpp"
#include "core/cluster/bucket_assignment.hpp"

namespace nlb::config {

// The slots that the configuration uses, in its order, the default rule last.
[[nodiscard]] std::vector<RuleId> slots_of(const Cluster& cluster);
// The rule's name, "default" for the traffic that no rule covers.
[[nodiscard]] std::string name_of_rule(const Cluster& cluster, RuleId rule);
// The slot of the rule with that name.
[[nodiscard]] std::optional<RuleId> slot_named(const Cluster& cluster, const std::string& name);

// What each host offers for each slot; index id - 1. 0: nothing, or the host is absent; marked by
// kOfferFailed where its check fails.
using OffersByHost = std::array<std::array<std::uint8_t, kRuleSlots>, kHostsMax>;
// By the configuration alone: every rule enabled, nobody draining.
[[nodiscard]] OffersByHost configured_offers(const Cluster& cluster, HostSet members);

// `holding` is who owns now, by slot of this cluster; all zero: nobody, as for a coordinator
// without history.
[[nodiscard]] OwnerMap targets_of(const Cluster& cluster, const OffersByHost& offers,
                                  const OwnerMap& holding);
[[nodiscard]] OwnerMap targets_of(const Cluster& cluster, HostSet members, const OwnerMap& holding);
// How many buckets each member should have, by slot; index id - 1.
[[nodiscard]] std::array<std::uint8_t, kHostsMax> target_counts(const Cluster& cluster,
                                                                const OffersByHost& offers,
                                                                RuleId slot,
                                                                const BucketOwners& holding);
// What one host owns in such a map.
[[nodiscard]] RuleMasks owned_by(const OwnerMap& owners, HostId host);

}  // namespace nlb::config
