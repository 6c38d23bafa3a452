// The command line, as a value. It reads no file, and it does not judge what the options name.
// Thread: main, before EAL.
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
    // Only with `tables`; dataplane/worker/idle_watch.hpp.
    std::optional<Duration> exit_when_idle;
    bool probe = false;  // look at the machine, tell, and end
    bool json = false;   // only with `probe`
    std::string root;    // only with `probe`: a tree over /proc, /sys and /etc, for tests
};

// An exit code when there is nothing to run: 0 after help or version, 2 after a mistake. What is to
// be said was printed already.
struct ParsedArguments {
    Arguments arguments;
    std::optional<int> exit_code;
};
// Requires: argv[0..argc) are the program's own, argc >= 1.
[[nodiscard]] ParsedArguments parse_arguments(int argc, const char* const* argv);

}  // namespace nlb::dataplane
