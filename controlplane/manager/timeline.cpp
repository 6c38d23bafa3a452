// An epoch is read off the first event that bears it; what it moved is an event of its own a moment
// later, and is shown with it.
#include "controlplane/manager/timeline.hpp"

#include <charconv>
#include <cstdio>
#include <ctime>
#include <optional>

#include "config/event_table.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;
using config::EventId;

std::string text_in(const Json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t number_in(const Json& event, const char* key) {
    const std::string text = text_in(event, key);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// Of `2026-01-31T14:03:07.184Z`.
std::optional<WallTime> time_of(const std::string& text) {
    std::tm parts{};
    int millis = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &parts.tm_year, &parts.tm_mon,
                    &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &millis) != 7)
        return std::nullopt;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return static_cast<WallTime>(timegm(&parts)) * 1000 + millis;
}

bool is(const Json& event, EventId id) {
    return text_in(event, "name") == config::kind_of(id).name;
}

// Everything that the entry's own columns do not show.
std::string words_of(const Json& event) {
    std::string text;
    for (const auto& [key, value] : event.items()) {
        const bool shown = key == "time" || key == "level" || key == "name" || key == "event" ||
                           key == "cluster" || key == "host" || key == "epoch" || key == "do";
        if (!shown && value.is_string())
            text += (text.empty() ? "" : ", ") + key + " " + value.get<std::string>();
    }
    return text;
}

class Timeline {
public:
    explicit Timeline(const HostNames& names) : names_(names) {}

    void add(const Json& event, WallTime at) {
        const std::string cluster = text_in(event, "cluster");
        note_epoch(event, at, cluster);
        if (is(event, EventId::buckets_moved)) return;
        Json entry{{"at_ms", at}};
        if (!cluster.empty()) entry["cluster"] = cluster;
        if (is(event, EventId::buckets_without_owner)) {
            entry["kind"] = "window";
            entry["buckets"] = number_in(event, "buckets");
            entry["lasted_ms"] = number_in(event, "lasted_ms");
        } else {
            const auto number = event.find("event");
            entry["kind"] = "event";
            entry["name"] = text_in(event, "name");
            entry["severity"] = text_in(event, "level");
            entry["number"] = number != event.end() && number->is_number() ? number->get<int>() : 0;
            entry["text"] = words_of(event);
        }
        entries_.push_back(std::move(entry));
    }

    [[nodiscard]] Json newest() const {
        const std::size_t left_out =
            entries_.size() > kTimelineEntriesMax ? entries_.size() - kTimelineEntriesMax : 0;
        Json newest = Json::array();
        for (std::size_t i = left_out; i < entries_.size(); ++i) newest.push_back(entries_[i]);
        return newest;
    }

private:
    void note_epoch(const Json& event, WallTime at, const std::string& cluster) {
        const std::string epoch = text_in(event, "epoch");
        const std::size_t dot = epoch.find('.');
        if (dot == std::string::npos) return;
        auto [known, is_new] = newest_.try_emplace(cluster);
        if (is_new || known->second.first != epoch) {
            std::uint64_t counter = 0;
            unsigned id = 0;
            std::from_chars(epoch.data(), epoch.data() + dot, counter);
            std::from_chars(epoch.data() + dot + 1, epoch.data() + epoch.size(), id);
            const auto name = names_.find({cluster, static_cast<HostId>(id)});
            known->second = {epoch, entries_.size()};
            entries_.push_back(
                {{"at_ms", at},
                 {"kind", "epoch"},
                 {"cluster", cluster},
                 {"epoch", counter},
                 {"coordinator",
                  name != names_.end() ? name->second : "host " + std::to_string(id)},
                 {"moves", 0}});
        }
        if (is(event, EventId::buckets_moved))
            entries_[known->second.second]["moves"] = number_in(event, "moved");
    }

    const HostNames& names_;
    std::map<std::string, std::pair<std::string, std::size_t>> newest_;  // epoch, its entry
    std::vector<Json> entries_;
};

}  // namespace

Json timeline_view(const std::vector<std::string>& lines, WallTime now, const HostNames& names) {
    Timeline timeline(names);
    for (const std::string& line : lines) {
        const Json event = Json::parse(line, nullptr, false);
        if (!event.is_object()) continue;
        const auto at = time_of(text_in(event, "time"));
        if (at && *at >= now - kTimelineSpan) timeline.add(event, *at);
    }
    return {
        {"ok", true}, {"now_ms", now}, {"span_ms", kTimelineSpan}, {"entries", timeline.newest()}};
}

}  // namespace nlb::controlplane
