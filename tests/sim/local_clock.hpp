// What the kernel of one simulated host shows, and the daemons' clock that the product makes of it:
// a crystal that is up to 1 % from true and stands while the machine sleeps, CLOCK_MONOTONIC and
// CLOCK_BOOTTIME that somebody may slew, and a sleep that only the latter counts. Integers only, so
// that every compiler computes the same instants.
#pragma once

#include <cstdint>
#include <memory>

#include "config/daemon/clock.hpp"
#include "core/base/types.hpp"

namespace nlb::sim {

class LocalClock {
public:
    LocalClock() = default;
    LocalClock(Duration offset, std::int64_t fast_per_million)
        : raw_(offset), monotonic_(offset), fast_per_million_(fast_per_million) {}

    // From `time` on: by how much the slewed clocks are faster than the crystal.
    void slew(Duration time, std::int64_t per_million) {
        go_to(time);
        slewed_per_million_ = per_million;
    }
    // `frozen`: not even the clock that counts sleep goes on.
    void sleep(Duration time, bool asleep, bool frozen = false) {
        go_to(time);
        asleep_ = asleep;
        frozen_ = asleep && frozen;
    }
    // `time` is the simulation's, from zero, and not before the last change.
    [[nodiscard]] Instant at(Duration time) const {
        const LocalClock then = moved_to(time);
        return Instant{then.raw_ +
                       slept_->note({then.monotonic_ + then.asleep_for_, then.monotonic_})};
    }
    // The first time of the simulation at which this clock shows `instant` or more, if nothing
    // changes; the time of the last change for what was shown before. Far off while it sleeps.
    [[nodiscard]] Duration when(Instant instant) const {
        const Instant from = at(since_);
        if (instant <= from) return since_;
        if (asleep_) return since_ + std::chrono::hours{24};
        const std::int64_t elapsed = (instant - from).count();
        const auto scaled = static_cast<Uint128>(elapsed) * 1'000'000U /
                            static_cast<std::uint64_t>(1'000'000 + fast_per_million_);
        Duration time = since_ + Duration{static_cast<std::int64_t>(scaled)};
        while (at(time) >= instant) time -= Duration{1};
        while (at(time) < instant) time += Duration{1};
        return time;
    }

private:
    [[nodiscard]] static Duration faster(Duration elapsed, std::int64_t per_million) {
        return elapsed + Duration{elapsed.count() * per_million / 1'000'000};
    }
    [[nodiscard]] LocalClock moved_to(Duration time) const {
        LocalClock moved = *this;
        moved.go_to(time);
        return moved;
    }
    void go_to(Duration time) {
        const Duration elapsed = time - since_;
        since_ = time;
        if (asleep_) {
            if (!frozen_) asleep_for_ += elapsed;
            return;
        }
        raw_ += faster(elapsed, fast_per_million_);
        monotonic_ += faster(elapsed, fast_per_million_ + slewed_per_million_);
    }

    Duration since_{};
    // At `since_`:
    Duration raw_{};
    Duration monotonic_{};
    Duration asleep_for_{};
    std::int64_t fast_per_million_ = 0;
    std::int64_t slewed_per_million_ = 0;
    bool asleep_ = false;
    bool frozen_ = false;
    std::shared_ptr<daemon::SleptTime> slept_ = std::make_shared<daemon::SleptTime>();
};

}  // namespace nlb::sim
