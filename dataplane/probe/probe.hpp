// `nlb-dataplane --probe`: reads this machine, judges it by the plan, asks DPDK for the ports, and
// ends. Beside a running dataplane it opens no port. It changes nothing that lasts.
#pragma once

#include "dataplane/probe/report.hpp"
#include "dataplane/startup/files.hpp"
#include "dataplane/startup/inside_choice.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

// `plan.run_dir` is looked at for a running dataplane. Requires: called once in a process, before
// any other thread exists.
[[nodiscard]] ProbeReport probe(const StartupPlan& plan, const config::Config& config,
                                const std::vector<InsideChoice>& choices, const Files& files);

}  // namespace nlb::dataplane
