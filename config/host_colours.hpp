// How a host looks wherever one is shown: the colour and the digit of its buckets. The command line
// and the web page take both from here, so that a host is the same one on either.
#pragma once

#include <array>
#include <string>

#include "core/base/types.hpp"

namespace nlb::config {

// Of the 256-colour palette of terminals: bright enough for black digits. They repeat over 32
// hosts; the digit tells those of one colour apart.
inline constexpr std::array<int, 12> kHostColours{39, 214, 78,  205, 220, 141,
                                                  45, 209, 113, 177, 250, 80};

// Requires: `host` is one, not kNoHost.
[[nodiscard]] int terminal_colour(HostId host);
// The same colour as "#rrggbb".
[[nodiscard]] std::string web_colour(HostId host);
// 1..9, then a..w for 10..32; '.' for nobody.
[[nodiscard]] char host_digit(HostId host);

}  // namespace nlb::config
