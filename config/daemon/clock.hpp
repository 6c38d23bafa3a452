// The one place where the two daemons ask what time it is. Both must mean the same instant by a
// lease, so both read CLOCK_MONOTONIC; nothing that decides asks at all.
#pragma once

#include "core/base/types.hpp"

namespace nlb::daemon {

// Nanoseconds since some point before the start of the machine. Thread: any.
[[nodiscard]] Instant monotonic_now();

}  // namespace nlb::daemon
