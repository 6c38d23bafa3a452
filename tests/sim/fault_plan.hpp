// What goes wrong in a run, and when; all of it drawn from the run's seed before the first event.
#pragma once

#include "core/base/prng.hpp"
#include "tests/sim/fault_event.hpp"
#include "tests/sim/settings.hpp"

namespace nlb::sim {

// Boots and faults of a run. Events of time zero that say so are no events of the run but what it
// begins with.
[[nodiscard]] FaultEvents plan_faults(const Settings& settings, Prng& prng);

}  // namespace nlb::sim
