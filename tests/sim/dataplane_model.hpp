// The dataplane of one simulated host: its cores' map and lease, the stored checkpoint, and the
// socket to the control plane, whose messages take effect one by one in the order sent. It has no
// opinions. While tables are being installed any core may use the old or the new ones.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "core/clients/client_table.hpp"
#include "core/flow/simple_connections.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

class DataplaneModel {
public:
    DataplaneModel(World& world, HostId id) : world_(world), id_(id) {}

    // The process.
    void boot();
    void die();
    void stop();  // SIGSTOP: nothing is forwarded, received or installed
    void resume();
    void set_link(bool up);
    void set_deaf(bool deaf);  // no frame of any kind comes in; what it sends leaves
    [[nodiscard]] bool alive() const { return alive_; }
    [[nodiscard]] bool link_up() const { return link_up_; }

    // The control plane's end of the socket. Messages of a connection that is not the last one are
    // lost with it.
    void connect(std::uint64_t connection);
    void post(std::uint64_t connection, DataplaneMessage message);

    // The outside port.
    void receive(const WireFrame& frame);

    // Packets of clients: whether any arrives, and what the core that gets one decides by.
    [[nodiscard]] bool receives() const { return alive_ && !stopped_ && link_up_ && !deaf_; }
    void note_reception();
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] const InstallMessage& tables_of_some_core() const;
    // Of the tables that own something, or will at the end of the install.
    [[nodiscard]] Variant variant() const {
        return installing_ ? installing_->second.variant : installed_.variant;
    }
    [[nodiscard]] SimpleConnections& connections() { return *connections_; }

    [[nodiscard]] ClientTable& clients() { return *clients_; }
    // What cores have asked for goes on its way to the control plane.
    void pass_requests_on();

    // What some core would accept, and what every core does accept, now.
    [[nodiscard]] const RuleMasks& may_accept() const { return is_open() ? possible_ : kNothing; }
    [[nodiscard]] const RuleMasks& does_accept() const { return is_open() ? certain_ : kNothing; }

private:
    static constexpr std::size_t kQueueFrames = 60;
    static constexpr std::uint32_t kClients = 64;
    static constexpr RuleMasks kNothing{};

    void pump();
    void handle(const SendMessage& message);
    void handle(const InstallMessage& message);
    void handle(const LeaseMessage& message);
    void handle(StoreMessage& message);
    void handle(const ConnectMessage& message);
    void handle(const StatusRequestMessage& message);
    void handle(const GrantsMessage& message);
    void finish_install();
    [[nodiscard]] RuleMasks dirty() const;
    void tell_link();
    void punt(const WireFrame& frame);

    World& world_;
    HostId id_;
    std::uint32_t life_ = 0;  // grows at each boot; events of an earlier life are void
    bool alive_ = false;
    bool stopped_ = false;
    bool link_up_ = true;
    bool told_link_ = true;
    bool deaf_ = false;
    Instant last_rx_ = kLongAgo;
    bool pumping_ = false;
    bool install_overdue_ = false;
    std::uint64_t connection_ = 0;
    std::deque<std::pair<std::uint64_t, DataplaneMessage>> inbox_;
    std::deque<WireFrame> nic_;
    std::optional<std::pair<std::uint64_t, InstallMessage>> installing_;
    RuleMasks possible_{};
    RuleMasks certain_{};
    InstallMessage installed_;
    std::unique_ptr<SimpleConnections> connections_;
    std::unique_ptr<ClientTable> clients_;
    Instant valid_until_ = kLongAgo;
    std::optional<Checkpoint> block_;
};

}  // namespace nlb::sim
