// The one place where the two daemons ask what time it is. Both must mean the same instant by a
// lease, so both read the same clock; nothing that decides asks at all.
//
// It is made of three clocks of the kernel (clock_gettime(2)): CLOCK_MONOTONIC_RAW, which nobody
// slews (chrony may slew the others by 83,333 ppm, and a lease bears 1 %), and the time that the
// machine has slept, by which CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC. A machine that was
// suspended finds its lease over when it wakes. One that is frozen whole (a paused guest) takes its
// clocks along, and no clock shows it.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/types.hpp"

namespace nlb::daemon {

// What the kernel showed, in this order: so the difference is never more than the machine has
// slept.
struct KernelClocks {
    Duration boottime{};
    Duration monotonic{};
};

// How long the machine has slept since its start, from readings between which this thread may have
// lost its core. It grows by whole sleeps; what is below a millisecond is the noise of reading.
// Thread: any.
class SleptTime {
public:
    Duration note(const KernelClocks& clocks);

private:
    std::atomic<std::int64_t> ns_{0};  // publishes nothing but itself
};

// Nanoseconds since some point before the start of the machine; it never goes back. Thread: any.
[[nodiscard]] Instant monotonic_now();

}  // namespace nlb::daemon
