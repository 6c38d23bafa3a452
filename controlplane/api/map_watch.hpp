// What a new map moved, and windows in which buckets had no owner, as events. It is looked for some
// times a second, beside the agent: whoever looks afterwards reads it with all other events.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/agent/events.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

// What is looked at of a cluster.
struct ClusterMoment {
    std::string cluster;
    std::string host;  // this one
    Epoch epoch;       // Epoch{}: this host knows no map
    std::string coordinator;
    const OwnerMap* targets = nullptr;
    std::uint64_t windows = 0;  // that have ended, ever
    double windows_s = 0;       // and how long they were together
};
[[nodiscard]] ClusterMoment moment_of(const ClusterAgent& agent);

// Thread: the loop's.
class MapWatch {
public:
    // What happened since the last look; nothing at the first one, which finds what there was.
    [[nodiscard]] std::vector<Event> observe(const ClusterMoment& moment);

private:
    struct Known {
        Epoch epoch;
        OwnerMap targets{};
        std::uint64_t windows = 0;
        double windows_s = 0;
        bool seen = false;
    };
    std::map<std::string, Known> clusters_;  // at most those of the configuration
};

}  // namespace nlb::controlplane
