// What the page shows of a host, as JSON: `query` as it is, and beside it what only a picture
// wants (colours, who is dirty, counters by reason). It only reads.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "config/plan.hpp"
#include "controlplane/agent/cluster_roster.hpp"
#include "controlplane/manager/timeline.hpp"

namespace nlb::controlplane {

struct PageFacts {
    std::string version;
    WallTime now_ms = 0;
    std::uint64_t history = 0;  // EventHistory::added()
    bool may_command = false;   // a token is configured
};

// One cluster of it.
[[nodiscard]] nlohmann::json cluster_page(const ClusterAgent& agent, Instant now);
[[nodiscard]] nlohmann::json page_view(const ClusterAgents& agents, Instant now,
                                       const PageFacts& facts);
// Changes when something does that somebody would want to see at once: an owner, a state, a reason.
// Numbers that run do not count.
[[nodiscard]] std::uint64_t fingerprint_of(const ClusterAgent& agent, Instant now);

// How a plan of moves reads: by rule and pair of hosts. `known` is false where this host has no
// map.
[[nodiscard]] nlohmann::json moves_view(const std::string& cluster,
                                        const std::optional<config::MovePlan>& plan);

}  // namespace nlb::controlplane
