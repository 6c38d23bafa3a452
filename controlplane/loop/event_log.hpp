// What the agents and the loop tell people: a line of the daemons' log, with NLB's number behind
// its name as `event=N`, and an object of the history that `nlb events` shows.
#pragma once

#include "controlplane/agent/events.hpp"
#include "controlplane/loop/event_store.hpp"

namespace nlb::controlplane {

// One line of JSON: `time`, `level`, `name`, `event` (null without a number), then the fields, and
// `do` where somebody has to do something.
[[nodiscard]] std::string event_json(const Event& event, std::string_view time);

// UTC with milliseconds, as the log has it.
[[nodiscard]] std::string wall_time();

// Writing never blocks the loop; see config/daemon/log.hpp. Thread: the loop's.
class EventLog : public EventSink {
public:
    // `store` outlives it.
    explicit EventLog(EventStore& store) : store_(store) {}
    void on_event(const Event& event) override;
    void tell(EventId id, Fields fields = {}) { on_event({id, std::move(fields)}); }

private:
    EventStore& store_;
};

}  // namespace nlb::controlplane
