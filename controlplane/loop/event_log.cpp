// NLB's number is the first field, so that lines of one event look alike.
#include "controlplane/loop/event_log.hpp"

#include "config/daemon/log.hpp"

namespace nlb::controlplane {
namespace {

daemon::Level level_of(Severity severity) {
    if (severity == Severity::error) return daemon::Level::error;
    return severity == Severity::warn ? daemon::Level::warning : daemon::Level::info;
}

}  // namespace

void EventLog::on_event(const Event& event) {
    daemon::Fields fields;
    if (event.number != EventNumber::none)
        fields.emplace_back("event", std::to_string(static_cast<int>(event.number)));
    fields.insert(fields.end(), event.fields.begin(), event.fields.end());
    daemon::log(level_of(event.severity), event.name, fields);
    if (other_ != nullptr) other_->on_event(event);
}

}  // namespace nlb::controlplane
