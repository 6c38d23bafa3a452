// The pool that all frames live in, and what main and workers pass to one another with a frame.
#pragma once

#include <cstdint>
#include <memory>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "core/packet/reasons.hpp"

namespace nlb::dataplane {

// Lies in each buffer's private area: the time of frames that go to main; what frames were counted
// as that another lane sends.
struct FrameNote {
    std::int64_t received_ns;
    Reason reason;
    RuleId rule;
};
[[nodiscard]] inline FrameNote& note_of(rte_mbuf* buffer) {
    return *static_cast<FrameNote*>(rte_mbuf_to_priv(buffer));
}

struct FreePool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using Pool = std::unique_ptr<rte_mempool, FreePool>;
[[nodiscard]] Result<Pool> make_pool(std::uint32_t buffers, int socket);

struct FreeRing {
    void operator()(rte_ring* ring) const;  // and the frames that are left in it
};
using Ring = std::unique_ptr<rte_ring, FreeRing>;
// Many producers, one consumer.
[[nodiscard]] Result<Ring> make_ring(const std::string& name, std::uint32_t frames, int socket);

// nullptr when the pool is empty or the frame does not fit.
[[nodiscard]] rte_mbuf* copy_frame(rte_mempool* pool, std::span<const Byte> frame);

}  // namespace nlb::dataplane
