// What the control plane has left here for one cluster, and what is told to the next one: tables
// and their token, the lease, the stored block, verified heartbeats, granted clients. No port, no
// core, no socket and no clock, so that a simulator runs the object that the program runs. It has
// no opinion on who owns what. Thread: main, but for the fence, the verified heartbeats and the
// clients, which workers read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clients/client_table.hpp"
#include "core/ipc/messages.hpp"
#include "core/tables/tables.hpp"
#include "core/wire/verified_heartbeats.hpp"
#include "dataplane/worker/fence.hpp"

namespace nlb::dataplane {

class ClusterLink {
public:
    // `settings` is what both programs must hold alike, as text; `tables` are those before any
    // control plane has spoken; `clients_max` is the size of the client table, once there is one.
    ClusterLink(std::string name, std::string settings, const Tables& tables,
                std::uint32_t clients_max);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::string_view settings() const { return settings_; }
    [[nodiscard]] Fence& fence() { return fence_; }
    [[nodiscard]] const Fence& fence() const { return fence_; }
    [[nodiscard]] const VerifiedHeartbeats& verified() const { return verified_; }
    // nullptr until the first tables that have a rule with a time-out.
    [[nodiscard]] ClientTable* clients() const { return clients_.get(); }
    // What the cores were last given; they may still use earlier ones.
    [[nodiscard]] const Tables& tables() const { return tables_; }

    // Gives the tables to all cores, or to none (false). `clients` is nullptr or what they need
    // before these tables.
    using Publish = std::function<bool(const Tables& tables, ClientTable* clients)>;
    // False: nothing was published, and nothing has changed. Token 0: by no control plane.
    bool install(std::uint64_t token, const Tables& tables, const Publish& publish);
    void set_lease(Instant valid_until, Instant now);
    void store(std::span<const Byte> block) { block_.assign(block.begin(), block.end()); }
    [[nodiscard]] std::span<const Byte> block() const { return block_; }
    void note_verified(const ipc::Verified& verified);
    // Clients that other hosts left to this one; those of another era than the newest tables' are
    // lost.
    void give_grants(std::uint64_t era, std::span<const GivenGrant> grants, Instant now);
    // What the workers ask for, oldest first.
    [[nodiscard]] std::size_t take_requests(std::span<GrantRequest> into);

    // How far the inside device is; true: that is news for the control plane.
    bool note_inside(const ipc::Inside& inside);
    [[nodiscard]] const ipc::Inside& inside() const { return inside_; }

    // The link as it is, and the lease. What changed since the last call:
    struct Change {
        bool link = false;
        bool fenced = false;    // a lease ran out
        bool unfenced = false;  // and one runs again
    };
    Change look(bool link_up, Instant now);

    // `held`: buckets with descriptors, as tables() file them. Of those the ones not owned.
    [[nodiscard]] RuleMasks dirty(const RuleMasks& held) const;
    // `clusters`: how many this dataplane serves. The block and the settings follow it.
    [[nodiscard]] ipc::Hello hello(std::size_t clusters, const PortAddresses& ports,
                                   const RuleMasks& held) const;
    // Without what only the cores know: the caller adds the connections.
    [[nodiscard]] ipc::Status status(Instant last_rx, Instant oldest_poll,
                                     const RuleMasks& held) const;
    [[nodiscard]] std::uint64_t fenced_intervals() const { return fenced_intervals_; }

private:
    std::string name_;
    std::string settings_;
    std::uint32_t clients_max_;
    Fence fence_;
    VerifiedHeartbeats verified_;
    std::unique_ptr<ClientTable> clients_;
    Tables tables_;
    std::uint64_t token_ = 0;
    std::vector<Byte> block_;
    ipc::Inside inside_{};
    // the lease ran when it was last set or looked at
    bool staged_ = false;
    bool reported_ = false;  // what look() last said of it
    std::uint64_t fenced_intervals_ = 0;
};

}  // namespace nlb::dataplane
