// replay: starts nlb-replay, which links the control plane's state machines; this program links
// none of them.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

#include "cli/commands.hpp"

namespace nlb::cli {
namespace {

namespace fs = std::filesystem;
constexpr const char* kProgram = "nlb-replay";

// Beside this program, where packages put it; else where it is built.
std::string program_path() {
    std::error_code fault;
    const fs::path here = fs::read_symlink("/proc/self/exe", fault).parent_path();
    for (const fs::path& path : {here / kProgram, here.parent_path() / "controlplane" / kProgram})
        if (!fault && ::access(path.c_str(), X_OK) == 0) return path.string();
    return kProgram;
}

}  // namespace

ExitCode run_replay(const Options& options, Console& console) {
    const std::string program = program_path();
    std::vector<std::string> words{program, options.subject};
    if (options.json) words.emplace_back("--json");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    console.flush();
    ::execvp(program.c_str(), arguments.data());
    return console.fail(
        ExitCode::refused, ReturnValue::refused,
        program + ": cannot start it: " + std::strerror(errno) + "; install nlb-replay beside nlb");
}

}  // namespace nlb::cli
