// The bytes of a configuration file, and what must hold of them before a YAML parser may see them.
#pragma once

#include <string>
#include <string_view>

#include "config/diagnostics.hpp"

namespace nlb::config {

// The path of mistakes that concern the file and no key in it.
inline constexpr const char* kFilePath = "file";

// False: the diagnostics says why the file cannot be read, or that it is larger than kFileBytesMax.
[[nodiscard]] bool read_source(const std::string& path, std::string& into,
                               Diagnostics& diagnostics);

// UTF-8 without control characters, indented with spaces, not empty. The parser would take some of
// these for data.
[[nodiscard]] bool check_source(std::string_view text, Diagnostics& diagnostics);

}  // namespace nlb::config
