// What some commands take besides the common options, declared to CLI11; the rest stand in
// command_table.cpp, beside the table of commands.
#pragma once

#include "cli/options.hpp"

namespace CLI {
class App;
}

namespace nlb::cli {

void add_members(CLI::App& app, Options& options);
void explain_arguments(CLI::App& app, Options& options);
void trace_arguments(CLI::App& app, Options& options);
void bundle_arguments(CLI::App& app, Options& options);
void replay_arguments(CLI::App& app, Options& options);

}  // namespace nlb::cli
