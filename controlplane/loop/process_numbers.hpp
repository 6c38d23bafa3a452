// What the kernel says of a process, for metrics: processor time, memory, files.
#pragma once

#include <sys/types.h>

#include "controlplane/api/metrics_snapshot.hpp"

namespace nlb::controlplane {

// All zero when there is no such process, or it may not be looked at. Reads /proc; it costs some
// ten microseconds.
[[nodiscard]] ProcessNumbers process_numbers(pid_t pid);

}  // namespace nlb::controlplane
