// The word that an operator probably meant. A guess is only ever shown, never acted on.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nlb::config {

// The known word that differs by the fewest inserted, lost, changed or swapped letters, if these
// are few; else empty.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> known);
// "a, b or c"
[[nodiscard]] std::string one_of(std::span<const std::string_view> words);

}  // namespace nlb::config
