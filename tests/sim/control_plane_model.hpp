// The shell of one simulated control plane: it brings time and messages to the production
// Membership, and carries out the actions of each call one by one. The process may be stopped or
// killed before any of them, and between reading the clock and the call.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "core/cluster/membership.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

class ControlPlaneModel {
public:
    ControlPlaneModel(World& world, HostId id) : world_(world), id_(id) {}

    void start();
    void kill();
    void stop();
    void resume();
    [[nodiscard]] bool running() const { return state_ == State::running; }
    [[nodiscard]] bool off() const { return state_ == State::off; }
    // `fault` happens before the step that follows `steps` more of them; a step is a call or one of
    // its actions.
    void arm(std::uint32_t steps, std::function<void()> fault);
    void disarm() { armed_fault_ = nullptr; }
    // The loop is late by up to this much after each call; zero: hardly.
    void set_lateness(Duration lateness) { lateness_ = lateness; }

    void post(LoopItem item);
    void receive(const WireFrame& frame);
    void on_dataplane_gone();
    void on_dataplane_back() { connect(); }

    // Nothing before the dataplane's hello, and when the process is off.
    [[nodiscard]] const Membership* membership() const {
        return membership_ ? &*membership_ : nullptr;
    }

private:
    enum class State : std::uint8_t { off, running, stopped };
    static constexpr std::size_t kQueueFrames = 60;

    struct Call {
        LoopItem item;
        Instant now;  // read before the call; it is old when the process was stopped in between
    };

    void connect();
    void pump();
    bool take_step();
    bool fault_strikes();
    [[nodiscard]] bool tick_is_due() const;
    void perform(Call call);
    Actions handle(const TickItem& item, Instant now);
    Actions handle(const FrameItem& item, Instant now);
    Actions handle(const InstalledItem& item, Instant now);
    Actions handle(const StatusItem& item, Instant now);
    Actions handle(const RequestsItem& item, Instant now);
    Actions handle(const LinkItem& item, Instant now);
    Actions handle(const HelloItem& item, Instant now);
    Actions handle(const LostItem& item, Instant now);
    Actions handle(const WishesItem& item, Instant now);
    Actions handle(const HoldItem& item, Instant now);
    Actions handle(const LeaveItem& item, Instant now);
    Actions handle(const StartAgainItem& item, Instant now);
    Actions begin(Instant now);
    Actions hold(Instant now);
    void adapt_memory();
    [[nodiscard]] Variant variant() const;
    void carry_out(Action& action);
    void wake_at(Duration time);

    World& world_;
    HostId id_;
    State state_ = State::off;
    std::uint32_t life_ = 0;
    std::uint64_t connections_made_ = 0;
    std::uint64_t connection_ = 0;  // 0: none
    bool greeted_ = false;          // the hello of this connection was posted
    bool started_ = false;          // on_start was called since the hello
    std::optional<HelloItem> hello_;
    std::optional<Membership> membership_;
    Variant install_variant_ = 0;  // what the actions still to be carried out number rules by

    std::deque<LoopItem> inbox_;
    std::size_t frames_waiting_ = 0;
    std::optional<Call> call_;
    Actions actions_;
    std::size_t next_action_ = 0;
    std::uint64_t actions_connection_ = 0;

    bool pumping_ = false;
    bool tick_first_ = true;
    Duration busy_until_{};
    Duration tick_at_{};
    Duration woken_at_{};  // the earliest wake-up that is on its way; zero: none
    Duration pulse_at_{};  // a status is asked for at least each half period
    Duration lateness_{};
    std::uint32_t armed_steps_ = 0;
    std::function<void()> armed_fault_;
};

}  // namespace nlb::sim
