// Plain loops, as testpmd has them.
#include "perf/forward_engines.hpp"

#include <cstring>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "core/packet/burst.hpp"

namespace nlb::perf {
namespace {

constexpr rte_ether_addr kPeer{{0x02, 0, 0, 0, 0, 0x02}};

}  // namespace

void send_all(Stream& stream, rte_mbuf** frames, std::uint16_t count) {
    const std::uint16_t sent = rte_eth_tx_burst(stream.tx_port, stream.queue, frames, count);
    stream.counters.tx_packets += sent;
    if (sent == count) return;
    stream.counters.tx_dropped += static_cast<std::uint16_t>(count - sent);
    rte_pktmbuf_free_bulk(frames + sent, static_cast<unsigned>(count - sent));
}

void ForwardEngine::turn() {
    std::array<rte_mbuf*, kBurstMax> frames;
    for (Stream* stream : streams_) {
        const std::uint64_t begin = rte_rdtsc();
        const std::uint16_t count =
            rte_eth_rx_burst(stream->rx_port, stream->queue, frames.data(), burst_);
        if (count == 0) continue;
        touch(*stream, frames.data(), count);
        send_all(*stream, frames.data(), count);
        StreamCounters& counters = stream->counters;
        counters.rx_packets += count;
        ++counters.bursts;
        counters.busy_cycles += rte_rdtsc() - begin;
    }
}

void MacEngine::touch(const Stream& stream, rte_mbuf** frames, std::uint16_t count) {
    rte_ether_addr own;
    if (rte_eth_macaddr_get(stream.tx_port, &own) != 0) return;
    for (std::uint16_t i = 0; i < count; ++i) {
        auto* const header = rte_pktmbuf_mtod(frames[i], rte_ether_hdr*);
        header->dst_addr = kPeer;
        header->src_addr = own;
    }
}

}  // namespace nlb::perf
