// What `query` and `params` answer, as JSON (docs/control-socket.md), and the state of each host.
// It only reads, and this is where states become words.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"

namespace nlb::controlplane {

// `only`: the rules to show; empty: all of them and the default one.
[[nodiscard]] nlohmann::json cluster_view(const ClusterAgent& agent, Instant now,
                                          const std::vector<RuleId>& only = {});
[[nodiscard]] nlohmann::json params_view(const ClusterAgent& agent);

// 1005..1009, 1013 or 1014: this host's state as NLB's return value.
[[nodiscard]] ReturnValue state_value(const ClusterAgent& agent);

// What a host of the cluster states, as this host heard it.
enum class HostShown : std::uint8_t {
    absent,  // never heard, or buried
    converged,
    converging,
    draining,
    joining,
    silent,  // a member that is not heard any more
    stopped,
    suspended,  // this host only: others cannot be told apart from stopped ones
};
inline constexpr std::size_t kHostShownStates = 8;
[[nodiscard]] std::string_view name_of(HostShown state);
[[nodiscard]] HostShown state_of_host(const ClusterAgent& agent, HostId id);

}  // namespace nlb::controlplane
