// Times are processor cycles around production calls, and the thread's processor time for sums.
#include "perf/state_bench.hpp"

#include <fstream>
#include <rte_cycles.h>
#include <unistd.h>

#include "perf/server_answers.hpp"

namespace nlb::perf {
namespace {

constexpr std::uint32_t kSeed = 0x6e6c62;
// a busy worker calls more often, to no effect
constexpr Duration kStep = dataplane::ConnTable::kSweepStep;
constexpr Duration kAgeMost = std::chrono::minutes{1};

double processor_seconds() {
    return static_cast<double>(Stopwatch::processor_ns()) / 1e9;
}

}  // namespace

std::uint64_t resident_bytes() {
    std::ifstream in("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    in >> all >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

StateBench::StateBench(const Tables& tables, std::unique_ptr<dataplane::ConnTable> connections)
    : tables_(tables), connections_(std::move(connections)), bytes_(kBurstMax * kFrameBytesMax) {
    tables_.own.fill(kAllBuckets);
    connections_->follow(tables_);
    index_ = std::make_unique<TablesIndex>(tables_);
}

Result<std::unique_ptr<StateBench>> StateBench::make(const Tables& tables, std::uint32_t capacity) {
    static int made = 0;
    auto connections = dataplane::ConnTable::create("nlb state " + std::to_string(made++),
                                                    dataplane::capacity_of(capacity, tables),
                                                    SOCKET_ID_ANY, kSeed);
    if (!connections) return connections.error();
    return std::unique_ptr<StateBench>(new StateBench(tables, std::move(connections.value())));
}

void StateBench::settle(std::uint32_t count, Times& took) {
    const PortAddresses ports{};
    const BurstContext context{tables_, ports, now_, true, 0, 1, nullptr, {}, index_.get()};
    burst_.count = count;
    const Stopwatch watch;
    settle_ingress(burst_, context, *connections_, fragments_, counters_);
    connections_->sweep(tables_, now_);
    now_ += Duration{watch.stop(took)};
    Counters answers{};
    answer_new_flows(burst_, context, *connections_, answers);
}

Status StateBench::send(const TrafficWishes& wishes, std::uint64_t packets, Sent& sent) {
    auto traffic = Traffic::make(wishes, tables_);
    if (!traffic) return traffic.error();
    const Counters before = counters_;
    for (std::uint64_t done = 0; done < packets;) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(kBurstMax, packets - done));
        for (std::uint32_t i = 0; i < count; ++i) {
            Byte* const frame = bytes_.data() + i * kFrameBytesMax;
            burst_.frames[i] = {frame, static_cast<std::uint16_t>(traffic.value().next(frame)),
                                kFrameBytesMax};
        }
        settle(count, sent.took);
        done += count;
    }
    sent.packets += packets;
    for (std::size_t i = 0; i < kReasonCount; ++i)
        sent.reasons[i] += counters_.reasons[i] - before.reasons[i];
    return Done{};
}

Json StateBench::Sent::figures() const {
    Json told{
        {"packets", packets},
        {"ns_per_packet", static_cast<double>(took.processor.sum()) / static_cast<double>(packets)},
        {"burst", took.figures()}};
    for (std::size_t i = 0; i < kReasonCount; ++i)
        if (reasons[i] != 0) told["reasons"][std::string(kReasons[i].name)] = reasons[i];
    return told;
}

Json StateBench::reindex() {
    Times took;
    const double begin = processor_seconds();
    ++tables_.layout;
    connections_->follow(tables_);
    while (&connections_->flow_index().held() == &kEveryBucket) {
        const Stopwatch watch;
        connections_->sweep(tables_, now_);
        watch.stop(took);
    }
    return {{"seconds", processor_seconds() - begin}, {"call", took.figures()}};
}

Json StateBench::read_ledger() const {
    std::uint64_t sum = 0;
    const std::uint64_t begin = rte_rdtsc();
    for (std::size_t rule = 0; rule < kRuleSlots; ++rule)
        sum += connections_->flow_index().counts()[rule] +
               (connections_->flow_index().held_under(tables_.layout)[rule] & 1);
    const std::uint32_t ns = ns_of(rte_rdtsc() - begin);
    return {{"ns", ns}, {"descriptors_and_buckets", sum}};
}

Json StateBench::age(Duration idle, std::size_t left) {
    const std::size_t before = size();
    now_ += idle;
    Times took;
    int steps = 0;
    const double begin = processor_seconds();
    for (; steps * kStep < kAgeMost && size() > left; ++steps) {
        now_ += kStep;
        const Stopwatch watch;
        connections_->sweep(tables_, now_);
        watch.stop(took);
    }
    return {{"erased", before - size()},
            {"left", size()},
            {"seconds_of_the_clock", std::chrono::duration<double>(steps * kStep).count()},
            {"processor_seconds", processor_seconds() - begin},
            {"call", took.figures()}};
}

}  // namespace nlb::perf
