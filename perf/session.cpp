// rte_eal_remote_launch per core; counters are read while cores run, engines only when they stand.
#include "perf/session.hpp"

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <fmt/format.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <thread>

namespace nlb::perf {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto kTick = std::chrono::milliseconds{10};

std::uint64_t relaxed(const std::uint64_t& word) {
    return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

double seconds_since(SteadyClock::time_point from) {
    return std::chrono::duration<double>(SteadyClock::now() - from).count();
}

double per(std::uint64_t count, double of) {
    return of > 0 ? static_cast<double>(count) / of : 0;
}

}  // namespace

int Session::run_core(void* argument) {
    Core& core = *static_cast<Core*>(argument);
    core.engine->begin();
    while (!core.stop->load(std::memory_order_relaxed)) core.engine->turn();
    core.engine->end();
    return 0;
}

bool Session::are_as_wished() const {
    return !cores_.empty() && made_for_.mode == options_.mode && made_for_.burst == options_.burst && made_for_.cores == options_.cores;
}

Status Session::make_cores() {
    cores_.clear();
    streams_ = ports_.make_streams(options_);
    std::vector<unsigned> lcores;
    unsigned lcore = 0;
    RTE_LCORE_FOREACH_WORKER(lcore) lcores.push_back(lcore);
    if (lcores.size() < options_.cores)
        return Error{
            fmt::format("--nb-cores {}: EAL has {} lcores besides the main one; name more with -l", options_.cores, lcores.size())};
    std::vector<std::unique_ptr<Core>> cores;
    made_for_ = options_;
    for (std::uint16_t i = 0; i < options_.cores; ++i) {
        auto core = std::make_unique<Core>();
        for (std::size_t s = i; s < streams_.size(); s += options_.cores) core->streams.push_back(streams_[s].get());
        auto engine = make_engine(made_for_, i, core->streams);
        if (!engine) return engine.error();
        core->engine = std::move(engine.value());
        core->stop = &stop_;
        core->lcore = lcores[i];
        cores.push_back(std::move(core));
    }
    cores_ = std::move(cores);
    return Done{};
}

Status Session::start() {
    if (!are_as_wished())
        if (auto made = make_cores(); !made) return made;
    for (const auto& core : cores_) core->engine->forget();
    for (const auto& stream : streams_) stream->counters = {};
    stop_ = false;
    running_ = true;
    base_ = {};
    port_base_ = ports_.totals();
    for (const auto& core : cores_) rte_eal_remote_launch(run_core, core.get(), core->lcore);
    return Done{};
}

void Session::stop() {
    if (!running()) return;
    stop_ = true;
    for (const auto& core : cores_) rte_eal_wait_lcore(core->lcore);
    running_ = false;
    port_end_ = ports_.totals();
}

StreamCounters Session::sum() const {
    StreamCounters sum;
    for (const auto& stream : streams_) {
        sum.rx_packets += relaxed(stream->counters.rx_packets);
        sum.tx_packets += relaxed(stream->counters.tx_packets);
        sum.tx_dropped += relaxed(stream->counters.tx_dropped);
        sum.bursts += relaxed(stream->counters.bursts);
        sum.busy_cycles += relaxed(stream->counters.busy_cycles);
    }
    return sum;
}

void Session::rest(double seconds, const std::atomic<bool>& interrupted, bool until_packets) {
    const auto begin = SteadyClock::now();
    double next_show = options_.stats_period_s;
    while (!interrupted.load(std::memory_order_relaxed)) {
        if (seconds > 0 && seconds_since(begin) >= seconds) return;
        const StreamCounters now = sum();
        if (until_packets && options_.packets != 0 && std::max(now.rx_packets, now.tx_packets) >= options_.packets) return;
        if (options_.stats_period_s != 0 && seconds_since(begin) >= next_show) {
            show_ports();
            next_show += options_.stats_period_s;
        }
        for (const auto& core : cores_) core->engine->tend();
        std::this_thread::sleep_for(kTick);
    }
}

void Session::measure(const std::atomic<bool>& interrupted) {
    if (options_.warm_up_seconds > 0) rest(options_.warm_up_seconds, interrupted, false);
    base_ = sum();
    port_base_ = ports_.totals();
    const auto begin = SteadyClock::now();
    rest(options_.seconds, interrupted, true);
    port_end_ = ports_.totals();
    seconds_ = seconds_since(begin);
    const rte_eth_stats end = port_end_;
    stop();
    port_end_ = end;
}

void Session::show_ports() {
    for (const std::uint16_t port : ports_.ports()) display_.show(port);
}

void Session::clear_ports() {
    for (const std::uint16_t port : ports_.ports()) rte_eth_stats_reset(port);
}

void Session::print_forward_statistics() const {
    const StreamCounters now = sum();
    std::printf("\n  ++++++++++++++ Forward statistics for all ports (%s, burst %u) ++++++++++++++\n", name_of(options_.mode),
                options_.burst);
    const std::uint64_t missed = port_end_.imissed - port_base_.imissed;
    const std::uint64_t received = port_end_.ipackets - port_base_.ipackets;
    std::printf("  RX-packets: %-14" PRIu64 " RX-dropped: %-13" PRIu64 " RX-total: %-" PRIu64 "\n", received, missed, received + missed);
    const std::uint64_t sent = port_end_.opackets - port_base_.opackets;
    std::printf("  TX-packets: %-14" PRIu64 " TX-dropped: %-13" PRIu64 " TX-total: %-" PRIu64 "\n", sent, now.tx_dropped,
                sent + now.tx_dropped);
    std::printf("  CPU cycles/packet=%.2f packets/burst=%.2f\n",
                per(now.busy_cycles - base_.busy_cycles, static_cast<double>(now.rx_packets - base_.rx_packets)),
                per(now.rx_packets - base_.rx_packets, static_cast<double>(now.bursts - base_.bursts)));
    std::printf("  ++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++\n");
    std::fflush(stdout);
}

Json Session::result() const {
    const StreamCounters now = sum();
    const std::uint64_t handled = std::max(now.rx_packets - base_.rx_packets, now.tx_packets - base_.tx_packets);
    Json result{{"mode", name_of(options_.mode)},
                {"cores", options_.cores},
                {"burst", options_.burst},
                {"seconds", seconds_},
                {"packets", handled},
                {"rx_pps", per(port_end_.ipackets - port_base_.ipackets, seconds_)},
                {"tx_pps", per(port_end_.opackets - port_base_.opackets, seconds_)},
                {"rx_missed", port_end_.imissed - port_base_.imissed},
                {"rx_nombuf", port_end_.rx_nombuf - port_base_.rx_nombuf},
                {"tx_dropped", now.tx_dropped - base_.tx_dropped},
                {"packets_per_burst", per(handled, static_cast<double>(now.bursts - base_.bursts))},
                {"cycles_per_packet", per(now.busy_cycles - base_.busy_cycles, static_cast<double>(handled))}};
    for (const auto& core : cores_) core->engine->report(result);
    return result;
}

}  // namespace nlb::perf
