// The command line, as a value. It reads no file.
#pragma once

#include <optional>
#include <string>

#include "core/base/types.hpp"

namespace nlb::dataplane {

struct Arguments {
    std::string config;   // empty: none given
    std::string host;     // the machine's name by default
    std::string run_dir;  // "/run/nlb" by default
    std::string tables;   // empty: none given
    std::optional<Duration> exit_when_idle;
};

// An exit code when there is nothing to run: help, version, or a mistake, already printed.
struct ParsedArguments {
    Arguments arguments;
    std::optional<int> exit_code;
};
[[nodiscard]] ParsedArguments parse_arguments(int argc, const char* const* argv);

}  // namespace nlb::dataplane
