// The 60 buckets of a rule as a strip of cells, one per bucket: the owner's digit, on the owner's
// colour where there is colour. Knows nothing of rules or epochs.
#pragma once

#include <string>
#include <vector>

#include "config/host_colours.hpp"
#include "core/cluster/bucket_assignment.hpp"

namespace nlb::cli {

using config::host_digit;
[[nodiscard]] std::string bucket_strip(const BucketOwners& owners, bool colour);

struct LegendEntry {
    HostId id;
    std::string name;
};
// "1 edge1 20 (33.3 %)  2 edge2 40 (66.7 %)": hosts that own something, in the order given, then
// the orphans.
[[nodiscard]] std::string bucket_legend(const BucketOwners& owners,
                                        const std::vector<LegendEntry>& hosts, bool colour);

// "33.3 %"
[[nodiscard]] std::string percent_of_buckets(std::size_t buckets);

}  // namespace nlb::cli
