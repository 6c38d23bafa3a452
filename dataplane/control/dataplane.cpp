// Setting up, and what a control plane asks for. The loop itself is in main_loop.cpp.
#include "dataplane/control/dataplane.hpp"

#include <algorithm>
#include <csignal>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "config/daemon/event_line.hpp"
#include "config/format.hpp"
#include "dataplane/startup/diagnosis.hpp"

namespace nlb::dataplane {
namespace {

int run_worker(void* worker) {
    static_cast<Worker*>(worker)->run();
    return 0;
}

int open_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

}  // namespace

Dataplane::Dataplane(const StartupPlan& plan, const EalPlan& eal, EalLog& log)
    : host_(plan.host),
      fixed_(plan.fixed),
      log_(log),
      clock_(rte_get_tsc_hz()),
      rcu_(static_cast<std::uint32_t>(eal.lcores.workers.size())),
      signals_(open_signals()) {
    NLB_ASSERT(signals_ >= 0);
    clock_.calibrate_now();
}

Dataplane::~Dataplane() {
    stop_workers();
    for (const auto& cluster : clusters_) cluster->stop_ports();
    close(signals_);
}

Result<std::unique_ptr<Dataplane>> Dataplane::open(const StartupPlan& plan, const EalPlan& eal,
                                                   const daemon::RunDirectory* run_directory,
                                                   EalLog& log) {
    std::unique_ptr<Dataplane> dataplane(new Dataplane(plan, eal, log));
    if (auto opened = dataplane->open_clusters(plan, eal); !opened) return opened.error();
    if (run_directory != nullptr) {
        auto socket = SeqpacketServer::listen(run_directory->dataplane_socket());
        if (!socket) return socket.error();
        Operations& operations = *dataplane;
        dataplane->socket_.emplace(std::move(socket.value()));
        dataplane->server_.emplace(*dataplane->socket_, operations);
        auto tracing =
            SeqpacketServer::listen(run_directory->trace_socket(), daemon::SocketAccess::group);
        if (!tracing) return tracing.error();
        dataplane->tracer_.emplace(std::move(tracing.value()), dataplane->clusters_,
                                   dataplane->rcu_);
    }
    std::vector<std::vector<Lane*>> lanes(eal.lcores.workers.size());
    for (const auto& cluster : dataplane->clusters_)
        for (const auto& lane : cluster->lanes()) lanes[lane->worker].push_back(lane.get());
    const Worker::Shared shared{dataplane->clock_, dataplane->rcu_, dataplane->stop_, plan.poll,
                                rte_get_tsc_hz()};
    for (std::uint32_t i = 0; i < lanes.size(); ++i)
        dataplane->workers_.push_back(std::make_unique<Worker>(shared, i, std::move(lanes[i])));
    for (const auto& cluster : dataplane->clusters_) cluster->connect_taps();
    return dataplane;
}

Status Dataplane::open_clusters(const StartupPlan& plan, const EalPlan& eal) {
    // Where no adapter tells, on the first worker's node.
    const auto socket_for = [](int node) {
        return node >= 0 ? node : static_cast<int>(rte_lcore_to_socket_id(1));
    };
    std::map<int, std::uint32_t> buffers;
    for (const auto& [node, count] : eal.need.pools) buffers[socket_for(node)] += count;
    for (const auto& [socket, count] : buffers) {
        auto pool = make_pool(count, eal.need.frame_room, socket);
        if (!pool) return pool.error();
        pools_.emplace(socket, std::move(pool.value()));
    }
    std::vector<std::string> warnings;
    for (std::uint16_t index = 0; index < plan.clusters.size(); ++index) {
        const ClusterPlan& from = plan.clusters[index];
        rte_mempool* const pool = pools_.at(socket_for(pool_node(from, eal.adapters))).get();
        auto cluster = Cluster::open(from, index, eal.lcores.workers, eal.lcores.spare, pool,
                                     doorbell_, log_, warnings);
        if (!cluster) return cluster.error();
        clusters_.push_back(std::move(cluster.value()));
        if (!clusters_.back()->install(publisher_, 0, from.tables))
            return Error{"too little memory for the tables: raise eal.memory"};
        stands_most_ = std::min(stands_most_, from.stands_most);
        looks_.set_wait(index == 0 ? from.quiet_wait : std::min(looks_.wait(), from.quiet_wait));
        if (fixed_) clusters_.back()->fence().set_lease(kForever);
        if (fixed_) clusters_.back()->fence().set_link(true);
    }
    for (const std::string& warning : warnings)
        daemon::log_event(daemon::EventId::dataplane_warning, {{"because", warning}});
    // Devices that work have said how they had to help themselves; that is nobody's concern.
    static_cast<void>(log_.take());
    return Done{};
}

void Dataplane::start_workers() {
    for (std::uint32_t i = 0; i < workers_.size(); ++i)
        NLB_ASSERT(rte_eal_remote_launch(run_worker, workers_[i].get(), i + 1) == 0);
}

void Dataplane::stop_workers() {
    stop_.store(true, std::memory_order_relaxed);
    for (const auto& worker : workers_) worker->wake();
    rte_eal_mp_wait_lcore();
}

ipc::CountersReport Dataplane::counters(std::uint16_t cluster) const {
    return clusters_[cluster]->counters(rte_get_tsc_hz());
}

Status Dataplane::install(std::uint16_t cluster, std::uint64_t token, const Tables& tables) {
    if (!clusters_[cluster]->install(publisher_, token, tables))
        return Error{"too little memory for the tables: raise eal.memory"};
    daemon::log_event(daemon::EventId::tables, {{"cluster", clusters_[cluster]->name()},
                                                {"token", std::to_string(token)},
                                                {"epoch", std::to_string(tables.epoch)}});
    return Done{};
}

void Dataplane::set_lease(std::uint16_t cluster, Instant valid_until) {
    clusters_[cluster]->link().set_lease(valid_until, monotonic_now());
}

void Dataplane::send_frame(std::uint16_t cluster, std::span<const Byte> frame) {
    // Queues of a link that is down keep a frame until it is up again: what was said under a lease
    // would then be heard from the grave.
    report_change(*clusters_[cluster], cluster, monotonic_now());
    if (!clusters_[cluster]->fence().link_up()) return;
    // the next heartbeat makes up for it
    if (!clusters_[cluster]->send(frame)) return;
    workers_[clusters_[cluster]->lanes().front()->worker]->wake();
}

void Dataplane::on_connected(int pid) {
    daemon::log_event(daemon::EventId::controlplane_connected, {{"process", std::to_string(pid)}});
}

void Dataplane::on_disconnected(const std::string& why) {
    daemon::log_event(daemon::EventId::controlplane_disconnected,
                      {{"because", why}, {"then", "the cores go on until their lease ends"}});
}

void Dataplane::on_refused(const std::string& why) {
    daemon::log_event(daemon::EventId::controlplane_refused, {{"because", why}});
}

void Dataplane::report_ready() const {
    std::string names;
    std::string outside;
    std::string inside;
    for (const auto& cluster : clusters_) {
        const char* const comma = names.empty() ? "" : ",";
        names += comma + cluster->name();
        outside += comma + config::to_string(cluster->addresses().outside);
        inside += comma + config::to_string(cluster->addresses().inside);
    }
    daemon::log_event(daemon::EventId::ready, {{"cluster", names},
                                               {"host", host_},
                                               {"workers", std::to_string(workers_.size())},
                                               {"outside", outside},
                                               {"inside", inside}});
}

}  // namespace nlb::dataplane
