// What the operator wants of this host, and the next step towards it. Pure: commands and facts go
// in, a step comes out. It knows nothing of buckets, heartbeats or files; agent.cpp carries the
// steps out.
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

struct Transition {
    Wanted next;
    CommandResult result;
};
[[nodiscard]] Transition apply(Wanted wanted, HostCommand command);

// What a host begins with; `stored` counts for initial_state: last.
[[nodiscard]] Wanted initial_wanted(config::InitialState initial,
                                    const std::optional<Wanted>& stored);

struct Facts {
    bool dataplane = false;  // it said hello
    // it holds the map of a control plane before this one, and its lease runs
    bool memory_alive = false;
    bool active = false;         // the membership was started
    bool told_draining = false;  // the membership knows that this host drains
    bool drained = false;        // nothing owned and no descriptor left
    bool leaving = false;        // the membership was told to leave
    bool has_left = false;
    bool departing = false;  // the program ends
};

enum class Step : std::uint8_t { none, begin, tell_desired, finish_drain, leave, retire };
[[nodiscard]] Step next_step(Wanted wanted, const Facts& facts);

enum class ShownState : std::uint8_t { stopped, converging, converged, draining, suspended };
[[nodiscard]] ShownState shown_state(Wanted wanted, const Facts& facts, bool converged);
[[nodiscard]] ReturnValue return_value_of(ShownState state, bool default_host);

[[nodiscard]] std::string_view name_of(ShownState state);
[[nodiscard]] std::string_view name_of(Wanted wanted);
[[nodiscard]] std::optional<Wanted> wanted_from(std::string_view name);

}  // namespace nlb::controlplane
