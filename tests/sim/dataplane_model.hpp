// The machine around one simulated dataplane: whether its process lives or is stopped, its outside
// port, and what clients meet there.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "tests/sim/dataplane_process.hpp"
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
    [[nodiscard]] bool alive() const { return process_ != nullptr; }
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] bool link_up() const { return link_up_; }

    // The control plane's end of the socket; nothing when the process is dead.
    void connect(std::uint64_t connection);
    void hear(std::uint64_t connection, Bytes datagram);
    void on_hung_up(std::uint64_t connection);

    // The outside port.
    void receive(const WireFrame& frame);

    // Packets of clients: whether any arrives, and whether it may be accepted.
    [[nodiscard]] bool receives() const { return alive() && !stopped_ && link_up_ && !deaf_; }
    [[nodiscard]] bool is_open() const;
    // Requires: alive().
    [[nodiscard]] DataplaneProcess& process() { return *process_; }
    // Of the tables that own something, or will at the end of the install.
    [[nodiscard]] Variant variant() const { return alive() ? process_->variant() : Variant{0}; }

    // By port: what some core would accept, and what every core does accept, now.
    [[nodiscard]] const RuleMasks& may_accept() const {
        return is_open() ? process_->possible() : kNothing;
    }
    [[nodiscard]] const RuleMasks& does_accept() const {
        return is_open() ? process_->certain() : kNothing;
    }

private:
    static constexpr std::size_t kReceiveQueue = 60;
    static constexpr Duration kTick = std::chrono::milliseconds{50};  // of the product's main loop
    static constexpr RuleMasks kNothing{};

    void keep_ticking();

    World& world_;
    HostId id_;
    std::uint32_t life_ = 0;  // grows at each boot; events of an earlier life are void
    bool stopped_ = false;
    bool link_up_ = true;
    bool deaf_ = false;
    std::deque<WireFrame> nic_;
    std::unique_ptr<DataplaneProcess> process_;
};

}  // namespace nlb::sim
