// Port rules of one reading.
#pragma once

#include <vector>

#include "cli/windows/imported.hpp"

namespace nlb::cli::windows {

// In the order of the file, each cover once. What Windows ignores in a mode is ignored.
[[nodiscard]] std::vector<ImportedRule> interpret_rules(const Reading& reading, Findings& findings);

}  // namespace nlb::cli::windows
