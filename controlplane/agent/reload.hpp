// What a configuration that was read again would change, and when it may: what is this host's alone
// at once, what hosts must agree on once every live host holds it, and the rest not while running.
// It compares and names; it changes nothing.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "config/digest.hpp"
#include "config/schema.hpp"
#include "controlplane/agent/cluster_settings.hpp"
#include "controlplane/agent/rule_states.hpp"
#include "core/base/result.hpp"
#include "core/cluster/membership.hpp"

namespace nlb::controlplane {

// What differs, by when it may take effect.
struct Changes {
    // at once; mine: in force, theirs: in the file
    std::vector<config::Difference> local;
    // not empty: everything waits until every live host holds it
    std::vector<config::Difference> agreed;

    [[nodiscard]] bool none() const { return local.empty() && agreed.empty(); }
    // `weights.http: 70 -> 30, ...`
    [[nodiscard]] std::string text() const;
};

// An error names the first thing that cannot change, with both values and the remedy.
[[nodiscard]] Result<Changes> changes_between(const ClusterSettings& in_force,
                                              const ClusterSettings& fresh);

// The same for what stands beside the clusters.
[[nodiscard]] Status check_surroundings(const config::Config& in_force,
                                        const config::Config& fresh);

// Rules keep their states by name; a new rule is enabled.
[[nodiscard]] RuleStates carried_over(const RuleStates& states, const config::Cluster& in_force,
                                      const config::Cluster& fresh);

// What the protocol must know of the next configuration. `states` are by the rules in force.
// `healths` are by the next one's.
[[nodiscard]] StagedConfig held_config(const ClusterSettings& in_force,
                                       const ClusterSettings& fresh, const RuleStates& states,
                                       const ToldHealths& healths);

}  // namespace nlb::controlplane
