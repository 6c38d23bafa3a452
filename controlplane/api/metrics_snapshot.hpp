// What one scrape shows, as plain values: the loop makes it, the thread that answers HTTP reads it.
// Names are metrics.cpp's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/agent/histogram.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

struct RuleNumbers {
    std::string name;
    RuleId id = 0;
    std::uint64_t owned = 0;
    std::uint64_t orphaned = 0;
};

struct PeerNumbers {
    std::string name;
    std::uint64_t received = 0;
    Histogram interval;
    bool mismatch = false;
};

struct ClusterNumbers {
    std::string name;
    std::vector<RuleNumbers> rules;
    std::vector<PeerNumbers> peers;
    std::map<std::string, std::uint64_t> hosts_by_state;
    Traffic traffic;
    bool converging = true;
    std::map<std::string, std::uint64_t> convergences;
    Histogram convergence;
    Histogram orphan_windows;
    std::uint64_t epoch = 0;
    std::uint64_t frames_sent = 0;
    std::array<std::uint64_t, kFrameFaults> frames_refused{};
    GrantCounts grants;
    double fence_remaining_s = 0;
    std::uint64_t generation = 0;
};

struct LoopNumbers {
    Histogram lateness;
    std::uint64_t late = 0;
};

struct MetricsSnapshot {
    std::vector<ClusterNumbers> clusters;
    LoopNumbers loop;
    bool dataplane_connected = false;
};

[[nodiscard]] ClusterNumbers numbers_of(const ClusterAgent& agent, Instant now);

}  // namespace nlb::controlplane
