// The main lcore: sets everything up in order, then serves its control plane, publishes tables,
// watches links and leases, keeps the clock, and takes everything down. It touches no packet but
// those of the cluster's own protocol. Thread: main.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "config/daemon/run_directory.hpp"
#include "config/daemon/service_manager.hpp"
#include "core/base/result.hpp"
#include "dataplane/control/cluster.hpp"
#include "dataplane/control/ipc_server.hpp"
#include "dataplane/control/punt_looks.hpp"
#include "dataplane/control/seqpacket_server.hpp"
#include "dataplane/control/trace_server.hpp"
#include "dataplane/startup/eal.hpp"
#include "dataplane/worker/clock.hpp"
#include "dataplane/worker/idle_watch.hpp"
#include "dataplane/worker/publisher.hpp"
#include "dataplane/worker/stuck_watch.hpp"
#include "dataplane/worker/worker.hpp"

namespace nlb::dataplane {

class Dataplane final : private Operations {
public:
    // Opens all ports. `run_directory` is nullptr when no control plane is to be served. Requires:
    // EAL runs with eal's lcores.
    static Result<std::unique_ptr<Dataplane>> open(const StartupPlan& plan, const EalPlan& eal,
                                                   const daemon::RunDirectory* run_directory,
                                                   EalLog& log);
    ~Dataplane() override;

    // Until SIGTERM or SIGINT, or until all workers have polled in vain for `idle_exit`
    // (dataplane/worker/idle_watch.hpp). `manager` hears when packets are served, what each cluster
    // does, and that every worker moves; it outlives the call. An error is one that ends the
    // process.
    Status run(std::optional<Duration> idle_exit, daemon::ServiceManager& manager);

private:
    Dataplane(const StartupPlan& plan, const EalPlan& eal, EalLog& log);
    Status open_clusters(const StartupPlan& plan, const EalPlan& eal);
    void start_workers();
    void stop_workers();
    void report_ready() const;
    void report_change(Cluster& cluster, std::uint16_t index, Instant now);
    void give_leases_back(Instant now, Duration stood);
    // Some driver has told something since the last tick.
    [[nodiscard]] bool ports_told() const;
    void keep_ports(Instant now);

    // One turn of the loop.
    void wait(Instant now, Instant until);
    void deliver_punts(Instant now);
    [[nodiscard]] bool has_punts() const;
    void deliver_requests();
    void finish_installs();
    void tick(Instant now);
    [[nodiscard]] bool is_idle(Instant now);
    [[nodiscard]] std::vector<Progress> progress() const;
    void tell_manager(Instant now);

    [[nodiscard]] Instant now() const override { return monotonic_now(); }
    [[nodiscard]] std::size_t cluster_count() const override { return clusters_.size(); }
    [[nodiscard]] ipc::Hello hello(std::uint16_t cluster) const override {
        return clusters_[cluster]->hello(clusters_.size());
    }
    [[nodiscard]] std::span<const Byte> block(std::uint16_t cluster) const override {
        return clusters_[cluster]->link().block();
    }
    [[nodiscard]] std::string_view settings(std::uint16_t cluster) const override {
        return clusters_[cluster]->link().settings();
    }
    [[nodiscard]] ipc::Status status(std::uint16_t cluster) const override {
        return clusters_[cluster]->status();
    }
    [[nodiscard]] ipc::CountersReport counters(std::uint16_t cluster) const override;
    Status install(std::uint16_t cluster, std::uint64_t token, const Tables& tables) override;
    void set_lease(std::uint16_t cluster, Instant valid_until) override;
    void store(std::uint16_t cluster, std::span<const Byte> block) override {
        clusters_[cluster]->link().store(block);
    }
    void note_verified(std::uint16_t cluster, const ipc::Verified& verified) override {
        clusters_[cluster]->link().note_verified(verified);
    }
    void set_seal_keys(std::uint16_t cluster, const SealKeys& keys) override {
        clusters_[cluster]->set_seal_keys(keys);
    }
    void give_grants(std::uint16_t cluster, std::uint64_t era,
                     std::span<const GivenGrant> grants) override {
        clusters_[cluster]->link().give_grants(era, grants, monotonic_now());
    }
    void send_frame(std::uint16_t cluster, std::span<const Byte> frame) override;
    [[nodiscard]] bool is_busy() const override {
        return publisher_.pending() >= Publisher::kPendingMost;
    }
    void on_connected(int pid) override;
    void on_disconnected(const std::string& why) override;
    void on_refused(const std::string& why) override;

    const std::string host_;
    const bool fixed_;
    EalLog& log_;
    Clock clock_;
    Rcu rcu_;
    Doorbell doorbell_;
    bool doorbell_heard_ = false;
    std::atomic<bool> stop_{false};  // publishes nothing but itself
    std::map<int, Pool> pools_;      // by NUMA node
    std::vector<std::unique_ptr<Cluster>> clusters_;
    Publisher publisher_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::optional<SeqpacketServer> socket_;
    std::optional<IpcServer> server_;
    std::optional<TraceServer> tracer_;
    int signals_ = -1;
    bool stopping_ = false;
    bool more_punts_ = false;
    PuntLooks looks_;
    bool more_traced_ = false;
    Instant next_tick_ = kLongAgo;
    Instant next_count_ = kLongAgo;
    Duration stands_most_ = Duration::max();  // of all clusters the shortest
    Duration idle_look_{};                    // how often idle_watch_ is asked
    std::optional<IdleWatch> idle_watch_;
    StuckWatch stuck_watch_;
    daemon::ServiceManager* manager_ = nullptr;  // while run() runs
};

}  // namespace nlb::dataplane
