// The grammar of `nlb`: commands, their arguments, and the options that are understood anywhere.
// CLI11's exceptions stop here.
#pragma once

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

// Parses and runs; the process's exit status.
int run_command_line(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                     bool colour);

}  // namespace nlb::cli
