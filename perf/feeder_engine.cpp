// rte_mempool hands out a buffer with what was in it.
#include "perf/feeder_engine.hpp"

#include <algorithm>
#include <rte_mbuf.h>

#include "core/packet/burst.hpp"

namespace nlb::perf {

Result<std::unique_ptr<Engine>> FeederEngine::make(const Options& options, rte_ring* ring,
                                                   rte_mempool* pool) {
    auto wishes = read_wishes(options.traffic);
    if (!wishes) return wishes.error();
    if (wishes.value().sizes.size() != 1 || wishes.value().fragments_percent != 0)
        return Error{"--ring-loop: expected frames of one --size, without --fragments"};
    const auto fixed = read_tables_file(options.tables);
    if (!fixed) return fixed.error();
    auto traffic = Traffic::make(wishes.value(), fixed.value().tables);
    if (!traffic) return traffic.error();
    std::unique_ptr<FeederEngine> feeder(new FeederEngine(options, ring, pool));
    if (auto written = feeder->write_frames(traffic.value()); !written) return written.error();
    return std::unique_ptr<Engine>(std::move(feeder));
}

Status FeederEngine::write_frames(Traffic& traffic) {
    std::vector<rte_mbuf*> taken;
    for (rte_mbuf* buffer = rte_pktmbuf_alloc(pool_); buffer != nullptr;
         buffer = rte_pktmbuf_alloc(pool_)) {
        length_ = static_cast<std::uint16_t>(traffic.next(rte_pktmbuf_mtod(buffer, Byte*)));
        taken.push_back(buffer);
    }
    if (taken.size() <= options_.loop_frames)
        return Error{"--ring-loop: the pool is too small; raise --total-num-mbufs"};
    rte_pktmbuf_free_bulk(taken.data(), static_cast<unsigned>(taken.size()));
    return Done{};
}

void FeederEngine::turn() {
    const std::uint32_t under_way = rte_ring_count(ring_);
    if (under_way >= options_.loop_frames) return;
    std::array<rte_mbuf*, kBurstMax> frames;
    const auto count = std::min<std::uint32_t>(options_.loop_frames - under_way, kBurstMax);
    if (rte_pktmbuf_alloc_bulk(pool_, frames.data(), count) != 0) return;
    for (std::uint32_t i = 0; i < count; ++i)
        frames[i]->data_len = static_cast<std::uint16_t>(frames[i]->pkt_len = length_);
    const std::uint32_t sent =
        rte_ring_mp_enqueue_burst(ring_, reinterpret_cast<void**>(frames.data()), count, nullptr);
    if (sent < count) rte_pktmbuf_free_bulk(frames.data() + sent, count - sent);
}

}  // namespace nlb::perf
