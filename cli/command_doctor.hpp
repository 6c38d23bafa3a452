// doctor: what is wrong on this host or will be, and what mends it. Thread: main.
#pragma once

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

// Of tests: a folder that lies over /proc, /sys and /etc.
inline constexpr const char* kDoctorRoot = "NLB_DOCTOR_ROOT";

// It asks nlb-dataplane, and the control plane when one answers.
ExitCode run_doctor(const Options& options, Console& console);

}  // namespace nlb::cli
