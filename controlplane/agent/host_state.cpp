// The table of commands is NLB's own, with its return values; the table of steps is ours. Both are
// complete: every command has an answer in every state.
#include "controlplane/agent/host_state.hpp"

#include <array>

namespace nlb::controlplane {
namespace {

constexpr std::array<std::string_view, 4> kWantedNames = {"started", "draining", "stopped",
                                                          "suspended"};
constexpr std::array<std::string_view, 5> kShownNames = {"stopped", "converging", "converged",
                                                         "draining", "suspended"};

// A command that ends a drain says so: clients that were to finish may be cut off.
CommandResult done(Wanted from, const char* message) {
    if (from == Wanted::draining)
        return {ReturnValue::drain_stopped, std::string{message} + "; the drain was broken off"};
    return {ReturnValue::ok, message};
}

Transition start(Wanted wanted) {
    if (wanted == Wanted::running)
        return {wanted, {ReturnValue::already, "the host is already started"}};
    return {Wanted::running, done(wanted, "the host joins the cluster")};
}

Transition stop(Wanted wanted) {
    if (wanted == Wanted::stopped)
        return {wanted, {ReturnValue::already, "the host is already stopped"}};
    return {Wanted::stopped, done(wanted, "the host left the cluster")};
}

Transition drainstop(Wanted wanted) {
    if (wanted == Wanted::draining)
        return {wanted, {ReturnValue::already, "the host is already draining"}};
    if (wanted == Wanted::stopped)
        return {wanted, {ReturnValue::already, "the host is already stopped"}};
    return {Wanted::draining,
            {ReturnValue::ok, "the host takes no new flow and stops when its last one ends"}};
}

}  // namespace

Transition apply(Wanted wanted, HostCommand command) {
    if (wanted == Wanted::suspended && command == HostCommand::suspend)
        return {wanted, {ReturnValue::already, "the host is already suspended"}};
    if (wanted == Wanted::suspended && command != HostCommand::resume)
        return {wanted,
                {ReturnValue::refused, "the host is suspended: it answers only query and resume"}};
    switch (command) {
        case HostCommand::start:
            return start(wanted);
        case HostCommand::stop:
            return stop(wanted);
        case HostCommand::drainstop:
            return drainstop(wanted);
        case HostCommand::suspend:
            return {Wanted::suspended,
                    done(wanted, "the host left the cluster and answers only query and resume")};
        case HostCommand::resume:
            break;
    }
    if (wanted != Wanted::suspended)
        return {wanted, {ReturnValue::already, "the host is not suspended"}};
    return {Wanted::stopped,
            {ReturnValue::ok, "the host answers commands again; `start` lets it join"}};
}

Wanted initial_wanted(config::InitialState initial, const std::optional<Wanted>& stored) {
    switch (initial) {
        case config::InitialState::started:
            return Wanted::running;
        case config::InitialState::stopped:
            return Wanted::stopped;
        case config::InitialState::suspended:
            return Wanted::suspended;
        case config::InitialState::last:
            break;
    }
    return stored.value_or(Wanted::running);
}

// A host that is meant to be stopped and finds a living map begins all the same, only to give it
// back in order. One whose servers cannot be reached leaves in order too: the others take its
// buckets without waiting for its silence.
Step next_step(Wanted wanted, const Facts& facts) {
    const bool may_run =
        !facts.departing && (wanted == Wanted::running || wanted == Wanted::draining);
    if (facts.active && facts.has_left) return Step::retire;
    if (facts.active) {
        if (facts.leaving) return Step::none;
        if (!may_run || !facts.inside_ready) return Step::leave;
        if (facts.told_draining != (wanted == Wanted::draining)) return Step::tell_desired;
        return wanted == Wanted::draining && facts.drained ? Step::finish_drain : Step::none;
    }
    if (!facts.dataplane || facts.departing) return Step::none;
    if ((wanted == Wanted::running && facts.inside_ready) || facts.memory_alive) return Step::begin;
    return wanted == Wanted::draining ? Step::finish_drain : Step::none;
}

// A stopped host that still owns something is shown as converging until it has left.
ShownState shown_state(Wanted wanted, const Facts& facts, bool converged) {
    if (wanted == Wanted::suspended) return ShownState::suspended;
    if (wanted == Wanted::stopped)
        return facts.active ? ShownState::converging : ShownState::stopped;
    if (wanted == Wanted::draining) return ShownState::draining;
    return facts.active && !facts.leaving && converged ? ShownState::converged
                                                       : ShownState::converging;
}

ReturnValue return_value_of(ShownState state, bool default_host) {
    switch (state) {
        case ShownState::stopped:
            return ReturnValue::stopped;
        case ShownState::converging:
            return ReturnValue::converging;
        case ShownState::converged:
            return default_host ? ReturnValue::default_host : ReturnValue::converged;
        case ShownState::draining:
            return ReturnValue::draining;
        case ShownState::suspended:
            break;
    }
    return ReturnValue::suspended;
}

std::string_view name_of(ShownState state) {
    return kShownNames[static_cast<std::size_t>(state)];
}
std::string_view name_of(Wanted wanted) {
    return kWantedNames[static_cast<std::size_t>(wanted)];
}

std::optional<Wanted> wanted_from(std::string_view name) {
    for (std::size_t i = 0; i < kWantedNames.size(); ++i)
        if (kWantedNames[i] == name) return static_cast<Wanted>(i);
    return std::nullopt;
}

}  // namespace nlb::controlplane
