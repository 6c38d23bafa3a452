#include "dataplane/worker/scheduling.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nlb::dataplane {
namespace {

// Above ordinary programs, below interrupt threads and whatever else runs in real time.
constexpr int kPriority = 10;
constexpr std::uint64_t kSliceNs = 100'000;  // the shortest that the kernel grants

// Of sched_setattr(2), for which glibc has no declaration.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime_ns = 0;  // of SCHED_OTHER: the slice
    std::uint64_t deadline_ns = 0;
    std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

std::optional<std::string> ask_for_real_time() {
    sched_param parameters{};
    parameters.sched_priority = kPriority;
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0)
        return std::nullopt;
    return std::string{"no real-time priority: "} + std::strerror(errno);
}

void ask_for_short_slices() {
    SchedulingAttributes wish;
    // its nice value stays
    if (syscall(SYS_sched_getattr, 0, &wish, sizeof wish, 0) != 0 || wish.policy != SCHED_OTHER)
        return;
    wish.runtime_ns = kSliceNs;
    static_cast<void>(syscall(SYS_sched_setattr, 0, &wish, 0));
}

}  // namespace nlb::dataplane
