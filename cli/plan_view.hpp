// What a change would move, as `nlb plan` says it; also for commands that make the change.
#pragma once

#include <string>

#include "cli/console.hpp"
#include "cli/map_source.hpp"
#include "config/plan.hpp"

namespace nlb::cli {

// Members stay members if `next` still has their id. `map` and `next` outlive the plan.
[[nodiscard]] Result<config::MovePlan> plan_of_new_configuration(const MapInUse& map,
                                                                 const config::Config& next);
[[nodiscard]] Json plan_in_json(const MapInUse& map, const config::MovePlan& plan);
// For people.
void show_plan(const MapInUse& map, const config::MovePlan& plan, Console& console);
[[nodiscard]] std::string too_many_moves(const config::MovePlan& plan, std::uint64_t max_moves);

}  // namespace nlb::cli
