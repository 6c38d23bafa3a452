// The commands of `nlb` with their arguments: what is said in a terminal, in `nlb help` and in the
// completions. Which function each calls stands here once.
#pragma once

#include <span>

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace CLI {
class App;
}

namespace nlb::cli {

struct Command {
    const char* name;
    const char* help;
    ExitCode (*run)(const Options&, Console&);
    void (*declare)(CLI::App&, Options&);
};

[[nodiscard]] std::span<const Command> commands();

}  // namespace nlb::cli
