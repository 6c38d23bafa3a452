// What people are told of one cluster, as values: an event leaves the agent through a sink, and
// whoever owns the sink writes a line, counts it or compares it. Nothing here is text of a log;
// numbers are Windows NLB's where it has one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nlb::controlplane {

enum class Severity : std::uint8_t { info, warn, error };

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

// In the order in which they are shown. Names live as long as the program.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

struct Event {
    Severity severity = Severity::info;
    EventNumber number = EventNumber::none;
    std::string_view name;  // lives as long as the program
    Fields fields;
};

// Thread: the one that calls the agent, from inside its calls. It must not call the agent back.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void on_event(const Event& event) = 0;
};

}  // namespace nlb::controlplane
