// One queue of one port on its way to a queue of another, with what its core counts. Counters are
// plain words of one writer; main reads them relaxed.
#pragma once

#include <cstdint>
#include <rte_mempool.h>

namespace nlb::perf {

struct StreamCounters {
    std::uint64_t rx_packets = 0;
    std::uint64_t tx_packets = 0;
    std::uint64_t tx_dropped = 0;  // the port did not take them
    std::uint64_t bursts = 0;      // that held a frame
    std::uint64_t busy_cycles = 0;
};

struct Stream {
    std::uint16_t rx_port = 0;
    std::uint16_t tx_port = 0;
    std::uint16_t queue = 0;
    rte_mempool* pool = nullptr;  // of the receiving port
    alignas(64) StreamCounters counters;
};

}  // namespace nlb::perf
