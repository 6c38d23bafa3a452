// The time is the machine's own, as in the log.
#include "controlplane/loop/event_log.hpp"

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "config/daemon/event_line.hpp"

namespace nlb::controlplane {
namespace {

constexpr std::array<std::string_view, 3> kLevels = {"info", "warning", "error"};

}  // namespace

std::string wall_time() {
    using namespace std::chrono;
    const auto since = system_clock::now().time_since_epoch();
    const std::time_t seconds = duration_cast<std::chrono::seconds>(since).count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char date[32];
    const std::size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    const auto millis = static_cast<int>(duration_cast<milliseconds>(since).count() % 1000);
    const std::string digits = std::to_string(1000 + millis);
    return std::string(date, length) + "." + digits.substr(1) + "Z";
}

std::string event_json(const Event& event, std::string_view time) {
    const config::EventKind& kind = config::kind_of(event.id);
    nlohmann::ordered_json json = {{"time", time},
                                   {"level", kLevels[static_cast<std::size_t>(kind.level)]},
                                   {"name", kind.name},
                                   {"event", nullptr}};
    if (kind.number != 0) json["event"] = kind.number;
    for (const auto& [key, value] : event.fields) json[std::string{key}] = value;
    if (kind.level != config::EventLevel::info) json["do"] = kind.todo;
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void EventLog::on_event(const Event& event) {
    daemon::log_event(event.id, event.fields);
    store_.add(event_json(event, wall_time()));
}

}  // namespace nlb::controlplane
