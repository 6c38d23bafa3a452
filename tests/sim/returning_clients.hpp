// Clients that come again and again to a rule with a time-out: the same address, other ports. Each
// of their packets is offered like any other (workload); what is counted besides is how often such
// a client, coming in time, found the host that it had been at.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/prng.hpp"
#include "tests/sim/workload.hpp"

namespace nlb::sim {

class ReturningClients {
public:
    ReturningClients(World& world, Workload& workload);
    ReturningClients(const ReturningClients&) = delete;

    // One packet now, and the next one a while later. Nothing in runs without such a rule.
    void go_on();
    // Times that a client came in time and its former host was still there and meant to serve, and
    // times that it was taken there.
    [[nodiscard]] std::uint64_t returns() const { return returns_; }
    [[nodiscard]] std::uint64_t found() const { return found_; }
    // Of the returns those whose bucket had another owner meanwhile.
    [[nodiscard]] std::uint64_t moved() const { return moved_; }
    [[nodiscard]] std::uint64_t moved_found() const { return moved_found_; }

private:
    static constexpr std::size_t kClients = 10;
    struct Client {
        Workload::Flow flow;
        HostId former = kNoHost;          // where it was last
        std::uint64_t interruptions = 0;  // of that host, then
        Duration left{};                  // when
        Duration due{};                   // nothing comes before
        bool counted = false;             // its return is known to be one, or none
        bool is_return = false;
        bool is_moved = false;
    };
    void speak(Client& client);
    void knock(Client& client);
    void send_datagram(Client& client);
    [[nodiscard]] std::uint16_t port_after(std::uint16_t port);
    void weigh_return(Client& client);
    [[nodiscard]] Duration pause();

    World& world_;
    Workload& workload_;
    Prng prng_;
    std::array<Client, kClients> clients_{};
    std::uint64_t returns_ = 0;
    std::uint64_t found_ = 0;
    std::uint64_t moved_ = 0;
    std::uint64_t moved_found_ = 0;
};

}  // namespace nlb::sim
