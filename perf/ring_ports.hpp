// Ports that are cabled to one another by rings in this process's memory, two by two: what leaves
// one arrives at the other, and a full ring loses it, as a full receive queue does. For trials
// without an adapter; it knows no rate but that of the cores.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/frames/buffers.hpp"

namespace nlb::perf {

class RingPorts {
public:
    // Port 2n is cabled to port 2n + 1. Requires: EAL runs; the ports are closed before this value
    // dies.
    Status add_pairs(std::uint16_t pairs, std::uint16_t queues, std::uint16_t frames);
    // Two ports of one queue: what either sends arrives at the first, nothing at the second.
    // Whatever is accepted goes round.
    Status add_loop(std::uint16_t frames);
    // The loop's ring; nullptr: there is none.
    [[nodiscard]] rte_ring* loop() const { return loop_; }

private:
    Status add_port(const std::string& name, std::size_t rx, std::size_t tx, std::uint16_t queues);
    std::vector<dataplane::Ring> rings_;
    rte_ring* loop_ = nullptr;
};

}  // namespace nlb::perf
