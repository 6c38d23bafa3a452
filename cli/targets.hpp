// Who owns which bucket when given hosts are the members: what a coordinator would publish,
// computed by the same code.
#pragma once

#include "config/schema.hpp"
#include "core/base/types.hpp"
#include "core/cluster/bucket_assignment.hpp"

namespace nlb::cli {

// `holding` is who owns now, by slot of this cluster; all zero: nobody, as for a coordinator
// without history.
[[nodiscard]] OwnerMap targets_of(const config::Cluster& cluster, HostSet members,
                                  const OwnerMap& holding);
// How many buckets each member should have, by slot; index id - 1.
[[nodiscard]] std::array<std::uint8_t, kHostsMax> target_counts(const config::Cluster& cluster,
                                                                HostSet members, RuleId slot,
                                                                const BucketOwners& holding);
// What one host owns in such a map.
[[nodiscard]] RuleMasks owned_by(const OwnerMap& owners, HostId host);

}  // namespace nlb::cli
