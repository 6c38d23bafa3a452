// What of a host survives a restart of its control plane, as values: per cluster what was wanted of
// the host and of its rules. Where it is kept is its caller's business.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controlplane/agent/host_state.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::controlplane {

// Only `initial_state: last` reads it.
struct StoredCluster {
    std::optional<Wanted> wanted;            // nothing: never kept
    std::map<std::string, RuleState> rules;  // those that are not enabled, by name
    bool operator==(const StoredCluster&) const = default;
};
using StoredState = std::map<std::string, StoredCluster>;  // by cluster

}  // namespace nlb::controlplane
