// What people are told of one cluster, as values: an event leaves the agent through a sink, and
// whoever owns the sink writes a line, keeps it or compares it. Nothing here is text of a log; what
// an event is called and means stands in config/event_table.hpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/event_table.hpp"

namespace nlb::controlplane {

using config::EventId;

// In the order in which they are shown. Names live as long as the program.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

struct Event {
    EventId id;
    Fields fields;

    [[nodiscard]] std::string_view name() const { return config::kind_of(id).name; }
    [[nodiscard]] int number() const { return config::kind_of(id).number; }
};

// Thread: the one that calls the agent, from inside its calls. It must not call the agent back.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void on_event(const Event& event) = 0;
};

}  // namespace nlb::controlplane
