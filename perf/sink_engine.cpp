// Each frame is looked at by itself; sums are made when they are asked for.
#include "perf/sink_engine.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "core/packet/stages.hpp"
#include "dataplane/worker/clock.hpp"

namespace nlb::perf {

Result<std::unique_ptr<Engine>> SinkEngine::make(const Options& options, std::uint32_t /*core*/,
                                                 std::vector<Stream*> streams) {
    std::unique_ptr<SinkEngine> engine(new SinkEngine(options, std::move(streams)));
    if (options.tables.empty()) return std::unique_ptr<Engine>(std::move(engine));
    const auto fixed = read_tables_file(options.tables);
    if (!fixed) return fixed.error();
    engine->tables_ = fixed.value().tables;
    return std::unique_ptr<Engine>(std::move(engine));
}

void SinkEngine::turn() {
    std::array<rte_mbuf*, kBurstMax> frames;
    for (Stream* stream : streams_) {
        const std::uint64_t begin = rte_rdtsc();
        const std::uint16_t count =
            rte_eth_rx_burst(stream->rx_port, stream->queue, frames.data(), options_.burst);
        if (count == 0) continue;
        const auto now =
            static_cast<std::uint32_t>(dataplane::monotonic_now().time_since_epoch().count());
        for (std::uint16_t i = 0; i < count; ++i) look(*frames[i], now);
        if (tables_) check_owner(frames.data(), count);
        rte_pktmbuf_free_bulk(frames.data(), count);
        stream->counters.rx_packets += count;
        ++stream->counters.bursts;
        stream->counters.busy_cycles += rte_rdtsc() - begin;
    }
}

void SinkEngine::look(const rte_mbuf& frame, std::uint32_t now_ns) {
    const auto stamp = read_stamp(rte_pktmbuf_mtod(&frame, const Byte*), frame.data_len);
    if (!stamp) return;
    latency_.add(now_ns - stamp->sent_ns);
    ++stamped_;
    flows_.add(client_of(rte_pktmbuf_mtod(&frame, const Byte*)), stamp->sequence);
}

void SinkEngine::check_owner(rte_mbuf** frames, std::uint16_t count) {
    burst_->count = count;
    for (std::uint16_t i = 0; i < count; ++i)
        burst_->frames[i] = {rte_pktmbuf_mtod(frames[i], Byte*), frames[i]->data_len,
                             frames[i]->data_len};
    const PortAddresses ports{};
    const BurstContext context{*tables_, ports, Instant{}, true};
    parse(*burst_, context);
    classify(*burst_, context);
    for (std::uint16_t i = 0; i < count; ++i) {
        const PacketInfo& info = burst_->info[i];
        if (burst_->reasons[i] != Reason::live)
            ++strange_;
        else if ((tables_->own[info.rule] >> info.bucket & 1U) == 0)
            ++foreign_;
    }
}

void SinkEngine::report(Json& to) const {
    const auto plus = [&](const char* name, std::uint64_t value) {
        to[name] = to.value(name, std::uint64_t{0}) + value;
    };
    const FlowLosses::Sum sum = flows_.sum();
    plus("stamped", stamped_);
    plus("lost", sum.lost);
    plus("flows", sum.flows);
    plus("flows_with_loss", sum.lossy);
    plus("flows_untracked_frames", flows_.untracked());
    plus("disordered", flows_.disordered());
    to["lost_of_worst_flow"] =
        std::max(to.value("lost_of_worst_flow", std::uint64_t{0}), sum.worst);
    if (tables_) plus("not_owned", foreign_);
    if (tables_) plus("not_balanced", strange_);
    if (stamped_ != 0) to["latency_ns"].push_back(latency_.figures());
}

void SinkEngine::forget() {
    latency_ = {};
    flows_.forget();
    stamped_ = foreign_ = strange_ = 0;
}

}  // namespace nlb::perf
