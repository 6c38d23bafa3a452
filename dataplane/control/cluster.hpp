// One cluster of this host at run time: its ports, its lanes, its fence, and what its control plane
// has left here. It has no opinion on who owns what. Thread: main; workers see nothing but their
// lanes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/messages.hpp"
#include "dataplane/ports/buffers.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/startup/eal_log.hpp"
#include "dataplane/startup/plan.hpp"
#include "dataplane/worker/lane.hpp"
#include "dataplane/worker/publisher.hpp"

namespace nlb::dataplane {

class Cluster {
public:
    // Opens and starts both ports and makes the lanes. `workers` is the CPU of each worker
    // (lcores.hpp); `warnings` gets one line for each thing that works less well than was asked
    // for. Requires: EAL runs.
    static Result<std::unique_ptr<Cluster>> open(const ClusterPlan& plan, std::uint16_t index,
                                                 const std::vector<std::uint16_t>& workers,
                                                 rte_mempool* pool, Doorbell& doorbell, EalLog& log,
                                                 std::vector<std::string>& warnings);
    ~Cluster();

    [[nodiscard]] const std::string& name() const { return name_; }
    // See ClusterPlan.
    [[nodiscard]] std::string_view settings() const { return settings_; }
    [[nodiscard]] const std::vector<std::unique_ptr<Lane>>& lanes() const { return lanes_; }
    [[nodiscard]] PortAddresses addresses() const { return lanes_.front()->addresses; }
    [[nodiscard]] Fence& fence() { return fence_; }
    [[nodiscard]] rte_ring* punted() { return to_main_.get(); }

    // False: out of memory.
    bool install(Publisher& publisher, std::uint64_t token, const Tables& tables);
    void set_lease(Instant valid_until, Instant now);
    void store(std::span<const Byte> block) { block_.assign(block.begin(), block.end()); }
    [[nodiscard]] std::span<const Byte> block() const { return block_; }
    void set_seal_keys(const SealKeys& keys);
    void note_verified(const ipc::Verified& verified);
    // Clients that other hosts left to this one; those of another era than the newest tables' are
    // lost.
    void give_grants(std::uint64_t era, std::span<const GivenGrant> grants, Instant now);
    // What the workers ask for, oldest first.
    [[nodiscard]] std::size_t take_requests(std::span<GrantRequest> into);
    // A frame for the outside port, with this host's source address. False: no room, or too short
    // to be a frame.
    bool send(rte_mempool* pool, std::span<const Byte> frame);

    // A heartbeat that main could not pass on.
    void count_lost_punt() { ++punts_lost_; }

    // Looks at the link and the lease. What changed since the last call:
    struct Change {
        bool link = false;
        bool fenced = false;    // a lease ran out
        bool unfenced = false;  // and one runs again
    };
    Change look(Instant now);

    // `clusters`: how many this dataplane serves.
    [[nodiscard]] ipc::Hello hello(std::size_t clusters) const;
    [[nodiscard]] ipc::Installed installed(std::uint64_t token) const { return {token, dirty()}; }
    [[nodiscard]] ipc::Status status() const;
    [[nodiscard]] ipc::CountersReport counters(std::uint64_t cycles_per_second) const;

private:
    Cluster(const ClusterPlan& plan, std::uint16_t index, Port outside, Port inside);
    // Both ports, with as many queues as flows are spread over: at most `wanted`. One line in
    // `warnings` when they are fewer.
    Result<std::uint16_t> start_ports(std::uint16_t wanted, rte_mempool* pool, EalLog& log,
                                      std::vector<std::string>& warnings);
    // True: the outside port has a queue of their own for heartbeats, behind those of the lanes.
    Result<bool> part_heartbeats(std::uint16_t queues, rte_mempool* pool, EalLog& log,
                                 std::vector<std::string>& warnings);
    Status make_lanes(const ClusterPlan& plan, std::uint16_t queues,
                      const std::vector<std::uint16_t>& workers, Doorbell& doorbell);
    void remember_clients();
    // Buckets not owned in which descriptors are held.
    [[nodiscard]] RuleMasks dirty() const;
    [[nodiscard]] Instant last_rx() const;

    std::string name_;
    std::string settings_;
    std::uint16_t index_;  // its number towards the control plane: the place in the plan
    Port outside_;
    Port inside_;
    Ring to_main_;
    Ring from_main_;
    Fence fence_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::uint32_t clients_max_;
    // since the first tables that have a rule with a time-out
    std::unique_ptr<ClientTable> clients_;
    Tables tables_;  // a copy of what the lanes were last given
    std::uint64_t token_ = 0;
    std::vector<Byte> block_;
    // all there ever were: they change when an operator changes keys
    std::vector<std::unique_ptr<const SealKeys>> seal_keys_;
    VerifiedHeartbeats verified_;
    // the lease ran when it was last set or looked at
    bool staged_ = false;
    bool reported_ = false;  // what look() last said of it
    std::uint64_t fenced_intervals_ = 0;
    std::uint64_t punts_lost_ = 0;
};

}  // namespace nlb::dataplane
