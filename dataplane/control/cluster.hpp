// One cluster of this host at run time: its ports, its lanes, and the link to its control plane
// (cluster_link). It has no opinion on who owns what. Thread: main; workers see nothing but their
// lanes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/messages.hpp"
#include "dataplane/control/cluster_link.hpp"
#include "dataplane/frames/buffers.hpp"
#include "dataplane/inside/server_learner.hpp"
#include "dataplane/inside/watch.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/startup/eal_log.hpp"
#include "dataplane/startup/plan.hpp"
#include "dataplane/worker/lane.hpp"
#include "dataplane/worker/publisher.hpp"
#include "dataplane/worker/rcu.hpp"

namespace nlb::dataplane {

class Cluster {
public:
    // Opens and starts both ports and makes the lanes. `workers` is the CPU of each worker
    // (lcores.hpp), `tap_cpus` where threads of taps run; `warnings` gets one line for each thing
    // that works less well than was asked for. Requires: EAL runs.
    static Result<std::unique_ptr<Cluster>> open(const ClusterPlan& plan, std::uint16_t index,
                                                 const std::vector<std::uint16_t>& workers,
                                                 const std::vector<std::uint16_t>& tap_cpus,
                                                 rte_mempool* pool, Doorbell& doorbell, EalLog& log,
                                                 std::vector<std::string>& warnings);
    ~Cluster();

    [[nodiscard]] const std::string& name() const { return link_.name(); }
    // What its control plane has left here.
    [[nodiscard]] ClusterLink& link() { return link_; }
    [[nodiscard]] const ClusterLink& link() const { return link_; }
    [[nodiscard]] const std::vector<std::unique_ptr<Lane>>& lanes() const { return lanes_; }
    [[nodiscard]] PortAddresses addresses() const { return lanes_.front()->addresses; }
    [[nodiscard]] Fence& fence() { return link_.fence(); }
    [[nodiscard]] Port& port(Side side) { return side == Side::outside ? outside_ : inside_; }
    [[nodiscard]] rte_ring* punted() { return to_main_.get(); }

    // From now on taps wake the workers of the lanes. Requires: each lane has its worker's bell.
    void connect_taps();
    // Nobody rings these bells any more. Requires: no worker runs.
    void stop_ports() {
        outside_.stop();
        inside_.stop();
    }

    // False: out of memory.
    bool install(Publisher& publisher, std::uint64_t token, const Tables& tables);
    void set_seal_keys(const SealKeys& keys);
    // A frame for the outside port, with this host's source address. False: no room, or too short
    // to be a frame.
    bool send(std::span<const Byte> frame);

    // A heartbeat that main could not pass on.
    void count_lost_punt() { ++punts_lost_; }

    // See ClusterLink::look. A port that may not be used is a link that is down.
    ClusterLink::Change look(Instant now) {
        return link_.look(outside_.link_up(now) && inside_.health().serves(), now);
    }

    // Some port's driver has told something since keep_ports().
    [[nodiscard]] bool has_port_events() const {
        return outside_.events().any() || inside_.events().any();
    }
    struct PortChange {
        const char* side;
        std::string device;
        ipc::PortState state;  // up: it serves again
        std::string because;
    };
    // Follows what the drivers told: shuts the lanes' gates, brings ports back once no worker is
    // behind them, opens the gates. What has changed.
    std::vector<PortChange> keep_ports(Instant now, Rcu& rcu, EalLog& log);
    // Reads what the drivers count.
    void count_ports(Instant now);

    // How far the inside device is, told to link(); true: that is news. Asks servers that are not
    // this kernel for their MAC.
    bool look_inside(Instant now);
    // A frame that a core settled as Reason::inside_answer.
    void hear_inside(std::span<Byte> frame, Instant now);

    // `clusters`: how many this dataplane serves.
    [[nodiscard]] ipc::Hello hello(std::size_t clusters) const {
        return link_.hello(clusters, addresses(), held());
    }
    [[nodiscard]] ipc::Installed installed(std::uint64_t token) const {
        return {token, link_.dirty(held())};
    }
    [[nodiscard]] ipc::Status status() const;
    [[nodiscard]] ipc::CountersReport counters(std::uint64_t cycles_per_second) const;

private:
    Cluster(const ClusterPlan& plan, std::uint16_t index, Port outside, Port inside);
    // What each port has to know of the other one.
    void pair_ports(const std::vector<std::uint16_t>& tap_cpus);
    // Both ports, with as many queues as flows are spread over: at most `wanted`. One line in
    // `warnings` when they are fewer.
    Result<std::uint16_t> start_ports(std::uint16_t wanted, EalLog& log,
                                      std::vector<std::string>& warnings);
    // The addresses of the kernel's end, if the inside device has one.
    Status watch_inside(const ClusterPlan& plan);
    // To the first lane, for the outside port, or as a question for the inside one.
    bool leave_for_lane(std::span<const Byte> frame, Reason reason);
    void use_server(const MacAddress& mac);
    Status start_both(std::uint16_t queues, EalLog& log, std::vector<std::string>& warnings);
    Status configure_outside(std::uint16_t queues, EalLog& log);
    // The inside's MTU is the outside's. Refuses one that no cluster frame passes.
    [[nodiscard]] Status level_mtu(std::uint16_t wanted, std::vector<std::string>& warnings);
    // Tells the lanes the ports' numbers and what wakes for them. Requires: no worker uses them.
    void join_ports();
    Status reopen(Port& port, PortHealth::Step step, EalLog& log);
    void shut_gates(Rcu& rcu);
    void add_port_numbers(ipc::CountersReport& report) const;
    Status make_lanes(const ClusterPlan& plan, std::uint16_t queues,
                      const std::vector<std::uint16_t>& workers, Doorbell& doorbell);
    // Buckets in which some lane holds descriptors.
    [[nodiscard]] RuleMasks held() const;
    [[nodiscard]] Instant last_rx() const;
    [[nodiscard]] Instant oldest_poll() const;

    ClusterLink link_;
    std::uint16_t index_;  // its number towards the control plane: the place in the plan
    std::vector<std::shared_ptr<const void>> tap_buffers_;  // outlive both ports
    Port outside_;
    Port inside_;
    std::unique_ptr<InsideWatch> watch_;  // dies before its device
    std::optional<ServerLearner> learner_;
    Readiness server_readiness_;
    rte_mempool* pool_ = nullptr;
    // the outside port has a queue of their own for heartbeats, behind those of the lanes
    bool heartbeats_apart_ = false;
    std::optional<std::uint64_t> grace_;  // runs since the gates were shut
    Ring to_main_;
    Ring from_main_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    // all there ever were: they change when an operator changes keys
    std::vector<std::unique_ptr<const SealKeys>> seal_keys_;
    std::uint64_t punts_lost_ = 0;
};

}  // namespace nlb::dataplane
