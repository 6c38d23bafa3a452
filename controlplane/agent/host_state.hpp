// What the operator wants of this host, and the next step towards it. Pure: commands and facts go
// in, a step comes out. It knows nothing of buckets, heartbeats or files; cluster_agent.cpp carries
// the steps out.
//
//             start                       last descriptor ends
//   stopped --------> running --drainstop--> draining ----------> stopped
//      ^  <---stop---    |   <----start----     |
//      |                 +------suspend---------+--> suspended
//      +-----------------resume------------------------+
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/schema.hpp"
#include "controlplane/agent/return_value.hpp"

namespace nlb::controlplane {

enum class Wanted : std::uint8_t { running, draining, stopped, suspended };
enum class HostCommand : std::uint8_t { start, stop, drainstop, suspend, resume };

// What a command comes to.
struct Transition {
    Wanted next;
    CommandResult result;
};
[[nodiscard]] Transition apply(Wanted wanted, HostCommand command);

// What a host begins with; `stored` counts for initial_state: last, and running where there is
// none.
[[nodiscard]] Wanted initial_wanted(config::InitialState initial,
                                    const std::optional<Wanted>& stored);

// What the decision needs to know; gathered anew before each step.
struct Facts {
    bool dataplane = false;  // it said hello
    // it holds the map of a control plane before this one, and its lease runs
    bool memory_alive = false;
    // what the cores accept reaches a server: its addresses are there
    bool inside_ready = true;
    bool active = false;         // the membership was started
    bool told_draining = false;  // the membership knows that this host drains
    bool drained = false;        // nothing owned and no descriptor left
    bool leaving = false;        // the membership was told to leave
    bool has_left = false;
    bool departing = false;  // the program ends
};

// One thing to do now; `none`: wait for the next event.
enum class Step : std::uint8_t { none, begin, tell_desired, finish_drain, leave, retire };
// Never circles: each step changes the facts that asked for it.
[[nodiscard]] Step next_step(Wanted wanted, const Facts& facts);

// What `query` says of this host.
enum class ShownState : std::uint8_t { stopped, converging, converged, draining, suspended };
[[nodiscard]] ShownState shown_state(Wanted wanted, const Facts& facts, bool converged);
[[nodiscard]] ReturnValue return_value_of(ShownState state, bool default_host);

// Words of the command line and of the state file.
[[nodiscard]] std::string_view name_of(ShownState state);
[[nodiscard]] std::string_view name_of(Wanted wanted);
// Nothing when it is no such word.
[[nodiscard]] std::optional<Wanted> wanted_from(std::string_view name);

}  // namespace nlb::controlplane
