// The control plane's answer to `query` as people read it. Believes no field: what is missing is
// left out.
#pragma once

#include <string>

#include "cli/bucket_picture.hpp"
#include "cli/json.hpp"

namespace nlb::cli {

// "edge1: converged as default host (NLB 1008), cluster web"
[[nodiscard]] std::string state_line(const Json& cluster, bool colour);
// `width` is the terminal's, in columns; 0: no bound. What does not fit is told in fewer columns,
// with one legend for all strips.
// The state line, what the epoch is, the members, the rules and their buckets; lines without the
// last newline.
[[nodiscard]] std::string view_of_cluster(const Json& cluster, bool colour, std::size_t width = 0);
// The table of rules with one strip of buckets each.
[[nodiscard]] std::string view_of_rules(const Json& cluster, bool colour, std::size_t width = 0);
// The state line and the members alone.
[[nodiscard]] std::string view_of_hosts(const Json& cluster, bool colour, std::size_t width = 0);

// NLB's number for the state of one cluster.
[[nodiscard]] int return_value_of(const Json& cluster);
[[nodiscard]] BucketOwners owners_in(const Json& rule);

}  // namespace nlb::cli
