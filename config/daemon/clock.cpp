#include "config/daemon/clock.hpp"

#include <ctime>

namespace nlb::daemon {
namespace {

constexpr Duration kNoise = std::chrono::milliseconds{1};

Duration read(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

}  // namespace

Duration SleptTime::note(const KernelClocks& clocks) {
    const Duration at_least = clocks.boottime - clocks.monotonic;
    std::int64_t known = ns_.load(std::memory_order_relaxed);
    while (at_least > Duration{known} + kNoise &&
           !ns_.compare_exchange_weak(known, at_least.count(), std::memory_order_relaxed)) {
    }
    return Duration{ns_.load(std::memory_order_relaxed)};
}

Instant monotonic_now() {
    static SleptTime slept;
    KernelClocks clocks;
    clocks.boottime = read(CLOCK_BOOTTIME);
    clocks.monotonic = read(CLOCK_MONOTONIC);
    const Duration asleep = slept.note(clocks);
    return Instant{read(CLOCK_MONOTONIC_RAW) + asleep};
}

}  // namespace nlb::daemon
