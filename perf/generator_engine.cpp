// Frames are written straight into fresh buffers.
#include "perf/generator_engine.hpp"

#include <algorithm>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "core/packet/burst.hpp"
#include "dataplane/worker/clock.hpp"
#include "perf/forward_engines.hpp"

namespace nlb::perf {
namespace {

std::uint32_t now_ns() {
    return static_cast<std::uint32_t>(dataplane::monotonic_now().time_since_epoch().count());
}

}  // namespace

GeneratorEngine::GeneratorEngine(const Options& options, Traffic traffic,
                                 std::vector<Stream*> streams)
    : options_(options),
      traffic_(std::move(traffic)),
      streams_(std::move(streams)),
      cycles_per_second_(rte_get_tsc_hz()) {}

Result<std::unique_ptr<Engine>> GeneratorEngine::make(const Options& options, std::uint32_t core,
                                                      std::vector<Stream*> streams) {
    auto wishes = read_wishes(options.traffic);
    if (!wishes) return wishes.error();
    const auto fixed = read_tables_file(options.tables);
    if (!fixed) return fixed.error();
    wishes.value().stamped = options.stamped;
    wishes.value().seed += core;
    wishes.value().first_client =
        core * wishes.value().clients * static_cast<std::uint32_t>(kHostsMax);
    auto traffic = Traffic::make(wishes.value(), fixed.value().tables);
    if (!traffic) return traffic.error();
    return std::unique_ptr<Engine>(
        new GeneratorEngine(options, std::move(traffic.value()), std::move(streams)));
}

// With a rate: how many of it are late. A core that was kept from sending makes up for at most a
// burst.
std::uint16_t GeneratorEngine::due(std::uint64_t now) {
    if (options_.rate == 0) return options_.burst;
    if (began_ == 0) began_ = now;
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(now - began_) /
                                                   static_cast<double>(cycles_per_second_) *
                                                   static_cast<double>(options_.rate));
    paced_ = std::max(paced_, wanted > options_.burst ? wanted - options_.burst : 0);
    const auto count =
        static_cast<std::uint16_t>(std::min<std::uint64_t>(wanted - paced_, options_.burst));
    paced_ += count;
    return count;
}

void GeneratorEngine::begin() {
    began_ = paced_ = 0;
    finished_.store(false, std::memory_order_relaxed);
}

void GeneratorEngine::turn() {
    for (Stream* stream : streams_) {
        if (options_.mode == Mode::flowgen) drain(*stream);
        if (finished_.load(std::memory_order_relaxed)) continue;
        const std::uint64_t begin = rte_rdtsc();
        const std::uint16_t count = due(begin);
        if (count == 0) continue;
        send(*stream, count);
        ++stream->counters.bursts;
        stream->counters.busy_cycles += rte_rdtsc() - begin;
    }
}

void GeneratorEngine::send(Stream& stream, std::uint16_t count) {
    std::array<rte_mbuf*, kBurstMax> frames;
    if (rte_pktmbuf_alloc_bulk(stream.pool, frames.data(), count) != 0) return;
    const std::uint32_t now = now_ns();
    for (std::uint16_t i = 0; i < count; ++i) {
        const auto length =
            static_cast<std::uint16_t>(traffic_.next(rte_pktmbuf_mtod(frames[i], Byte*), now));
        frames[i]->data_len = length;
        frames[i]->pkt_len = length;
    }
    send_all(stream, frames.data(), count);
}

void GeneratorEngine::drain(Stream& stream) {
    std::array<rte_mbuf*, kBurstMax> frames;
    const std::uint16_t count =
        rte_eth_rx_burst(stream.rx_port, stream.queue, frames.data(), options_.burst);
    stream.counters.rx_packets += count;
    if (count != 0) rte_pktmbuf_free_bulk(frames.data(), count);
}

}  // namespace nlb::perf
