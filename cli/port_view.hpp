// The ports in the control plane's answer to `query`, as people read them. Believes no field.
#pragma once

#include <string>

#include "cli/json.hpp"

namespace nlb::cli {

// A table of the ports, one of what they counted, a line for workers and buffers; lines without the
// last newline.
[[nodiscard]] std::string view_of_ports(const Json& cluster, bool colour);

}  // namespace nlb::cli
