// The switch's language: one command a line, one answer, `ok ...` or `error ...`. README.md lists
// the commands. It turns words into calls of the wire and knows nothing of sockets.
#pragma once

#include <string>

#include "scripts/lab/switch/wire.hpp"

namespace nlb::lab {

std::string obey(Wire& wire, const std::string& line, Instant now);

}  // namespace nlb::lab
