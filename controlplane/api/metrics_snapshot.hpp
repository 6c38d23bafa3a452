// What one scrape shows, as plain values: the loop makes it, the thread that answers HTTP reads it.
// Names, types and help are metrics_table's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/agent/histogram.hpp"
#include "controlplane/api/serving.hpp"
#include "controlplane/api/views.hpp"
#include "core/remote/remote_host.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// Of one port rule on this host.
struct RuleNumbers {
    std::string name;
    RuleId id = 0;
    std::uint64_t owned = 0;     // buckets that this host states to own
    std::uint64_t orphaned = 0;  // buckets that nobody states to own although somebody should
    // Absent: the rule has no health check, or it has not spoken yet.
    std::optional<bool> health_up;
    // Of the rule's checks; absent: it has none.
    std::optional<Histogram> check_seconds;
};

// Of another configured host.
struct PeerNumbers {
    std::string name;
    std::uint64_t received = 0;
    Histogram interval;  // seconds between two heartbeats
    bool mismatch = false;
};

// The state of a configured host, as this one hears it.
struct HostNumbers {
    std::string name;
    HostShown state = HostShown::absent;
};

struct ClusterNumbers {
    std::string name;
    std::vector<RuleNumbers> rules;
    std::vector<PeerNumbers> peers;
    std::array<std::uint64_t, kHostShownStates> hosts_by_state{};  // by HostShown
    Traffic traffic;
    bool converging = true;  // as `query` says it
    bool link_up = false;
    bool deaf = false;
    bool fenced = false;  // it takes part, and its cores answer nobody
    std::uint64_t connections_max = 0;
    std::vector<HostNumbers> hosts;  // every configured one
    ConvergenceStatistics::Counts convergences{};
    Histogram convergence;
    Histogram orphan_windows;
    std::uint64_t epoch = 0;
    std::uint64_t frame_version = 0;  // that the epoch goes by
    bool mixed_versions = false;
    std::uint64_t heartbeats_sent = 0;
    std::uint64_t other_frames_sent = 0;
    std::uint64_t announcements = 0;                           // of virtual addresses
    std::uint64_t address_conflicts = 0;                       // claims of strangers
    std::array<std::uint64_t, kFrameFaults> frames_refused{};  // by FrameFault
    GrantCounts grants;
    // Nothing: remote control is off.
    std::optional<remote::OutcomeCounts> remote_requests;
    double fence_remaining_s = 0;
    std::uint64_t generation = 0;
};

struct LoopNumbers {
    Histogram lateness;      // seconds
    std::uint64_t late = 0;  // times that it was more than was promised
};

// What the kernel says of one process; all zero: it is not known.
struct ProcessNumbers {
    double cpu_seconds = 0;
    double start_time_s = 0;  // since 1970
    double resident_bytes = 0;
    double open_fds = 0;
};

struct MetricsSnapshot {
    std::vector<ClusterNumbers> clusters;
    LoopNumbers loop;
    ProcessNumbers own;
    ProcessNumbers dataplane;
    Serving serving{false, "SERVES NOBODY: the control plane has only begun"};
    bool dataplane_connected = false;
};

[[nodiscard]] ClusterNumbers numbers_of(const ClusterAgent& agent, Instant now);

}  // namespace nlb::controlplane
