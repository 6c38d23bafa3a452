// One structured line on stderr per transition: `TIME LEVEL [event=N] name=... key=value ...`. N is
// the number that Windows NLB gives the event, where it has one. Writing never blocks the loop: a
// thread of its own does it, and when stderr is stuck the oldest lines are given up.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nlb::controlplane {

enum class Severity { info, warn, error };

// NLB's numbers.
enum class EventNumber : int {
    none = 0,
    started = 5,
    stopped = 6,
    duplicate_subnet = 18,
    converged = 28,
    converged_as_default = 29,
    rule_adjusted = 38,
    rule_drained = 39,
    draining = 44,
    converging_joined = 67,
    converging_changed = 68,
    converging_lost = 69,
};

using Fields = std::vector<std::pair<std::string_view, std::string>>;

// The line without time and level. Values with blanks, quotes or equal signs are quoted, control
// characters become blanks.
[[nodiscard]] std::string format_event(EventNumber number, std::string_view name,
                                       const Fields& fields);

void log_event(Severity severity, EventNumber number, std::string_view name, const Fields& fields);

// Before the first line; without it (in tests) nothing is written.
void start_log();
// Writes what is pending.
void stop_log();

}  // namespace nlb::controlplane
