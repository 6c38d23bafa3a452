// Any JSON as indented lines and tables for people: what `params` prints, whatever the control
// plane has to say.
#pragma once

#include <string>

#include "cli/json.hpp"

namespace nlb::cli {

// Objects as `key  value` lines, lists of objects as tables, lists of scalars in one line. Lines
// without the last newline.
[[nodiscard]] std::string tree_of(const Json& value, bool colour);

}  // namespace nlb::cli
