#include "config/daemon/clock.hpp"

#include <ctime>

namespace nlb::daemon {

Instant monotonic_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return Instant{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

}  // namespace nlb::daemon
