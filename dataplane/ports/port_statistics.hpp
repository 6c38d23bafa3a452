// What a port's driver counts, in the words that all drivers share: ethdev's basic statistics, and
// of the extended ones those that an operator acts on, whatever a driver calls them. Thread: main.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/ipc/port_report.hpp"

namespace nlb::dataplane {

// The counter that an extended statistic of that name adds to; nullptr: none.
[[nodiscard]] std::uint64_t ipc::PortCounters::*counter_of(std::string_view xstat);

// Each number as of a device that began again from zero, on top of what it had before. One that
// went back means the same: the device was reset.
[[nodiscard]] ipc::PortCounters continued(const ipc::PortCounters& before,
                                          const ipc::PortCounters& last,
                                          const ipc::PortCounters& now);

class PortStatistics {
public:
    // Finds the names once. Requires: the port is configured, as drivers name per queue.
    void bind(std::uint16_t port);
    // Asks the driver; some need a millisecond and more. Keeps what was when it does not answer.
    void read(std::uint16_t port);
    [[nodiscard]] const ipc::PortCounters& counters() const { return total_; }

private:
    struct Extended {
        std::uint64_t id;
        std::uint64_t ipc::PortCounters::*counter;
    };
    std::vector<Extended> extended_;
    ipc::PortCounters total_;
    ipc::PortCounters last_;  // as the driver told
};

}  // namespace nlb::dataplane
