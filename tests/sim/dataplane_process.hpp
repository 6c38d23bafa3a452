// The process of one simulated dataplane: the product's IpcServer and ClusterLink, and its policer,
// between a socket, a port and cores that are simulated. It has no opinions. While tables are being
// installed any core may use the former or the newer ones.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "core/flow/simple_connections.hpp"
#include "core/wire/heartbeat_policer.hpp"
#include "core/wire/heartbeat_repeats.hpp"
#include "dataplane/control/cluster_link.hpp"
#include "dataplane/control/ipc_server.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

class DataplaneProcess final : private dataplane::Operations, private dataplane::LinkSocket {
public:
    DataplaneProcess(World& world, HostId id);
    DataplaneProcess(const DataplaneProcess&) = delete;

    // The control plane's end of the socket.
    void on_connect(std::uint64_t connection);
    void hear(std::uint64_t connection, Bytes datagram);
    void on_hung_up(std::uint64_t connection);
    // Who would be told that this process has died; 0: nobody.
    [[nodiscard]] std::uint64_t peer() const { return current_ ? current_->connection : 0; }
    [[nodiscard]] std::vector<std::uint64_t> waiting_peers() const;

    // kill -9. It may come from inside one of its own calls, so that the object lives on for that;
    // nothing that it does from now on leaves it.
    void die() {
        dead_ = true;
        alive_.reset();
    }

    // What happens to it. Requires: it is not stopped.
    void go_on();  // after a stop
    void tick();   // looks at link and lease
    void receive(const WireFrame& frame);
    void note_reception();
    // A client's frame, to the cluster's MAC.
    void note_client();
    // What cores have asked for goes on its way to the control plane.
    void pass_requests_on();

    // What the core that gets a packet decides by: tables and their number, which grows.
    struct InUse {
        const Tables* tables;
        std::uint64_t number;
    };
    [[nodiscard]] InUse tables_of_some_core() const;
    // What every core uses at least.
    [[nodiscard]] InUse oldest_in_use() const { return {&serving_, serving_number_}; }
    // Expires when the process dies.
    [[nodiscard]] std::weak_ptr<bool> life() const { return alive_; }
    // Of the newest tables.
    [[nodiscard]] Variant variant() const;
    [[nodiscard]] SimpleConnections& connections() { return connections_; }
    [[nodiscard]] ClientTable* clients() const { return link_.clients(); }
    [[nodiscard]] bool holds(Instant now) const { return link_.fence().holds(now); }
    [[nodiscard]] bool link_seen() const { return link_.fence().link_up(); }
    // By port: what some core, and what every core accepts.
    [[nodiscard]] const RuleMasks& possible() const { return possible_; }
    [[nodiscard]] const RuleMasks& certain() const { return certain_; }

private:
    static constexpr std::uint32_t kClients = 64;
    // What the kernel keeps of one direction of a socket, and as many installs as
    // dataplane/worker/publisher.hpp allows to be under way.
    static constexpr std::size_t kSocketDatagrams = 60;
    static constexpr std::size_t kInstallsMost = 32;

    struct Peer {
        std::uint64_t connection = 0;
        std::deque<Bytes> said;
        bool hung_up = false;
    };
    struct Publication {
        std::uint64_t token = 0;
        Tables tables{};
        Duration over_at{};
    };

    // Operations
    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::size_t cluster_count() const override { return 1; }
    [[nodiscard]] ipc::Hello hello(std::uint16_t cluster) const override;
    [[nodiscard]] std::span<const Byte> block(std::uint16_t) const override {
        return link_.block();
    }
    [[nodiscard]] std::string_view settings(std::uint16_t) const override {
        return link_.settings();
    }
    [[nodiscard]] ipc::Status status(std::uint16_t cluster) const override;
    [[nodiscard]] ipc::CountersReport counters(std::uint16_t cluster) const override;
    Status install(std::uint16_t cluster, std::uint64_t token, const Tables& tables) override;
    void set_lease(std::uint16_t cluster, Instant valid_until) override;
    void store(std::uint16_t, std::span<const Byte> block) override { link_.store(block); }
    void set_seal_keys(std::uint16_t, const SealKeys& keys) override { seal_keys_ = keys; }
    void note_verified(std::uint16_t, const ipc::Verified& verified) override {
        link_.note_verified(verified);
    }
    void give_grants(std::uint16_t cluster, std::uint64_t era,
                     std::span<const GivenGrant> grants) override;
    void send_frame(std::uint16_t cluster, std::span<const Byte> frame) override;
    [[nodiscard]] bool is_busy() const override {
        return dead_ || pausing_ || publications_.size() >= kInstallsMost;
    }
    void on_connected(int) override {}
    void on_disconnected(const std::string& why) override;
    void on_refused(const std::string& why) override;

    // LinkSocket
    [[nodiscard]] bool connected() const override { return current_.has_value(); }
    [[nodiscard]] int peer_pid() const override { return 1; }
    bool accept() override;
    void turn_away(std::span<const Byte> datagram) override;
    Received receive(std::vector<Byte>& into, std::size_t most) override;
    void send(std::vector<Byte> datagram) override;
    bool send_now(std::span<const Byte> datagram) override;
    void disconnect() override;

    [[nodiscard]] bool stopped() const;
    void pump();
    void punt(const WireFrame& frame);
    void punt_waiting();
    void settle_arp(const WireFrame& frame);
    void pause_for(Duration low, Duration high);
    bool publish(std::uint64_t token, const Tables& tables);
    void finish_installs();
    void recompute();
    [[nodiscard]] RuleMasks held() const;
    [[nodiscard]] bool hand_over(Bytes datagram, std::size_t queue_max);
    template <class Event>
    void after(Duration delay, Event event);

    World& world_;
    HostId id_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // events of it hold a weak one
    dataplane::ClusterLink link_;
    dataplane::IpcServer server_;
    std::deque<Peer> backlog_;
    std::optional<Peer> current_;
    bool dead_ = false;
    bool pumping_ = false;
    bool pausing_ = false;  // main does something else for a moment

    Tables serving_;  // what every core uses at least
    std::uint64_t serving_number_ = 0;
    std::deque<Publication> publications_;
    RuleMasks possible_{};
    RuleMasks certain_{};
    SimpleConnections connections_;
    Instant last_rx_ = kLongAgo;
    std::uint64_t clients_heard_ = 0;
    HeartbeatPolicer policer_;
    SealKeys seal_keys_;
    HeartbeatRepeats repeats_;
    std::vector<std::pair<WireFrame, Instant>> waiting_;  // for main's next look, in their order
    std::optional<WireFrame> punting_;
};

}  // namespace nlb::sim
