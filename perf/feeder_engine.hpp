// Keeps a ring filled with frames that lie ready in their buffers: what the forwarder next to it
// frees comes back, at the price of an allocation and no copy. It makes no traffic of its own; for
// measuring a path without a driver that copies.
#pragma once

#include <rte_ring.h>

#include "perf/engine.hpp"

namespace nlb::perf {

class FeederEngine final : public Engine {
public:
    // Writes frames of the traffic into every free buffer of the pool. Requires: no other core
    // takes buffers of it.
    static Result<std::unique_ptr<Engine>> make(const Options& options, rte_ring* ring,
                                                rte_mempool* pool);
    void turn() override;

private:
    FeederEngine(const Options& options, rte_ring* ring, rte_mempool* pool)
        : options_(options), ring_(ring), pool_(pool) {}
    Status write_frames(Traffic& traffic);

    const Options options_;
    rte_ring* const ring_;
    rte_mempool* const pool_;
    std::uint16_t length_ = 0;  // of every frame
};

}  // namespace nlb::perf
