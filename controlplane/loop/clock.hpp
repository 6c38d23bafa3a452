// The one place where this program asks what time it is. Decisions use only monotonic time; core
// never asks at all.
#pragma once

#include "core/base/types.hpp"

namespace nlb::controlplane {

// CLOCK_MONOTONIC, which the dataplane reads too: leases are absolute times of it.
[[nodiscard]] Instant monotonic_now();

[[nodiscard]] inline double in_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}
[[nodiscard]] inline std::int64_t in_milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace nlb::controlplane
