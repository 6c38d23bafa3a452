// The 60 buckets of a rule as a strip of cells, one per bucket: the owner's digit, on the owner's
// colour where there is colour. Knows nothing of rules or epochs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/host_colours.hpp"
#include "core/cluster/bucket_assignment.hpp"

namespace nlb::cli {

// The colour of a host, the same wherever it appears; nobody's is red.
[[nodiscard]] std::string on_host_colour(std::string_view text, HostId host, bool colour);
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

// "1 edge1  2 edge2  . nobody", in lines of at most `width` columns (0: one line).
[[nodiscard]] std::string host_legend(const std::vector<LegendEntry>& hosts, bool colour,
                                      std::size_t width);

// "33.3 %"
[[nodiscard]] std::string percent_of_buckets(std::size_t buckets);

}  // namespace nlb::cli
