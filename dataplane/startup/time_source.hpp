// Whether the time stamp counter can be trusted for leases: what the CPU says of it, and what the
// kernel has made of it. A guest under emulation may not tell, so this warns and refuses nothing.
// Thread: main, at the start.
#pragma once

#include <string>

namespace nlb::dataplane {

// `clocksource`: the kernel's choice, `flags`: of /proc/cpuinfo. One sentence, empty when all is
// well.
[[nodiscard]] std::string time_source_complaint(const std::string& clocksource,
                                                const std::string& flags);

// Of this machine.
[[nodiscard]] std::string time_source_complaint();

}  // namespace nlb::dataplane
