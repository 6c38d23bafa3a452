// net_ring, by its own call: its device arguments know no pairs.
#include "perf/ring_ports.hpp"

#include <fmt/format.h>
#include <rte_eth_ring.h>

namespace nlb::perf {

Status RingPorts::add_pairs(std::uint16_t pairs, std::uint16_t queues, std::uint16_t frames) {
    for (std::uint16_t pair = 0; pair < pairs; ++pair) {
        const std::size_t first = rings_.size();
        for (int i = 0; i < 2 * queues; ++i) {
            auto ring = dataplane::make_ring(fmt::format("perf cable {}", rings_.size()), frames,
                                             SOCKET_ID_ANY);
            if (!ring) return ring.error();
            rings_.push_back(std::move(ring.value()));
        }
        if (auto added = add_port(fmt::format("cable{}a", pair), first, first + queues, queues);
            !added)
            return added;
        if (auto added = add_port(fmt::format("cable{}b", pair), first + queues, first, queues);
            !added)
            return added;
    }
    return Done{};
}

Status RingPorts::add_loop(std::uint16_t frames) {
    for (const char* name : {"perf loop", "perf nothing"}) {
        auto ring = dataplane::make_ring(name, frames, SOCKET_ID_ANY);
        if (!ring) return ring.error();
        rings_.push_back(std::move(ring.value()));
    }
    const std::size_t loop = rings_.size() - 2;
    loop_ = rings_[loop].get();
    if (auto added = add_port("loopa", loop, loop, 1); !added) return added;
    return add_port("loopb", loop + 1, loop, 1);
}

Status RingPorts::add_port(const std::string& name, std::size_t rx, std::size_t tx,
                           std::uint16_t queues) {
    std::vector<rte_ring*> from;
    std::vector<rte_ring*> to;
    for (std::size_t queue = 0; queue < queues; ++queue) {
        from.push_back(rings_[rx + queue].get());
        to.push_back(rings_[tx + queue].get());
    }
    if (rte_eth_from_rings(name.c_str(), from.data(), queues, to.data(), queues, 0) < 0)
        return Error{fmt::format("--ring-pairs: port {} could not be made", name)};
    return Done{};
}

}  // namespace nlb::perf
