// Windows are counted where they are measured (agent/convergence_statistics): the difference of two
// looks tells how many there were meanwhile, however short.
#include "controlplane/manager/timeline.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

const char* name_of(config::EventLevel level) {
    if (level == config::EventLevel::error) return "error";
    return level == config::EventLevel::warning ? "warning" : "info";
}

// Of buckets that had an owner.
std::size_t moves_between(const OwnerMap& before, const OwnerMap& after) {
    std::size_t moves = 0;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            if (before[slot][bucket] != kNoHost && before[slot][bucket] != after[slot][bucket])
                ++moves;
    return moves;
}

}  // namespace

void Timeline::add(WallTime now, Json view) {
    view["at_ms"] = now;
    entries_.push_back({now, std::move(view)});
    ++sequence_;
    while (entries_.size() > kEntriesMax || entries_.front().at < now - kSpan) entries_.pop_front();
}

void Timeline::note_event(WallTime now, const Event& event) {
    Json view = {{"kind", "event"},
                 {"name", event.name()},
                 {"severity", name_of(config::kind_of(event.id).level)},
                 {"number", event.number()}};
    std::string text;
    for (const auto& [key, value] : event.fields) {
        if (key == "cluster")
            view["cluster"] = value;
        else if (key != "host" && key != "epoch")
            text += (text.empty() ? "" : ", ") + std::string{key} + " " + value;
    }
    view["text"] = text;
    add(now, std::move(view));
}

void Timeline::observe(WallTime now, const ClusterMoment& moment) {
    Known& known = clusters_[moment.cluster];
    if (known.seen && moment.epoch != known.epoch && moment.epoch != 0 &&
        moment.targets != nullptr) {
        const std::size_t moves =
            known.epoch == 0 ? 0 : moves_between(known.targets, *moment.targets);
        add(now, {{"kind", "epoch"},
                  {"cluster", moment.cluster},
                  {"epoch", moment.epoch},
                  {"coordinator", moment.coordinator},
                  {"moves", moves}});
    }
    if (known.seen && moment.windows > known.windows)
        add(now, {{"kind", "window"},
                  {"cluster", moment.cluster},
                  {"buckets", moment.windows - known.windows},
                  // of one bucket, on average
                  {"lasted_ms", (moment.windows_s - known.windows_s) * 1000.0 /
                                    static_cast<double>(moment.windows - known.windows)}});
    known.seen = true;
    known.epoch = moment.epoch;
    if (moment.targets != nullptr) known.targets = *moment.targets;
    known.windows = moment.windows;
    known.windows_s = moment.windows_s;
}

Json Timeline::view(WallTime now) const {
    Json entries = Json::array();
    for (const Entry& entry : entries_)
        if (entry.at >= now - kSpan) entries.push_back(entry.view);
    return {{"ok", true}, {"now_ms", now}, {"span_ms", kSpan}, {"entries", std::move(entries)}};
}

}  // namespace nlb::controlplane
