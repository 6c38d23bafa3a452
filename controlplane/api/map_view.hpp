// What this host knows of the map in force, whole (docs/control-socket.md): for programs that ask
// what a host does with a packet, or what would move. It only reads.
#pragma once

#include <nlohmann/json.hpp>

#include "controlplane/agent/cluster_agent.hpp"

namespace nlb::controlplane {

[[nodiscard]] nlohmann::json map_view(const ClusterAgent& agent, Instant now);

// A text longer than that is left out: an answer is one line of at most a mebibyte.
inline constexpr std::size_t kSourceTextMax = 256 * 1024;

}  // namespace nlb::controlplane
