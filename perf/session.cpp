// rte_eal_remote_launch per core; counters are read while cores run, engines only when they stand.
#include "perf/session.hpp"

#include <chrono>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <thread>

namespace nlb::perf {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto kTick = std::chrono::milliseconds{10};
constexpr auto kPublishTick = std::chrono::microseconds{100};
// after which nothing of a trial is under way any more
constexpr auto kTrialEnds = std::chrono::milliseconds{200};

std::uint64_t relaxed(const std::uint64_t& word) {
    return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

void add(StreamCounters& sum, const StreamCounters& one) {
    sum.rx_packets += relaxed(one.rx_packets);
    sum.tx_packets += relaxed(one.tx_packets);
    sum.tx_dropped += relaxed(one.tx_dropped);
    sum.bursts += relaxed(one.bursts);
    sum.busy_cycles += relaxed(one.busy_cycles);
}

double seconds_since(SteadyClock::time_point from) {
    return std::chrono::duration<double>(SteadyClock::now() - from).count();
}

}  // namespace

int Session::run_core(void* argument) {
    Core& core = *static_cast<Core*>(argument);
    for (const auto& part : core.parts) part->engine->begin();
    while (!core.stop->load(std::memory_order_relaxed))
        for (const auto& part : core.parts) part->engine->turn();
    for (const auto& part : core.parts) part->engine->end();
    return 0;
}

bool Session::are_as_wished() const {
    return !cores_.empty() && made_for_.mode == options_.mode &&
           made_for_.burst == options_.burst && made_for_.cores == options_.cores &&
           made_for_.traffic.size == options_.traffic.size;
}

Status Session::make_cores() {
    cores_.clear();
    std::vector<unsigned> lcores;
    unsigned lcore = 0;
    RTE_LCORE_FOREACH_WORKER(lcore) lcores.push_back(lcore);
    made_for_ = options_;
    auto parts = make_parts(options_, ports_, lcores.size());
    if (!parts) return parts.error();
    streams_ = std::move(parts.value().streams);
    for (std::size_t i = 0; i < parts.value().cores.size(); ++i) {
        auto core = std::make_unique<Core>();
        core->parts = std::move(parts.value().cores[i]);
        core->stop = &stop_;
        core->lcore = lcores[i];
        cores_.push_back(std::move(core));
    }
    return Done{};
}

Status Session::start() {
    if (!are_as_wished())
        if (auto made = make_cores(); !made) return made;
    for_each_part([&](Part& part) {
        part.options.rate = part.role == Role::flood ? options_.flood_rate : options_.rate;
        part.engine->forget();
    });
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
    for_each_part([](const Part& part) { part.engine->count(); });
    for (const auto& stream : streams_) add(sum, stream->counters);
    return sum;
}

StreamCounters Session::sum_of(Role role) const {
    StreamCounters sum;
    for_each_part([&](const Part& part) {
        if (part.role != role) return;
        part.engine->count();
        for (const Stream* stream : part.streams) add(sum, stream->counters);
    });
    return sum;
}

void Session::rest(double seconds, const std::atomic<bool>& interrupted, bool until_packets) {
    const auto begin = SteadyClock::now();
    double next_show = options_.stats_period_s;
    while (!interrupted.load(std::memory_order_relaxed)) {
        if (seconds > 0 && seconds_since(begin) >= seconds) return;
        const StreamCounters now = sum();
        if (until_packets && options_.packets != 0 &&
            std::max(now.rx_packets, now.tx_packets) >= options_.packets)
            return;
        if (options_.stats_period_s != 0 && seconds_since(begin) >= next_show) {
            show_ports();
            next_show += options_.stats_period_s;
        }
        for_each_part([](Part& part) { part.engine->tend(); });
        std::this_thread::sleep_for(options_.publish_rate != 0 ? SteadyClock::duration{kPublishTick}
                                                               : SteadyClock::duration{kTick});
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
    if (options_.mode == Mode::trial) {
        for_each_part([](Part& part) { part.engine->finish(); });
        std::this_thread::sleep_for(kTrialEnds);
    }
    stop();
    port_end_ = end;
}

void Session::show_ports() {
    for (const std::uint16_t port : ports_.ports()) display_.show(port);
}

void Session::clear_ports() {
    for (const std::uint16_t port : ports_.ports()) rte_eth_stats_reset(port);
}

}  // namespace nlb::perf
