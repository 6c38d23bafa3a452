// Where events go: each is a line of the log, and the input of the program that its cluster names.
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
    explicit EventHooks(CheckRunner& runner) : runner_(runner) {}
    // The program that a cluster's events are told from now on; empty: none.
    void use(const std::string& cluster, std::vector<std::string> program) {
        programs_[cluster] = std::move(program);
    }
    void on_event(const Event& event) override;

private:
    CheckRunner& runner_;
    EventLog log_;
    std::map<std::string, std::vector<std::string>> programs_;
};

// What a program reads: one JSON object and a line break. `time` is seconds since 1970, UTC.
[[nodiscard]] std::string json_of(const Event& event, double time);

}  // namespace nlb::controlplane
