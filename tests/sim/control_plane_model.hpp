// The process of one simulated control plane: the product's ClusterRoster and ClusterAgent between
// a socket, a clock and a state file that are simulated. It may be stopped or killed between
// reading the clock and a call, and between any two messages that a call has written. It decides
// nothing about the cluster.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "controlplane/agent/cluster_roster.hpp"
#include "tests/sim/cheap_authenticator.hpp"
#include "tests/sim/recording.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

// What the operator asks for.
struct HostAsked {
    controlplane::HostCommand command;
};
struct RuleAsked {
    RuleId port = 0;
    RuleState state = RuleState::enabled;
};
struct ReloadAsked {};
using Command = std::variant<HostAsked, RuleAsked, ReloadAsked>;

class ControlPlaneModel final : private controlplane::MessageSink, private controlplane::EventSink {
public:
    ControlPlaneModel(World& world, HostId id) : world_(world), id_(id) {}
    ControlPlaneModel(const ControlPlaneModel&) = delete;

    void start();
    void kill();
    // What is recorded of this life is on the disk.
    void end_recording();
    void stop();
    void resume();
    [[nodiscard]] bool off() const { return state_ == State::off; }
    // `fault` happens before the step that follows `steps` more of them; a step is a call or one of
    // the messages that it has written.
    void arm(std::uint32_t steps, std::function<void()> fault);
    void disarm() { armed_fault_ = nullptr; }
    // The loop is late by up to this much after each call; zero: hardly.
    void set_lateness(Duration lateness) { lateness_ = lateness; }
    // The operator's, kept until the loop comes to it; lost when the process is off.
    void command(const Command& command);

    // The socket's end here. False: it is full (or the connection is none of this process).
    bool hear(std::uint64_t connection, Datagram datagram, std::size_t queue_max);
    void on_closed(std::uint64_t connection);

    // Nothing when the process is off.
    [[nodiscard]] const controlplane::ClusterAgent* agent() const {
        return agents_.empty() ? nullptr : agents_.front().get();
    }
    [[nodiscard]] const Membership* membership() const {
        return agents_.empty() ? nullptr : &agents_.front()->membership();
    }

private:
    enum class State : std::uint8_t { off, running, stopped };
    // As controlplane/loop/dataplane_connection.hpp has them.
    static constexpr Duration kRetryEvery = std::chrono::milliseconds{100};
    static constexpr Duration kTimerMin = std::chrono::microseconds{50};

    struct Tick {};
    struct Lost {};
    struct Checked {
        std::uint64_t token = 0;
        RuleId port = 0;
        bool hung = false;
    };
    struct Call {
        std::variant<Tick, Lost, Command, Datagram, Checked> what;
        Instant now;  // read before the call; it is old when the process was stopped in between
    };

    void make_agent();
    void send(std::vector<Byte> datagram) override;
    void on_event(const controlplane::Event& event) override;

    void pump();
    bool take_step();
    bool fault_strikes();
    void try_connect();
    [[nodiscard]] std::optional<Call> next_call();
    void perform(const Call& call);
    void handle(const Tick&, Instant now);
    void handle(const Lost&, Instant now);
    void handle(const Command& command, Instant now);
    void handle(const Datagram& datagram, Instant now);
    void handle(const Checked& checked, Instant now);
    void run_checks(Instant now);
    [[nodiscard]] RuleId port_of(RuleId rule) const;
    void reload(Instant now);
    [[nodiscard]] std::vector<SimulatedKey>& keys_in_force();
    void write(Bytes datagram);
    void wake_at(Duration time);
    void note_cuts(bool cuts);

    World& world_;
    HostId id_;
    State state_ = State::off;
    std::uint32_t life_ = 0;
    std::uint64_t connections_made_ = 0;
    std::uint64_t connection_ = 0;             // 0: none
    bool closed_ = false;                      // by the other end, and not noticed yet
    std::unique_ptr<RecordedLife> recording_;  // nothing: the run is not recorded
    controlplane::ClusterAgents agents_;
    std::optional<controlplane::ClusterRoster> roster_;
    std::vector<SimulatedKey> keys_;  // in force; the one that sends first
    std::vector<SimulatedKey> held_keys_;

    std::deque<Datagram> inbox_;
    std::deque<Command> commands_;
    std::deque<Checked> checked_;  // checks that have ended
    std::optional<Call> call_;
    std::deque<Bytes> written_;  // by the last call; to `written_to_`
    std::uint64_t written_to_ = 0;

    bool pumping_ = false;
    bool turned_ = false;  // something was handled since time was last looked at
    Duration busy_until_{};
    Duration tick_at_{};
    Duration retry_at_{};
    Duration woken_at_{};  // the earliest wake-up that is on its way; zero: none
    Duration lateness_{};
    std::uint32_t armed_steps_ = 0;
    std::function<void()> armed_fault_;
};

}  // namespace nlb::sim
