// The JSON of an event has the same words as its line in the log.
#include "controlplane/loop/event_hooks.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace nlb::controlplane {
namespace {

std::string_view word_of(Severity severity) {
    if (severity == Severity::error) return "error";
    return severity == Severity::warn ? "warning" : "info";
}

double seconds_since_1970() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

}  // namespace

std::string json_of(const Event& event, double time) {
    nlohmann::json object = {
        {"time", time}, {"name", event.name}, {"severity", word_of(event.severity)}};
    if (event.number != EventNumber::none) object["event"] = static_cast<int>(event.number);
    nlohmann::json fields = nlohmann::json::object();
    for (const auto& [name, value] : event.fields) fields[std::string{name}] = value;
    object["fields"] = fields;
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void EventHooks::on_event(const Event& event) {
    log_.on_event(event);
    const auto cluster = std::find_if(event.fields.begin(), event.fields.end(),
                                      [](const auto& field) { return field.first == "cluster"; });
    if (cluster == event.fields.end()) return;
    const auto program = programs_.find(cluster->second);
    if (program == programs_.end() || program->second.empty()) return;
    runner_.notify(cluster->second, program->second, json_of(event, seconds_since_1970()));
}

}  // namespace nlb::controlplane
