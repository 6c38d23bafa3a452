// Server-sent events (HTML Living Standard, 9.2): the lines that a stream of them is made of.
#pragma once

#include <string>
#include <string_view>

namespace nlb::controlplane {

// One event with its end. A line break in `data` begins another data line, as the standard wants.
[[nodiscard]] std::string event_text(std::string_view name, std::string_view data);

}  // namespace nlb::controlplane
