// `nlb`: NLB's verbs for a running host, and the tools that need none. Everything is in
// command_line.cpp and the commands.
#include <iostream>

#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    return nlb::cli::run_command_line(argc, argv, std::cout, std::cerr, nlb::cli::colour_wanted());
}
