// Names the CPUs, as that is what the configuration lists.
#include "dataplane/ports/numa.hpp"

#include <fmt/format.h>

namespace nlb::dataplane {

std::string far_workers(const std::string& cluster, const char* side, int adapter_node,
                        const std::vector<WorkerNode>& workers) {
    std::string cpus;
    if (adapter_node < 0) return cpus;
    for (const WorkerNode& worker : workers)
        if (worker.node >= 0 && worker.node != adapter_node)
            cpus += fmt::format("{}{}", cpus.empty() ? "" : ",", worker.cpu);
    if (cpus.empty()) return cpus;
    return fmt::format(
        "cluster {} {} is on NUMA node {}, lcores {} are not: every packet crosses; name "
        "lcores of that node",
        cluster, side, adapter_node, cpus);
}

}  // namespace nlb::dataplane
