// The monotonic clock of one simulated host: its own zero, and a speed that is up to 1 % from true
// unless somebody slews it or it stands. Integers only, so that every compiler computes the same
// instants.
#pragma once

#include <cstdint>

#include "core/base/types.hpp"

namespace nlb::sim {

class LocalClock {
public:
    LocalClock() = default;
    LocalClock(Duration offset, std::int64_t fast_per_million)
        : shown_(offset), fast_per_million_(fast_per_million) {}

    // From `time` on. -1,000,000: it stands.
    void set_speed(Duration time, std::int64_t fast_per_million) {
        shown_ = at(time).time_since_epoch();
        since_ = time;
        fast_per_million_ = fast_per_million;
    }
    // `time` is the simulation's, from zero, and not before the last change of speed.
    [[nodiscard]] Instant at(Duration time) const {
        const Duration elapsed = time - since_;
        return Instant{shown_ + elapsed +
                       Duration{elapsed.count() * fast_per_million_ / 1'000'000}};
    }
    // The first time of the simulation at which this clock shows `instant` or more, as fast as it
    // goes now; the time of the last change for what was shown before. Far off when it stands.
    [[nodiscard]] Duration when(Instant instant) const {
        if (instant <= at(since_)) return since_;
        if (fast_per_million_ <= -1'000'000) return since_ + std::chrono::hours{24};
        const std::int64_t elapsed = (instant.time_since_epoch() - shown_).count();
        const auto scaled = static_cast<Uint128>(elapsed) * 1'000'000U /
                            static_cast<std::uint64_t>(1'000'000 + fast_per_million_);
        Duration time = since_ + Duration{static_cast<std::int64_t>(scaled)};
        while (at(time) >= instant) time -= Duration{1};
        while (at(time) < instant) time += Duration{1};
        return time;
    }

private:
    Duration since_{};
    Duration shown_{};  // at `since_`
    std::int64_t fast_per_million_ = 0;
};

}  // namespace nlb::sim
