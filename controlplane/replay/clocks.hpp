// Brings the hosts' clocks together, as far as it can be told. A frame is heard after it was sent:
// the frames of two hosts to each other bound how far their clocks are apart, on both sides. Where
// no frame passed both ways the time of day is believed, to a second.
#pragma once

#include <cstdint>
#include <vector>

#include "controlplane/replay/history.hpp"

namespace nlb::controlplane {

struct LifeClock {
    std::int64_t to_common_ns = 0;  // add to the life's clock
    std::int64_t error_ns = 0;      // at most so far off, on either side
    bool by_frames = true;
};

class Clocks {
public:
    static constexpr std::int64_t kWallError = 1'000'000'000;

    // The life with the most steps gives the common time, its time of day.
    explicit Clocks(const History& history);
    // UTC of the reference, in nanoseconds since 1970.
    [[nodiscard]] std::int64_t common(std::size_t life, Instant at) const {
        return at.time_since_epoch().count() + clocks_[life].to_common_ns;
    }
    [[nodiscard]] const LifeClock& of(std::size_t life) const { return clocks_[life]; }
    [[nodiscard]] std::size_t reference() const { return reference_; }

private:
    std::vector<LifeClock> clocks_;
    std::size_t reference_ = 0;
};

}  // namespace nlb::controlplane
