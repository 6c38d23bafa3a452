// Several hosts' answers to `query` as one table.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/remote_exchange.hpp"

namespace nlb::cli {

// One row for each host and cluster: how it fares, and how many buckets it has, of each rule where
// that fits into `width`, else of all together. A width of 0: there is no bound.
[[nodiscard]] std::string table_of_hosts(const std::vector<HostReply>& replies, bool colour,
                                         std::size_t width);

}  // namespace nlb::cli
