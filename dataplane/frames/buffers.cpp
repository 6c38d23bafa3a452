// Thin owners around rte_mempool and rte_ring.
#include "dataplane/frames/buffers.hpp"

#include <bit>
#include <cstring>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#include "core/base/assert.hpp"
#include "core/packet/frame_room.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

// A whole line, so that frames begin where a line does: a small frame then lies in one, not in two.
constexpr std::uint16_t kPrivateBytes = RTE_CACHE_LINE_ROUNDUP(sizeof(FrameNote));

void free_zone(rte_mempool_memhdr*, void* zone) {
    rte_memzone_free(static_cast<const rte_memzone*>(zone));
}

// Without huge pages EAL's memory is one range, and an IOMMU shows it to devices at the addresses
// that this process sees: what goes on behind a page of 4 KiB goes on there for them too.
bool is_one_range() {
    return rte_eal_has_hugepages() == 0 && rte_eal_iova_mode() == RTE_IOVA_VA;
}

const rte_memzone* zone_for(const rte_mempool& pool, std::uint32_t buffers, unsigned piece) {
    std::size_t least = 0;
    std::size_t align = 0;
    const ssize_t bytes = rte_mempool_op_calc_mem_size_helper(&pool, buffers, 0, 0, &least, &align);
    const std::string name = std::string(pool.name) + ' ' + std::to_string(piece);
    return rte_memzone_reserve_aligned(name.c_str(), static_cast<std::size_t>(bytes),
                                       pool.socket_id, RTE_MEMZONE_IOVA_CONTIG,
                                       static_cast<unsigned>(align));
}

// As rte_mempool_populate_default(), which would give a page to each buffer that does not share one
// whole: 4,096 bytes for 2,496. Where memory is left in pieces, in pieces.
int populate_closely(rte_mempool& pool) {
    for (unsigned piece = 0; pool.populated_size < pool.size; ++piece) {
        const rte_memzone* zone = nullptr;
        for (std::uint32_t n = pool.size - pool.populated_size; n > 0 && zone == nullptr; n /= 2)
            zone = zone_for(pool, n, piece);
        if (zone == nullptr) return -ENOMEM;
        const int done =
            rte_mempool_populate_iova(&pool, static_cast<char*>(zone->addr), zone->iova, zone->len,
                                      free_zone, const_cast<rte_memzone*>(zone));  // as DPDK does
        if (done > 0) continue;
        rte_memzone_free(zone);
        return done == 0 ? -ENOBUFS : done;
    }
    return 0;
}

}  // namespace

Pool make_buffers(const BufferWish& wish) {
    rte_pktmbuf_pool_private layout{};
    layout.mbuf_data_room_size = wish.bytes;
    layout.mbuf_priv_size = kPrivateBytes;
    const bool closely = is_one_range();
    // The flag says that a buffer may go over the end of a page.
    Pool pool(rte_mempool_create_empty(
        wish.name.c_str(), wish.buffers,
        static_cast<unsigned>(sizeof(rte_mbuf)) + kPrivateBytes + wish.bytes, wish.cache,
        sizeof layout, wish.socket, closely ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0U));
    if (pool == nullptr) return nullptr;
    int done = rte_mempool_set_ops_byname(
        pool.get(), wish.kind == nullptr ? rte_mbuf_best_mempool_ops() : wish.kind, nullptr);
    if (done == 0) {
        rte_pktmbuf_pool_init(pool.get(), &layout);
        done = closely ? populate_closely(*pool) : rte_mempool_populate_default(pool.get());
    }
    if (done < 0) {
        rte_errno = -done;
        return nullptr;
    }
    rte_mempool_obj_iter(pool.get(), rte_pktmbuf_init, nullptr);
    return pool;
}

Result<Pool> make_pool(std::uint32_t buffers, std::uint16_t frame_room, int socket) {
    Pool pool = make_buffers({"nlb frames " + std::to_string(socket), buffers, kBufferCache,
                              static_cast<std::uint16_t>(frame_room + RTE_PKTMBUF_HEADROOM), socket,
                              nullptr});
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
