// What `query` and `params` answer, as JSON (docs/control-socket.md). It only reads.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "controlplane/agent/cluster_agent.hpp"

namespace nlb::controlplane {

// `only`: the rules to show; empty: all of them and the default one.
[[nodiscard]] nlohmann::json cluster_view(const ClusterAgent& agent, Instant now,
                                          const std::vector<RuleId>& only = {});
[[nodiscard]] nlohmann::json params_view(const ClusterAgent& agent);

// 1005..1009 or 1013: the host's state as NLB's return value.
[[nodiscard]] ReturnValue state_value(const ClusterAgent& agent);

// The state that a host of the cluster states, as one word: `stopped`, `joining`, `converging`,
// `converged`, `draining`; `silent`: a member that is not heard any more; `absent`: never heard or
// buried.
[[nodiscard]] std::string_view state_of_host(const ClusterAgent& agent, HostId id);

}  // namespace nlb::controlplane
