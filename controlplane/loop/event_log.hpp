// What the agents and the loop tell people, as lines of the daemons' log. NLB's number of an event
// stands behind its name as `event=N`.
#pragma once

#include "controlplane/agent/events.hpp"

namespace nlb::controlplane {

// Writing never blocks the loop; see config/daemon/log.hpp. Thread: any.
class EventLog : public EventSink {
public:
    void on_event(const Event& event) override;
};

}  // namespace nlb::controlplane
