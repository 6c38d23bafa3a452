// All Ethernet devices that EAL found, with queues and a pool each, started; and the streams
// between them. Ports are paired as testpmd pairs them: 0 with 1, 2 with 3, an odd last one with
// itself.
#pragma once

#include <memory>
#include <rte_ethdev.h>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/frames/buffers.hpp"
#include "perf/engine.hpp"
#include "perf/options.hpp"
#include "perf/ring_ports.hpp"
#include "perf/stream.hpp"

namespace nlb::perf {

// Slots in PortSet::ports(), behind the last one excluded.
struct PortRange {
    std::size_t begin;
    std::size_t end;
};

class PortSet {
public:
    static Result<std::unique_ptr<PortSet>> open(const Options& options);
    ~PortSet();

    [[nodiscard]] const std::vector<std::uint16_t>& ports() const { return ports_; }
    // Each queue of each port of the range that this mode receives on (or, for generators, sends
    // on).
    [[nodiscard]] std::vector<std::unique_ptr<Stream>> make_streams(const Options& options,
                                                                    Mode mode,
                                                                    PortRange range) const;
    // What a report says of them: device, driver, firmware, node, queues, offloads.
    [[nodiscard]] Json describe() const;
    // Of --ring-loop; nullptr: there is none.
    [[nodiscard]] rte_ring* loop() const { return rings_.loop(); }
    [[nodiscard]] rte_mempool* pool() const { return pools_.front().get(); }
    // Over all ports.
    [[nodiscard]] rte_eth_stats totals() const;

private:
    PortSet() = default;
    Status open_port(std::uint16_t port, const Options& options);
    [[nodiscard]] std::uint16_t peer_of(std::size_t index, PortRange range) const;

    std::vector<std::uint16_t> ports_;
    std::vector<dataplane::Pool> pools_;
    RingPorts rings_;  // closed before the pools: frames are left in them
};

// A port's figures, in testpmd's words; rates are since the last show.
class PortDisplay {
public:
    void show(std::uint16_t port);

private:
    struct Last {
        rte_eth_stats stats{};
        std::uint64_t cycles = 0;
    };
    std::vector<Last> last_ = std::vector<Last>(RTE_MAX_ETHPORTS);
};

}  // namespace nlb::perf
