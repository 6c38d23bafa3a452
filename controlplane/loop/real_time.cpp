// Neither needs root: CAP_SYS_NICE and CAP_IPC_LOCK, or limits that allow them, are enough.
#include "controlplane/loop/real_time.hpp"

#include <cerrno>
#include <cstring>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

namespace nlb::controlplane {
namespace {

// Above ordinary programs, below interrupt threads and whatever else runs in real time.
constexpr int kPriority = 10;

// Under a limit MCL_FUTURE would make later allocations fail, so the future is locked only where
// there is none.
bool lock_memory() {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    const bool no_limit = setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
    return mlockall((no_limit ? MCL_FUTURE : 0) | MCL_CURRENT | MCL_ONFAULT) == 0;
}

}  // namespace

std::vector<std::string> ask_for_real_time() {
    std::vector<std::string> refused;
    if (!lock_memory())
        refused.push_back(std::string{"memory is not locked: "} + std::strerror(errno));
    sched_param parameters{};
    parameters.sched_priority = kPriority;
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) != 0)
        refused.push_back(std::string{"no real-time priority: "} + std::strerror(errno));
    return refused;
}

}  // namespace nlb::controlplane
