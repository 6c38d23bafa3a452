// Which thread runs on which CPU: lcore 0 is the main one, lcore i + 1 is worker i. A plan only; it
// starts nothing. Small machines get the same threads as big ones, sharing what CPUs there are:
// slower, never refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

struct Lcores {
    std::string mapping;                 // for EAL's --lcores
    std::vector<std::uint16_t> workers;  // the CPU that the operator gave to worker i, ascending
    std::vector<std::uint16_t> spare;    // CPUs without a worker; empty: main's are as good
    std::string warning;                 // one line when threads share CPUs; else empty
};

// `allowed`: the CPUs that this process may run on, ascending. Refuses more workers than EAL has
// lcores for. Requires: `allowed` is not empty.
[[nodiscard]] Result<Lcores> plan_lcores(const std::vector<ClusterPlan>& clusters,
                                         const std::optional<std::uint16_t>& main_cpu,
                                         const std::vector<std::uint16_t>& allowed);

}  // namespace nlb::dataplane
