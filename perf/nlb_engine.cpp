// Lanes as dataplane/control/cluster.cpp makes them, without a control plane.
#include "perf/nlb_engine.hpp"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane/startup/memory.hpp"
#include "perf/server_answers.hpp"

namespace nlb::perf {
namespace {

constexpr std::uint32_t kSeed = 0x6e6c62;  // of the connection tables: runs are to be comparable

MacAddress mac_of(std::uint16_t port) {
    rte_ether_addr address{};
    MacAddress mac;
    if (rte_eth_macaddr_get(port, &address) == 0)
        std::copy_n(address.addr_bytes, mac.bytes.size(), mac.bytes.begin());
    return mac;
}

// Everybody else owns everything; who comes with a descriptor stays.
void lose_buckets(Tables& tables) {
    tables.own.fill(0);
    for (auto& rule : tables.owner)
        for (HostId& owner : rule)
            if (owner == tables.self) owner = static_cast<HostId>(tables.self % kHostsMax + 1);
}

}  // namespace

NlbEngine::NlbEngine(const Options& options, FixedTables fixed)
    : options_(options), fixed_(std::move(fixed)), clock_(rte_get_tsc_hz()) {
    fence_.set_lease(kForever);
    fence_.set_link(true);
    clock_.calibrate_now();
}

// What the lanes have not adopted the publisher frees.
NlbEngine::~NlbEngine() {
    free_tables(lanes_);
}

Result<std::unique_ptr<Engine>> NlbEngine::make(const Options& options, std::uint32_t core,
                                                std::vector<Stream*> streams) {
    auto fixed = read_tables_file(options.tables);
    if (!fixed) return fixed.error();
    std::unique_ptr<NlbEngine> engine(new NlbEngine(options, std::move(fixed.value())));
    const std::uint32_t wanted =
        options.connections != 0 ? options.connections : engine->fixed_.connections_max;
    std::vector<dataplane::Lane*> lanes;
    for (Stream* stream : streams) {
        const auto capacity = dataplane::connections_per_worker(wanted, options.rx_queues);
        if (auto added = engine->add_pair(*stream, core, capacity); !added) return added.error();
        lanes.push_back(engine->lanes_.back().get());
    }
    const dataplane::Worker::Shared shared{engine->clock_,         engine->rcu_,     engine->stop_,
                                           config::PollMode::busy, rte_get_tsc_hz(), options.burst};
    engine->worker_ = std::make_unique<dataplane::Worker>(shared, 0, std::move(lanes));
    if (auto opened = engine->open_connections(); !opened) return opened.error();
    if (auto published = engine->publish(); !published) return published.error();
    return std::unique_ptr<Engine>(std::move(engine));
}

Status NlbEngine::add_pair(Stream& stream, std::uint32_t core, std::uint32_t capacity) {
    auto pair = std::make_unique<Pair>();
    const std::string name = fmt::format("{} {}", core, pairs_.size());
    auto ring = dataplane::make_ring("nlb perf " + name, dataplane::kControlRing, SOCKET_ID_ANY);
    if (!ring) return ring.error();
    auto connections = dataplane::ConnTable::create(
        "nlb " + name, dataplane::capacity_of(capacity, fixed_.tables), SOCKET_ID_ANY, kSeed);
    if (!connections) return connections.error();
    pair->stream = &stream;
    pair->to_main = std::move(ring.value());
    lanes_.push_back(std::make_unique<dataplane::Lane>());
    dataplane::Lane& lane = *lanes_.back();
    lane.outside_port = stream.rx_port;
    lane.inside_port = stream.tx_port;
    lane.queue = stream.queue;
    lane.addresses = {mac_of(stream.rx_port), mac_of(stream.tx_port)};
    lane.fence = &fence_;
    lane.to_main = pair->to_main.get();
    lane.doorbell = &doorbell_;
    lane.connections = std::move(connections.value());
    pairs_.push_back(std::move(pair));
    return Done{};
}

// Through the stages, as if this host owned everything: a SYN of each of the first clients, and
// behind each burst of them their acknowledgements, because a table keeps only so many half-open
// flows.
Status NlbEngine::open_connections() {
    const Tables given = fixed_.tables;
    if (options_.descriptors != 0) {
        auto wishes = read_wishes(options_.traffic);
        if (!wishes) return wishes.error();
        wishes.value().clients = options_.descriptors;
        wishes.value().spread = Spread::sequential;
        wishes.value().mix = {1, 0, 0};
        auto opening = Traffic::make(wishes.value(), given);
        wishes.value().mix = {0, 1, 0};
        auto opened = Traffic::make(wishes.value(), given);
        if (!opening || !opened) return opening ? opened.error() : opening.error();
        fixed_.tables.own.fill(kAllBuckets);
        for (const auto& lane : lanes_)
            open_connections_of(opening.value(), opened.value(), *lane->connections);
        fixed_.tables = given;
        for (const auto& lane : lanes_)
            if (lane->connections->size() < options_.descriptors)
                return Error{fmt::format(
                    "--descriptors {}: the connection table took {}; raise --connections",
                    options_.descriptors, lane->connections->size())};
    }
    if (options_.lose_buckets) lose_buckets(fixed_.tables);
    return Done{};
}

void NlbEngine::open_connections_of(Traffic& opening, Traffic& opened,
                                    dataplane::ConnTable& connections) {
    const auto burst = std::make_unique<Burst>();
    std::vector<Byte> bytes(kBurstMax * kFrameBytesMax);
    const PortAddresses ports{};
    // while it is empty: what is measured later is not the filing anew of all of them
    connections.follow(fixed_.tables);
    Counters counters{};
    FragmentTable fragments(1);
    const BurstContext context{fixed_.tables, ports, clock_.at(rte_rdtsc()), true};
    std::uint32_t count = 0;
    for (std::uint32_t done = 0; done < options_.descriptors; done += count) {
        count = static_cast<std::uint32_t>(
            std::min<std::size_t>(kBurstMax, options_.descriptors - done));
        for (Traffic* const traffic : {&opening, &opened}) {
            burst->count = count;
            for (std::uint32_t i = 0; i < burst->count; ++i) {
                Byte* const frame = bytes.data() + i * kFrameBytesMax;
                burst->frames[i] = {frame, static_cast<std::uint16_t>(traffic->next(frame)),
                                    kFrameBytesMax};
            }
            settle_ingress(*burst, context, connections, fragments, counters);
            answer_new_flows(*burst, context, connections, counters);
        }
    }
}

void NlbEngine::end() {
    worker_->pause();
    rcu_.leave(0);
}

void NlbEngine::turn() {
    for (const auto& lane : lanes_) {
        if (options_.time_polls)
            timed_poll(*lane);
        else
            worker_->poll_once(*lane);
    }
}

void NlbEngine::count() const {
    const auto relaxed = [](const std::uint64_t& word) {
        return __atomic_load_n(&word, __ATOMIC_RELAXED);
    };
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const Counters& from = lanes_[i]->counters;
        StreamCounters& to = pairs_[i]->stream->counters;
        to.rx_packets = relaxed(from.rx_packets);
        to.bursts = relaxed(from.bursts);
        to.busy_cycles = relaxed(from.busy_cycles);
    }
}

void NlbEngine::timed_poll(dataplane::Lane& lane) {
    const Stopwatch watch;
    if (worker_->poll_once(lane)) watch.stop(polls_);
}

Status NlbEngine::publish() {
    const auto on_any = [](const dataplane::Lane&) { return SOCKET_ID_ANY; };
    if (!publisher_.publish({}, fixed_.tables, lanes_, on_any))
        return Error{"no memory for another copy of the tables: raise EAL's -m"};
    return Done{};
}

void NlbEngine::tend() {
    clock_.calibrate_now();
    if (options_.publish_rate != 0) publish_due();
}

// Every publication differs from the one before in what others have of the last rule, which is
// nobody's traffic.
void NlbEngine::publish_due() {
    publisher_.poll([&](const auto&) { graces_.add(ns_of(rte_rdtsc() - publish_began_)); });
    const std::uint64_t now = rte_rdtsc();
    if (publish_base_ == 0) publish_base_ = now;
    const auto due =
        static_cast<std::uint64_t>(static_cast<double>(now - publish_base_) /
                                   static_cast<double>(rte_get_tsc_hz()) * options_.publish_rate);
    if (published_ >= due || publisher_.pending() != 0) return;
    ++published_;
    fixed_.tables.dirty_elsewhere[kRuleSlots - 2] ^= 1;
    publish_began_ = rte_rdtsc();
    const Stopwatch watch;
    if (publish()) watch.stop(publishes_);
}

void NlbEngine::report(Json& to) const {
    Counters sum{};
    for (const auto& lane : lanes_) {
        sum.add(lane->counters);
        to["connections"] = to.value("connections", std::uint64_t{0}) + lane->connections->size();
    }
    for (std::size_t i = 0; i < kReasonCount; ++i) {
        if (sum.reasons[i] == 0) continue;
        const std::string name(kReasons[i].name);
        to["reasons"][name] =
            (to.contains("reasons") ? to["reasons"].value(name, std::uint64_t{0}) : 0) +
            sum.reasons[i];
    }
    if (options_.time_polls) to["polls"].push_back(polls_.figures());
    if (options_.publish_rate == 0) return;
    Json published{{"rate", options_.publish_rate},
                   {"rules", fixed_.tables.rule_count + 1},
                   {"grace_ns", graces_.figures()}};
    published.update(publishes_.figures());
    to["publishes"].push_back(published);
}

void NlbEngine::forget() {
    for (const auto& lane : lanes_) lane->counters = {};
    polls_ = publishes_ = {};
    graces_ = {};
    publish_base_ = published_ = 0;
}

}  // namespace nlb::perf
