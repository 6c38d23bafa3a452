// NUMA: a worker that reads its packets from another node's memory is slower, and nothing else
// tells the operator. It moves nothing. Thread: main, at the start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nlb::dataplane {

struct WorkerNode {
    std::uint16_t cpu;
    int node;
};
// One line when workers are on another node than the adapter that they serve; empty: all is near,
// or nobody knows (`adapter_node` < 0).
[[nodiscard]] std::string far_workers(const std::string& cluster, const char* side,
                                      int adapter_node, const std::vector<WorkerNode>& workers);

}  // namespace nlb::dataplane
