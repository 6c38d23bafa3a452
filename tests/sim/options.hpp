// The command line of nlb-sim.
#pragma once

#include <optional>
#include <string>

#include "tests/sim/settings.hpp"

namespace nlb::sim {

// Nothing when the command line is wrong; `complaint` then says how.
[[nodiscard]] std::optional<Choices> parse_options(int count, char** arguments,
                                                   std::string& complaint);
[[nodiscard]] std::string usage();

}  // namespace nlb::sim
