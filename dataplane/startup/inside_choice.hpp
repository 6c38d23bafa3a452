// What serves `inside: {kind: kernel, name: nlb0}` on this machine: a tap of our own where the
// kernel has what it takes, else DPDK's. It opens nothing. Thread: main, before EAL.
#pragma once

#include <string>
#include <vector>

#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

struct InsideChoice {
    std::string cluster;
    Device device;
    std::string because;
};

// Sets the inside device of each cluster that names a kernel interface only; what was chosen, and
// why.
[[nodiscard]] std::vector<InsideChoice> choose_inside_devices(StartupPlan& plan,
                                                              const Surroundings& surroundings);

}  // namespace nlb::dataplane
