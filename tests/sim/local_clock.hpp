// The monotonic clock of one simulated host: its own zero, and a speed that is up to 1 % from true.
// Integers only, so that every compiler computes the same instants.
#pragma once

#include <cstdint>

#include "core/base/types.hpp"

namespace nlb::sim {

class LocalClock {
public:
    LocalClock() = default;
    LocalClock(Duration offset, std::int64_t fast_per_million)
        : offset_(offset), fast_per_million_(fast_per_million) {}

    // `time` is the simulation's, from zero.
    [[nodiscard]] Instant at(Duration time) const {
        return Instant{offset_ + time + Duration{time.count() * fast_per_million_ / 1'000'000}};
    }
    // The first time of the simulation at which this clock shows `instant` or more; zero for
    // instants before the beginning.
    [[nodiscard]] Duration when(Instant instant) const {
        if (instant <= at(Duration{0})) return Duration{0};
        const std::int64_t elapsed = (instant.time_since_epoch() - offset_).count();
        const auto scaled = static_cast<Uint128>(elapsed) * 1'000'000U /
                            static_cast<std::uint64_t>(1'000'000 + fast_per_million_);
        Duration time{static_cast<std::int64_t>(scaled)};
        while (at(time) >= instant) time -= Duration{1};
        while (at(time) < instant) time += Duration{1};
        return time;
    }

private:
    Duration offset_{};
    std::int64_t fast_per_million_ = 0;
};

}  // namespace nlb::sim
