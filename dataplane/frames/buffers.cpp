// Thin owners around rte_mempool and rte_ring.
#include "dataplane/frames/buffers.hpp"

#include <bit>
#include <cstring>
#include <rte_errno.h>

#include "core/base/assert.hpp"
#include "core/packet/frame_room.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

// A whole line, so that frames begin where a line does: a small frame then lies in one, not in two.
constexpr std::uint16_t kPrivateBytes = RTE_CACHE_LINE_ROUNDUP(sizeof(FrameNote));

}  // namespace

Result<Pool> make_pool(std::uint32_t buffers, std::uint16_t frame_room, int socket) {
    const std::string name = "nlb frames " + std::to_string(socket);
    Pool pool(rte_pktmbuf_pool_create(name.c_str(), buffers, kBufferCache, kPrivateBytes,
                                      static_cast<std::uint16_t>(frame_room + RTE_PKTMBUF_HEADROOM),
                                      socket));
    if (pool == nullptr)
        return Error{"the pool of " + std::to_string(buffers) +
                     " frame buffers could not be made (" + rte_strerror(rte_errno) +
                     "): raise eal.memory, or use fewer lcores"};
    return pool;
}

void FreeRing::operator()(rte_ring* ring) const {
    void* buffer = nullptr;
    while (rte_ring_sc_dequeue(ring, &buffer) == 0)
        rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
    rte_ring_free(ring);
}

Result<Ring> make_ring(const std::string& name, std::uint32_t frames, int socket) {
    NLB_ASSERT(std::has_single_bit(frames));
    Ring ring(rte_ring_create(name.c_str(), frames, socket, RING_F_SC_DEQ));
    if (ring == nullptr)
        return Error{"the ring \"" + name + "\" could not be made (" + rte_strerror(rte_errno) +
                     "): raise eal.memory"};
    return ring;
}

rte_mbuf* copy_frame(rte_mempool* pool, std::span<const Byte> frame) {
    rte_mbuf* const buffer = rte_pktmbuf_alloc(pool);
    if (buffer == nullptr) return nullptr;
    char* const data = frame.size() > kFrameRoomUsual
                           ? nullptr
                           : rte_pktmbuf_append(buffer, static_cast<std::uint16_t>(frame.size()));
    if (data == nullptr) {
        rte_pktmbuf_free(buffer);
        return nullptr;
    }
    std::memcpy(data, frame.data(), frame.size());
    return buffer;
}

}  // namespace nlb::dataplane
