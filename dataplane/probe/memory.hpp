// Whether the memory that the plan needs is there, by the start's own calculation. It allocates
// nothing.
#pragma once

#include <vector>

#include "config/finding_table.hpp"
#include "dataplane/startup/machine.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

// `runs`: a dataplane of this plan has its memory already, so what is free says nothing.
[[nodiscard]] config::Findings judge_memory(const StartupPlan& plan, const Machine& machine,
                                            const std::vector<HugePages>& pages, bool runs);

}  // namespace nlb::dataplane
