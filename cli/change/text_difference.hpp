// What differs between two texts, line by line: "-" and "+" with a few lines around. It compares
// bytes and knows no YAML.
#pragma once

#include <string>
#include <string_view>

namespace nlb::cli {

// Empty when they are equal. Where very much differs, all of it is shown as taken out and put in.
[[nodiscard]] std::string difference_of(std::string_view before, std::string_view after);

}  // namespace nlb::cli
