// The one place where the table's columns become fields.
#include "config/daemon/event_line.hpp"

namespace nlb::daemon {
namespace {

Level level_of(config::EventLevel level) {
    if (level == config::EventLevel::error) return Level::error;
    return level == config::EventLevel::warning ? Level::warning : Level::info;
}

}  // namespace

Fields fields_of(EventId id, const Fields& about) {
    const config::EventKind& kind = config::kind_of(id);
    Fields fields;
    if (kind.number != 0) fields.emplace_back("event", std::to_string(kind.number));
    fields.insert(fields.end(), about.begin(), about.end());
    if (kind.level != config::EventLevel::info) fields.emplace_back("do", kind.todo);
    return fields;
}

void log_event(EventId id, const Fields& about) {
    const config::EventKind& kind = config::kind_of(id);
    log(level_of(kind.level), kind.name, fields_of(id, about));
}

}  // namespace nlb::daemon
