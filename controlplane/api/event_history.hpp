// The newest events of this host as JSON, for whoever asks afterwards. It bounds what is kept, and
// knows no file: loop/event_store.hpp keeps it over a restart.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>

namespace nlb::controlplane {

inline constexpr std::size_t kEventsKept = 1000;

// Thread: the loop's.
class EventHistory {
public:
    // `line` is one JSON object without a line's end; what is older than kEventsKept is forgotten.
    void add(std::string line) {
        lines_.push_back(std::move(line));
        ++added_;
        if (lines_.size() > kEventsKept) lines_.pop_front();
    }
    // Oldest first.
    [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }
    // Grows with each line.
    [[nodiscard]] std::uint64_t added() const { return added_; }
    // The newest `count` of them that fit into kAnswerBytesMax, oldest first; `cut` tells that some
    // did not.
    [[nodiscard]] nlohmann::json last(std::size_t count, bool& cut) const;

    static constexpr std::size_t kAnswerBytesMax = 512 * 1024;

private:
    std::deque<std::string> lines_;
    std::uint64_t added_ = 0;
};

}  // namespace nlb::controlplane
