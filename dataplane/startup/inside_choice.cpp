// virtio-user over vhost-net is for who writes its device string: why, docs/decisions.md says.
#include "dataplane/startup/inside_choice.hpp"

#include <algorithm>

namespace nlb::dataplane {
namespace {

bool is_taken(const StartupPlan& plan, const std::string& name) {
    return std::any_of(plan.clusters.begin(), plan.clusters.end(), [&](const ClusterPlan& cluster) {
        return cluster.outside.name == name || cluster.inside.name == name;
    });
}

// The same interface by DPDK's driver.
Device as_net_tap(const Device& device, const StartupPlan& plan) {
    unsigned number = 0;
    while (is_taken(plan, "net_tap" + std::to_string(number))) ++number;
    return {"net_tap" + std::to_string(number), "net_tap", device.arguments};
}

}  // namespace

std::vector<InsideChoice> choose_inside_devices(StartupPlan& plan,
                                                const Surroundings& surroundings) {
    std::vector<InsideChoice> choices;
    for (ClusterPlan& cluster : plan.clusters) {
        if (!cluster.inside_plan.by_name) continue;
        if (!surroundings.tap_has_offloads) cluster.inside = as_net_tap(cluster.inside, plan);
        choices.push_back({cluster.name, cluster.inside,
                           surroundings.tap_has_offloads
                               ? "taps of this kernel have queues and offloads"
                               : "taps of this kernel have no queues or no offloads, so each frame "
                                 "costs a worker a system call"});
    }
    return choices;
}

}  // namespace nlb::dataplane
