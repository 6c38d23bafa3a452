// The pool that all frames live in, the rings that they pass between main and workers, and what is
// passed with a frame. It waits for nobody: what finds no room is its caller's again.
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
// Requires: the buffer is of a pool with room for it, as make_pool() makes. Thread: who holds the
// buffer.
[[nodiscard]] inline FrameNote& note_of(rte_mbuf* buffer) {
    return *static_cast<FrameNote*>(rte_mbuf_to_priv(buffer));
}

struct FreePool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using Pool = std::unique_ptr<rte_mempool, FreePool>;
// What a pool is made of. Each buffer has a FrameNote in its private area.
struct BufferWish {
    std::string name;  // unique in the process, 25 letters at most
    std::uint32_t buffers;
    std::uint32_t cache;  // per lcore
    std::uint16_t bytes;  // of a buffer, headroom included
    int socket;           // NUMA node, or SOCKET_ID_ANY
    const char* kind;     // of DPDK's mempool drivers; nullptr: the machine's best
};
// Buffers that lie closely on plain memory too: memory_need() counts on that. nullptr: rte_errno
// says why. Requires: EAL runs. Thread: main.
[[nodiscard]] Pool make_buffers(const BufferWish& wish);
// In the memory of NUMA node `socket`; a frame of `frame_room` bytes fits one buffer. Requires: EAL
// runs; no other pool of that socket lives. Thread: main.
[[nodiscard]] Result<Pool> make_pool(std::uint32_t buffers, std::uint16_t frame_room, int socket);

struct FreeRing {
    void operator()(rte_ring* ring) const;  // and the frames that are left in it
};
using Ring = std::unique_ptr<rte_ring, FreeRing>;
// Many producers, one consumer; it holds `frames` - 1. Names are unique in the process. Requires:
// EAL runs, `frames` is a power of two. Thread: main.
[[nodiscard]] Result<Ring> make_ring(const std::string& name, std::uint32_t frames, int socket);

// A buffer that holds the frame; nullptr when the pool is empty or the frame does not fit. Thread:
// any.
[[nodiscard]] rte_mbuf* copy_frame(rte_mempool* pool, std::span<const Byte> frame);

}  // namespace nlb::dataplane
