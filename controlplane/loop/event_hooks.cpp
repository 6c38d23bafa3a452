#include "controlplane/loop/event_hooks.hpp"

#include <algorithm>

namespace nlb::controlplane {

void EventHooks::on_event(const Event& event) {
    log_.on_event(event);
    const auto cluster = std::find_if(event.fields.begin(), event.fields.end(),
                                      [](const auto& field) { return field.first == "cluster"; });
    if (cluster == event.fields.end()) return;
    const auto program = programs_.find(cluster->second);
    if (program == programs_.end() || program->second.empty()) return;
    runner_.notify(cluster->second, program->second, event_json(event, wall_time()) + "\n");
}

}  // namespace nlb::controlplane
