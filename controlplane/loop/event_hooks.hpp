// Where events go: each to the log, and to the input of the program that its cluster names.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controlplane/agent/events.hpp"
#include "controlplane/health/check_runner.hpp"
#include "controlplane/loop/event_log.hpp"

namespace nlb::controlplane {

// Thread: the loop's.
class EventHooks final : public EventSink {
public:
    // Both outlive it.
    EventHooks(EventLog& log, CheckRunner& runner) : log_(log), runner_(runner) {}
    // The program that a cluster's events are told from now on, as the JSON that `nlb events` shows
    // and a line break; empty: none.
    void use(const std::string& cluster, std::vector<std::string> program) {
        programs_[cluster] = std::move(program);
    }
    void on_event(const Event& event) override;
    void tell(EventId id, Fields fields = {}) { on_event({id, std::move(fields)}); }

private:
    EventLog& log_;
    CheckRunner& runner_;
    std::map<std::string, std::vector<std::string>> programs_;
};

}  // namespace nlb::controlplane
