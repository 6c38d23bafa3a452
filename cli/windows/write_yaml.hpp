// The configuration as text, with what has to be filled in and why.
#pragma once

#include <string>
#include <vector>

#include "cli/windows/merge.hpp"

namespace nlb::cli::windows {

// `made_by` stands in the first comment. Ends with a newline.
[[nodiscard]] std::string yaml_of(const std::vector<MergedCluster>& clusters,
                                  const std::string& made_by);

}  // namespace nlb::cli::windows
