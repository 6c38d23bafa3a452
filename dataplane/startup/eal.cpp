// rte_eal_init and its counterpart; signals are arranged before, because EAL's threads inherit what
// is blocked.
#include "dataplane/startup/eal.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <rte_eal.h>
#include <rte_errno.h>
#include <utility>

#include "core/base/assert.hpp"
#include "dataplane/startup/diagnosis.hpp"

namespace nlb::dataplane {
namespace {

// Main reads TERM and INT from a descriptor; real-time signals are net_tap's and belong to the
// first worker (worker.cpp). When their queue overflows the kernel sends a plain SIGIO instead,
// which would end the process; the frames are found through those queued.
void arrange_signals() {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&blocked, number);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    for (const int number : {SIGHUP, SIGPIPE, SIGIO}) std::signal(number, SIG_IGN);
}

}  // namespace

Result<std::unique_ptr<Eal>> Eal::start(const EalPlan& plan, const std::string& run_dir,
                                        EalLog& log) {
    static bool started = false;
    NLB_ASSERT(!std::exchange(started, true));
    arrange_signals();
    setenv("RUNTIME_DIRECTORY", run_dir.c_str(), 1);
    std::vector<std::string> arguments = plan.arguments;
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (rte_eal_init(static_cast<int>(arguments.size()), argv.data()) < 0)
        return eal_refused(log.take(), rte_errno);
    log.keep_probe();
    return std::unique_ptr<Eal>(new Eal(run_dir));
}

Eal::~Eal() {
    rte_eal_cleanup();
    std::error_code ignored;
    std::filesystem::remove_all(run_dir_ + "/dpdk", ignored);
}

}  // namespace nlb::dataplane
