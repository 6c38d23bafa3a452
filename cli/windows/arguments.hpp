// The options of `nlb import` and `nlb observe`, as CLI11 reads them. It runs nothing.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/options.hpp"

namespace nlb::cli {

void import_arguments(CLI::App& app, Options& options);
void observe_arguments(CLI::App& app, Options& options);

}  // namespace nlb::cli
