// The arguments that EAL is started with, derived from the plan and the machine. Nobody types them,
// and nothing is tried: what cannot work is refused here with the reason, because EAL cannot be
// started twice in one process.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/startup/lcores.hpp"
#include "dataplane/startup/machine.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

struct EalPlan {
    std::vector<std::string> arguments;  // argv, the program's name first
    std::vector<std::string> warnings;   // one line each
    Lcores lcores;
    MemoryNeed need;
    Adapters adapters;  // the machine's, of this plan
    bool huge_pages = false;
};

// Refuses a plan that needs more memory than there is, or more lcores than EAL knows. Requires:
// each cluster has a CPU, the machine too. Thread: main.
[[nodiscard]] Result<EalPlan> plan_eal(const StartupPlan& plan, const Machine& machine);

}  // namespace nlb::dataplane
