// Setting up a cluster's ports and lanes, and answering for them.
#include "dataplane/control/cluster.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <sys/random.h>

#include "config/daemon/event_line.hpp"
#include "config/format.hpp"
#include "config/inside_device.hpp"
#include "core/packet/headers.hpp"
#include "dataplane/inside/kernel_name.hpp"
#include "dataplane/ports/numa.hpp"
#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

// Words that a worker writes while we read: each is whole, together they may be a burst apart.
std::uint64_t relaxed(const std::uint64_t& word) {
    return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

Counters read_counters(const Lane& lane) {
    Counters counters;
    const auto* from = reinterpret_cast<const std::uint64_t*>(&lane.counters);
    auto* to = reinterpret_cast<std::uint64_t*>(&counters);
    for (std::size_t i = 0; i < sizeof(Counters) / sizeof(std::uint64_t); ++i)
        to[i] = relaxed(from[i]);
    // The sweep ends connections without telling the counters.
    for (std::size_t rule = 0; rule < kRuleSlots; ++rule)
        counters.connections[rule] = relaxed(lane.connections->flow_index().counts()[rule]);
    counters.half_open = relaxed(lane.connections->flow_index().half_open());
    return counters;
}

// Worker i runs on lcore i + 1.
int socket_of(const Lane& lane) {
    return static_cast<int>(rte_lcore_to_socket_id(lane.worker + 1));
}

// A tag with the cluster's VLAN, unless its frames are untagged.
void put_vlan(std::vector<Byte>& frame, std::uint16_t vlan) {
    if (vlan == 0) return;
    std::array<Byte, kVlanTagBytes> tag;
    store_big_endian(tag.data(), kEthertypeVlan);
    store_big_endian(tag.data() + 2, vlan);
    frame.insert(frame.begin() + 2 * sizeof(MacAddress), tag.begin(), tag.end());
}

std::uint32_t random_seed() {
    std::uint32_t seed = 0;
    NLB_ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return seed;
}

}  // namespace

Cluster::Cluster(const ClusterPlan& plan, std::uint16_t index, Port outside, Port inside)
    : link_(plan.name, plan.settings, plan.tables, clients_for(plan.connections_max)),
      index_(index),
      outside_(std::move(outside)),
      inside_(std::move(inside)) {}

Cluster::~Cluster() {
    watch_.reset();
    outside_.stop();
    inside_.stop();
    free_tables(lanes_);
}

Result<std::unique_ptr<Cluster>> Cluster::open(const ClusterPlan& plan, std::uint16_t index,
                                               const std::vector<std::uint16_t>& workers,
                                               const std::vector<std::uint16_t>& tap_cpus,
                                               rte_mempool* pool, Doorbell& doorbell, EalLog& log,
                                               std::vector<std::string>& warnings) {
    const auto wanted = static_cast<std::uint16_t>(plan.cpus.size());
    const std::string place = "cluster \"" + plan.name + "\": ";
    const std::uint16_t rss_word = draw_rss_word();
    auto outside = Port::attach(with_queues(plan.outside, wanted), place + "outside", rss_word, log,
                                plan.port);
    if (!outside) return outside.error();
    auto inside =
        Port::attach(with_queues(plan.inside, wanted), place + "inside", rss_word, log, plan.port);
    if (!inside) return inside.error();
    std::unique_ptr<Cluster> cluster(
        new Cluster(plan, index, std::move(outside.value()), std::move(inside.value())));
    cluster->pool_ = pool;
    cluster->outside_.events().set_bell([&doorbell] { doorbell.ring(); });
    cluster->inside_.events().set_bell([&doorbell] { doorbell.ring(); });
    cluster->outside_.want(filter_wish(plan.tables));
    // Servers that are not this kernel send to their routers' addresses, not to ours.
    cluster->inside_.want({{}, {}, config::ends_in_others(plan.inside.text())});
    cluster->pair_ports(tap_cpus);
    const auto started = cluster->start_ports(wanted, log, warnings);
    if (!started) return started.error();
    const std::uint16_t queues = started.value();
    if (auto level = cluster->level_mtu(plan.port.mtu, warnings); !level) return level.error();
    if (auto made = cluster->make_lanes(plan, queues, workers, doorbell); !made)
        return made.error();
    if (auto watched = cluster->watch_inside(plan); !watched) return watched.error();
    if (const auto line = mistaken_tags(plan.outside, plan.tables.vlan); !line.empty())
        warnings.push_back("cluster=\"" + plan.name + "\" " + line);
    for (const Port* port : {&cluster->outside_, &cluster->inside_})
        for (std::string& line : port->complaints()) warnings.push_back(std::move(line));
    std::vector<WorkerNode> nodes;
    for (const auto& lane : cluster->lanes_)
        nodes.push_back({plan.cpus[lane->number], socket_of(*lane)});
    for (const auto& [port, side] :
         {std::pair{&cluster->outside_, "outside"}, std::pair{&cluster->inside_, "inside"}})
        if (std::string line = far_workers(plan.name, side, port->numa_node(), nodes);
            !line.empty())
            warnings.push_back(std::move(line));
    if (queues < wanted)
        if (auto shared = share_queues(cluster->lanes_, queues, index, cluster->outside_.socket());
            !shared)
            return shared.error();
    return cluster;
}

Status Cluster::watch_inside(const ClusterPlan& plan) {
    if (plan.inside_plan.server_mac) use_server(*plan.inside_plan.server_mac);
    if (plan.inside_plan.asks) {
        learner_.emplace(inside_.mac());
        static_cast<void>(link_.note_inside({ipc::InsideState::server_unknown, 0, {}}));
    }
    if (!plan.inside_plan.watched) return Done{};
    auto keeper =
        InsideKeeper::open({plan.name, kernel_name_of(plan.inside, inside_.id()), plan.tables.vlan,
                            plan.inside_plan.managed, plan.inside_plan.gateways});
    if (!keeper) return keeper.error();
    watch_ = std::make_unique<InsideWatch>(std::move(keeper.value()), plan.tables);
    static_cast<void>(link_.note_inside(watch_->inside()));
    return Done{};
}

Status Cluster::make_lanes(const ClusterPlan& plan, std::uint16_t queues,
                           const std::vector<std::uint16_t>& workers, Doorbell& doorbell) {
    auto to_main = make_ring(fmt::format("nlb up {}", index_), kControlRing, outside_.socket());
    if (!to_main) return to_main.error();
    auto from_main = make_ring(fmt::format("nlb down {}", index_), kControlRing, outside_.socket());
    if (!from_main) return from_main.error();
    to_main_ = std::move(to_main.value());
    from_main_ = std::move(from_main.value());
    const ConnCapacity capacity =
        capacity_of(connections_per_worker(plan.connections_max, plan.cpus.size()), plan.tables);
    for (std::uint16_t number = 0; number < plan.cpus.size(); ++number) {
        auto lane = std::make_unique<Lane>(std::uint64_t{random_seed()} << 32 | random_seed());
        lane->queue = number < queues ? number : kNoQueue;
        lane->number = number;
        if (heartbeats_apart_ && number == 0) lane->heartbeat_queue = queues;
        lane->in_use.set_alone(plan.cpus.size() == 1);
        lane->worker = static_cast<std::uint32_t>(
            std::find(workers.begin(), workers.end(), plan.cpus[number]) - workers.begin());
        lane->backlog_most = 2U * outside_.rx_ring() + 2U * inside_.rx_ring() +
                             2U * kRingDescriptors + kHeartbeatDescriptors;
        lane->addresses = {outside_.station_mac(), inside_.mac()};
        lane->fence = &link_.fence();
        lane->verified = &link_.verified();
        lane->to_main = to_main_.get();
        lane->from_main = number == 0 ? from_main_.get() : nullptr;
        lane->doorbell = &doorbell;
        lane->quiet_wait = plan.quiet_wait;
        auto connections = ConnTable::create(fmt::format("nlb {} {}", index_, number), capacity,
                                             socket_of(*lane), random_seed());
        if (!connections)
            return Error{"cluster \"" + name() + "\": " + connections.error().message};
        lane->connections = std::move(connections.value());
        auto steered = make_ring(fmt::format("nlb lane {} {}", index_, number),
                                 queues < plan.cpus.size() ? kRingDescriptors : kSteeredRing,
                                 outside_.socket());
        if (!steered) return steered.error();
        lane->steered = std::move(steered.value());
        lanes_.push_back(std::move(lane));
    }
    join_ports();
    for (const auto& lane : lanes_)
        for (const auto& peer : lanes_) {
            lane->peers.push_back(peer.get());
            lane->flow_indexes.push_back(&peer->connections->flow_index());
        }
    return Done{};
}

bool Cluster::install(Publisher& publisher, std::uint64_t token, const Tables& tables) {
    const auto publish = [&](const Tables& numbered, ClientTable* clients) {
        if (clients != nullptr)
            for (const auto& lane : lanes_) lane->clients.store(clients, std::memory_order_release);
        return publisher.publish({index_, token}, numbered, lanes_, socket_of);
    };
    if (!link_.install(token, tables, publish)) return false;
    if (watch_) watch_->want(tables);
    return true;
}

void Cluster::set_seal_keys(const SealKeys& keys) {
    if (!seal_keys_.empty() && *seal_keys_.back() == keys) return;
    seal_keys_.push_back(std::make_unique<const SealKeys>(keys));
    for (const auto& lane : lanes_)
        lane->seal_keys.store(seal_keys_.back().get(), std::memory_order_release);
}

bool Cluster::send(std::span<const Byte> frame) {
    if (frame.size() < sizeof(EthernetHeader) || frame.size() > ipc::kFrameBytesMax) return false;
    std::vector<Byte> bytes(frame.begin(), frame.end());
    put_mac(bytes.data() + kSourceMacOffset, addresses().station(link_.tables()));
    return leave_for_lane(bytes, Reason::sent);
}

bool Cluster::leave_for_lane(std::span<const Byte> frame, Reason reason) {
    std::vector<Byte> bytes(frame.begin(), frame.end());
    put_vlan(bytes, link_.tables().vlan);
    rte_mbuf* const buffer = copy_frame(pool_, bytes);
    if (buffer == nullptr) return false;
    note_of(buffer).reason = reason;
    if (rte_ring_mp_enqueue(from_main_.get(), buffer) == 0) return true;
    rte_pktmbuf_free(buffer);
    return false;
}

bool Cluster::look_inside(Instant now) {
    if (watch_) return link_.note_inside(watch_->inside());
    if (!learner_) return false;
    std::vector<IpAddress> addresses;
    for (const InsideAddress& one : wishes_of(link_.tables(), {}).addresses)
        addresses.push_back(one.address);
    learner_->use(std::move(addresses));
    if (const auto question = learner_->question(now))
        static_cast<void>(leave_for_lane(*question, Reason::inside_answer));
    auto is = learner_->mac() ? ipc::InsideState::ready : ipc::InsideState::server_unknown;
    if (!inside_.link_up(now)) is = ipc::InsideState::link_down;
    return link_.note_inside({server_readiness_.judge(is, now), 0, {}});
}

void Cluster::hear_inside(std::span<Byte> frame, Instant now) {
    const auto bytes = static_cast<std::uint16_t>(frame.size());
    if (!learner_ || !learner_->hear({frame.data(), bytes, bytes}, now)) return;
    use_server(*learner_->mac());
    daemon::log_event(daemon::EventId::server_found,
                      {{"cluster", name()}, {"mac", config::to_string(*learner_->mac())}});
}

void Cluster::use_server(const MacAddress& mac) {
    for (const auto& lane : lanes_) lane->server_mac.store(word_of(mac), std::memory_order_relaxed);
}

RuleMasks Cluster::held() const {
    RuleMasks held{};
    for (const auto& lane : lanes_)
        for (std::size_t rule = 0; rule < kRuleSlots; ++rule)
            held[rule] |=
                relaxed(lane->connections->flow_index().held_under(link_.tables().layout)[rule]);
    return held;
}

Instant Cluster::last_rx() const {
    std::int64_t newest = kLongAgo.time_since_epoch().count();
    for (const auto& lane : lanes_)
        newest = std::max(newest, lane->last_rx_ns.load(std::memory_order_relaxed));
    return Instant{Duration{newest}};
}

Instant Cluster::oldest_poll() const {
    std::int64_t oldest = kForever.time_since_epoch().count();
    for (const auto& lane : lanes_)
        oldest = std::min(oldest, lane->last_poll_ns.load(std::memory_order_relaxed));
    return Instant{Duration{oldest}};
}

ipc::Status Cluster::status() const {
    ipc::Status status = link_.status(last_rx(), oldest_poll(), held());
    for (const auto& lane : lanes_) status.cluster_bursts += relaxed(lane->counters.cluster_bursts);
    for (const auto& lane : lanes_)
        for (std::size_t rule = 0; rule < kRuleSlots; ++rule)
            status.connections[rule] += relaxed(lane->connections->flow_index().counts()[rule]);
    return status;
}

ipc::CountersReport Cluster::counters(std::uint64_t cycles_per_second) const {
    ipc::CountersReport report{};
    report.punts_lost = punts_lost_;
    for (const auto& lane : lanes_) {
        const Counters counters = read_counters(*lane);
        report.counters.add(counters);
        if (lane->number < ipc::kLanesShown)
            report.busy_cycles[lane->number] = counters.busy_cycles;
        report.punts_lost += lane->punts_lost.load(std::memory_order_relaxed);
        if (const auto flow = lane->answered_elsewhere.load())
            report.opening = {flow->vip, flow->client, flow->vip_port, flow->client_port, 0};
    }
    report.dirty = link_.dirty(held());
    report.cycles_per_second = cycles_per_second;
    report.cycles_now = rte_rdtsc();
    add_port_numbers(report);
    report.fenced_intervals = link_.fenced_intervals();
    report.worker_count = lanes_.size();
    if (const ClientTable* clients = link_.clients(); clients != nullptr) {
        report.clients = clients->remembered();
        report.clients_unremembered = clients->unremembered();
        report.commitments = clients->commitments();
    }
    return report;
}

}  // namespace nlb::dataplane
