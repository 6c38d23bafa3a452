// How long something took: by the clock, which other programs share, and in processor time of this
// thread, which is its own work. What interrupts and the hypervisor take counts for both; the
// shorter of the two is what can be said of the program.
#pragma once

#include <rte_cycles.h>
#include <time.h>

#include "perf/latency.hpp"

namespace nlb::perf {

struct Times {
    Latency wall;
    Latency processor;
    [[nodiscard]] nlohmann::ordered_json figures() const {
        return {{"wall_ns", wall.figures()}, {"processor_ns", processor.figures()}};
    }
};

[[nodiscard]] inline std::uint32_t ns_of(std::uint64_t cycles) {
    return static_cast<std::uint32_t>(static_cast<double>(cycles) * 1e9 /
                                      static_cast<double>(rte_get_tsc_hz()));
}

class Stopwatch {
public:
    Stopwatch() : processor_(processor_ns()), begin_(rte_rdtsc()) {}
    // Nanoseconds by the clock. A system call, so not for what takes less than a microsecond.
    std::uint32_t stop(Times& to) const {
        const std::uint32_t wall = ns_of(rte_rdtsc() - begin_);
        to.wall.add(wall);
        to.processor.add(static_cast<std::uint32_t>(processor_ns() - processor_));
        return wall;
    }
    [[nodiscard]] static std::uint64_t processor_ns() {
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
               static_cast<std::uint64_t>(now.tv_nsec);
    }

private:
    std::uint64_t processor_;
    std::uint64_t begin_;
};

}  // namespace nlb::perf
