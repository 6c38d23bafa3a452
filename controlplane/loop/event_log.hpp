// What the agents and the loop tell people, as lines of the daemons' log. NLB's number of an event
// stands behind its name as `event=N`.
#pragma once

#include "controlplane/agent/events.hpp"

namespace nlb::controlplane {

// Writing never blocks the loop; see config/daemon/log.hpp. Thread: any.
class EventLog : public EventSink {
public:
    void on_event(const Event& event) override;
    // Whoever else wants to hear; it outlives this. Called before the first event.
    void also_tell(EventSink& other) { other_ = &other; }

private:
    EventSink* other_ = nullptr;
};

}  // namespace nlb::controlplane
