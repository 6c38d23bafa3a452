// How findings look: by subject, the worst first, each with what mends it. It prints nothing.
#pragma once

#include <string>

#include "cli/json.hpp"
#include "config/finding_table.hpp"

namespace nlb::cli {

struct FindingCounts {
    std::size_t errors = 0;
    std::size_t warnings = 0;
};
[[nodiscard]] FindingCounts count(const config::Findings& findings);
// "2 errors, 1 warning", or that everything will work.
[[nodiscard]] std::string verdict_of(const FindingCounts& counts);
[[nodiscard]] std::string view_of_findings(const config::Findings& findings, bool colour);
[[nodiscard]] Json json_of_findings(const config::Findings& findings);

}  // namespace nlb::cli
