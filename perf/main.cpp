// nlb-perf: testpmd's habits, and the modes that nlb needs to be measured by. Exit codes: 0 done, 1
// refused or failed, 2 usage. It is a tool for a bench: it takes every port that EAL finds.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perf/prompt.hpp"
#include "perf/session.hpp"

namespace {

using namespace nlb;
using namespace nlb::perf;

std::atomic<bool> g_interrupted{false};  // publishes nothing but itself

void interrupt(int /*signal*/) {
    g_interrupted = true;
}

int fail(const Error& error) {
    std::fprintf(stderr, "nlb-perf: %s\n", error.message.c_str());
    return 1;
}

// perf/report draws the page; it gets the object by a file that is gone afterwards.
int write_report(const std::string& result, const std::string& path) {
    const std::string given = path + ".json";
    std::ofstream(given) << result << "\n";
    const pid_t child = fork();
    if (child == 0) {
        execl(NLB_PERF_REPORT, NLB_PERF_REPORT, given.c_str(), "-o", path.c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    const bool ended = child > 0 && waitpid(child, &status, 0) == child;
    unlink(given.c_str());
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    return fail(
        Error{std::string{"--report "} + path + ": " + NLB_PERF_REPORT + " could not write it"});
}

int run_once(Session& session) {
    if (auto started = session.start(); !started) return fail(started.error());
    session.measure(g_interrupted);
    session.print_forward_statistics();
    const std::string result = session.result().dump();
    if (session.options().json) std::printf("%s\n", result.c_str());
    return session.options().report.empty() ? 0 : write_report(result, session.options().report);
}

int run(const Options& options) {
    auto ports = PortSet::open(options);
    if (!ports) return fail(ports.error());
    Session session(options, *ports.value());
    return options.interactive ? run_prompt(session, g_interrupted) : run_once(session);
}

// What stands before `--` is EAL's.
int arguments_of_eal(int argc, char** argv) {
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]) == "--") return i;
    return argc;
}

}  // namespace

int main(int argc, char** argv) {
    const int for_eal = arguments_of_eal(argc, argv);
    std::vector<const char*> own{"nlb-perf"};
    own.insert(own.end(), argv + std::min(for_eal + 1, argc), argv + argc);
    // Our own mistakes are told before EAL takes seconds and ports.
    const ParsedOptions parsed = parse_options(static_cast<int>(own.size()), own.data());
    if (parsed.exit_code) return *parsed.exit_code;
    if (rte_eal_init(for_eal, argv) < 0)
        return fail(Error{std::string{"EAL did not start: "} + rte_strerror(rte_errno)});
    std::signal(SIGINT, interrupt);
    std::signal(SIGTERM, interrupt);
    const int exit_code = run(parsed.options);
    rte_eal_cleanup();
    return exit_code;
}
