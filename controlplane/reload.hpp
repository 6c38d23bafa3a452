// What a configuration that was read again would change on this host alone, or why it cannot be taken over while running. Pure.
// What all hosts must agree on is never changed here: every host must hold it before any uses it.
#pragma once

#include <string>

#include "config/schema.hpp"
#include "core/result.hpp"

namespace nlb::controlplane {

// Empty: nothing changes in this cluster. Otherwise what does, for people: `weights.http: 70 -> 30, ...`.
// An error names the first thing that cannot change, with both values and the remedy.
[[nodiscard]] Result<std::string> local_changes(const config::Cluster& in_force, const config::Cluster& fresh,
                                                const std::string& host_name);

// The same for what stands beside the clusters.
[[nodiscard]] Status check_surroundings(const config::Config& in_force, const config::Config& fresh);

}  // namespace nlb::controlplane
