// How many buckets would change hands by a command, before it is given: an operator may bound that
// (`--max-moves`). It foresees the coordinator's next map (config/plan) by what each host states
// now; it changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/plan.hpp"
#include "controlplane/agent/cluster_agent.hpp"

namespace nlb::controlplane {

// What a command of this host would move. Nothing where this host knows no map, because it takes no
// part. The plan refers to the agent's settings (and to `fresh`): it does not outlive them.
// This host leaves (stop, drainstop, suspend) or offers again all that its rules allow (start).
[[nodiscard]] std::optional<config::MovePlan> plan_of_host(const ClusterAgent& agent,
                                                           bool takes_part);
// Its rules become `wanted`.
[[nodiscard]] std::optional<config::MovePlan> plan_of_rules(const ClusterAgent& agent,
                                                            const std::vector<RuleId>& rules,
                                                            RuleState wanted);
// `fresh` is in force.
[[nodiscard]] std::optional<config::MovePlan> plan_of_reload(const ClusterAgent& agent,
                                                             const ClusterSettings& fresh);

// Buckets of the cluster that have an owner now and another one after `fresh` is in force: by its
// agreed part on every host, else by what this host alone offers. 0 where this host takes no part.
[[nodiscard]] std::size_t moves_of_reload(const ClusterAgent& agent, const ClusterSettings& fresh);

// The same if this host took part now, by what it overhears of the others. 0 where it takes part.
[[nodiscard]] std::size_t moves_of_start(const ClusterAgent& agent, Instant now);

[[nodiscard]] std::string too_many_moves(const ClusterSettings& settings, std::size_t moves,
                                         std::uint64_t most);

}  // namespace nlb::controlplane
