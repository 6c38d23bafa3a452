// A DPDK buffer as the hot loop sees it: the frame in it, the word that tells whether it is a usual
// one, and how many go back at once. Thread: the worker that holds the buffer.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rte_mbuf.h>

#include "core/packet/burst.hpp"

namespace nlb::dataplane {

// Of an answer that was made in place; other frames keep their length. Requires: `length` bytes are
// there behind the data offset.
inline void set_length(rte_mbuf* buffer, std::uint16_t length) {
    if (buffer->data_len == length) return;
    rte_pktmbuf_free(buffer->next);
    buffer->next = nullptr;
    buffer->nb_segs = 1;
    buffer->data_len = length;
    buffer->pkt_len = length;
}

// The first segment, and how far an answer in place may reach.
inline Frame frame_of(const rte_mbuf& buffer) {
    return {rte_pktmbuf_mtod(&buffer, Byte*), buffer.data_len,
            static_cast<std::uint16_t>(buffer.buf_len - buffer.data_off)};
}

// Every usual buffer has that much behind its headroom, and no answer takes more.
inline constexpr std::uint16_t kAnswerRoom = 160;

// A buffer's data offset, reference count and number of segments, which lie in one word.
inline constexpr std::uint64_t kDataOffset = 0x0000'0000'0000'ffff;
inline constexpr std::uint64_t kOneReference = 0x0000'0000'0001'0000;
inline constexpr std::uint64_t kReferences = 0x0000'0000'ffff'0000;
inline constexpr std::uint64_t kOneSegment = 0x0000'0001'0000'0000;
inline constexpr std::uint64_t kSegments = 0x0000'ffff'0000'0000;
static_assert(offsetof(rte_mbuf, data_off) == offsetof(rte_mbuf, rearm_data) &&
              offsetof(rte_mbuf, refcnt) - offsetof(rte_mbuf, rearm_data) == 2 &&
              offsetof(rte_mbuf, nb_segs) - offsetof(rte_mbuf, rearm_data) == 4 &&
              std::endian::native == std::endian::little);
inline std::uint64_t layout_of(const rte_mbuf& buffer) {
    std::uint64_t word;
    std::memcpy(&word, &buffer.rearm_data, sizeof word);
    return word;
}

// rte_pktmbuf_free_bulk() for what a receive queue gives: runs of single segments of one pool,
// which go back in one piece. Requires: count > 0.
inline void free_frames(rte_mbuf** buffers, std::uint32_t count) {
    rte_mempool* const pool = buffers[0]->pool;
    std::uint64_t odd = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const rte_mbuf& buffer = *buffers[i];
        odd |= ((layout_of(buffer) & (kReferences | kSegments)) ^ (kOneReference | kOneSegment)) |
               (buffer.ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)) |
               (reinterpret_cast<std::uintptr_t>(buffer.pool) ^
                reinterpret_cast<std::uintptr_t>(pool));
    }
    if (odd == 0)
        rte_mempool_put_bulk(pool, reinterpret_cast<void**>(buffers), count);
    else
        rte_pktmbuf_free_bulk(buffers, count);
}

}  // namespace nlb::dataplane
