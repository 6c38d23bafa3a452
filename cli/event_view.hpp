// One event of the control plane as a line for people. It believes no field.
#pragma once

#include <string>

#include "cli/json.hpp"

namespace nlb::cli {

// "TIME warning peer_lost cluster=web peer=edge2 because=...", then what to do, indented.
[[nodiscard]] std::string event_line(const Json& event, bool colour);

}  // namespace nlb::cli
