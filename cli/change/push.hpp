// config push: the configuration in force here to one host that holds an older one.
#pragma once

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

ExitCode run_push(const Options& options, Console& console);

}  // namespace nlb::cli
