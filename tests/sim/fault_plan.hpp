// What goes wrong in a run, and when; all of it drawn from the run's seed before the first event.
#pragma once

namespace nlb::sim {

class World;

// Puts boots, faults and the final repair on the world's schedule.
void plan_faults(World& world);

}  // namespace nlb::sim
