// Virtual time: events happen in the order of their time, and of their making when the time is the
// same. It never sleeps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::sim {

class Scheduler {
public:
    using Event = std::function<void()>;

    [[nodiscard]] Duration now() const { return now_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }

    void after(Duration delay, Event event) {
        at(now_ + std::max(delay, Duration{0}), std::move(event));
    }
    void at(Duration time, Event event) {
        queue_.push_back({std::max(time, now_), ++made_, store(std::move(event))});
        std::push_heap(queue_.begin(), queue_.end(), later);
    }
    // False when nothing is left before `end`; time then stands at `end`.
    bool run_one(Duration end) {
        if (queue_.empty() || queue_.front().time > end) {
            now_ = end;
            return false;
        }
        std::pop_heap(queue_.begin(), queue_.end(), later);
        const Entry entry = queue_.back();
        queue_.pop_back();
        now_ = entry.time;
        ++events_;
        const Event event = std::move(stored_[entry.place]);
        free_.push_back(entry.place);
        event();
        return true;
    }

private:
    struct Entry {
        Duration time;
        std::uint64_t order;
        std::uint32_t place;
    };
    static bool later(const Entry& a, const Entry& b) {
        return a.time != b.time ? a.time > b.time : a.order > b.order;
    }

    std::uint32_t store(Event event) {
        if (free_.empty()) {
            stored_.push_back(std::move(event));
            return static_cast<std::uint32_t>(stored_.size() - 1);
        }
        const std::uint32_t place = free_.back();
        free_.pop_back();
        stored_[place] = std::move(event);
        return place;
    }

    Duration now_{};
    std::uint64_t made_ = 0;
    std::uint64_t events_ = 0;
    std::vector<Entry> queue_;
    std::vector<Event> stored_;
    std::vector<std::uint32_t> free_;
};

}  // namespace nlb::sim
