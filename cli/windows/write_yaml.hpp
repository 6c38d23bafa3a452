// The configuration as text, with what has to be filled in and why.
#pragma once

#include <string>
#include <vector>

#include "cli/windows/merge.hpp"

namespace nlb::cli::windows {

// `sources` stand in the first comment. Ends with a newline.
[[nodiscard]] std::string yaml_of(const std::vector<MergedCluster>& clusters,
                                  const std::vector<std::string>& sources);

}  // namespace nlb::cli::windows
