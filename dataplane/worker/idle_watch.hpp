// Decides when `--exit-when-idle` may end the process: not when time has passed, but when every
// worker has polled everything in vain. On a loaded machine a worker may wait for its CPU longer
// than any pause between frames. It reads no clock and no queue: main gives it both.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::dataplane {

// How far a worker has come. A round is one poll of each of its lanes: of their ports, of the rings
// from other workers and of the ring from main. It is busy when it found a frame, or when fragments
// wait for the rest of their datagram.
struct Progress {
    std::uint64_t rounds = 0;
    std::uint64_t busy_rounds = 0;
};

// Thread: main.
class IdleWatch {
public:
    // A port that plays a capture returns nothing only at the end of its file, so one complete vain
    // round of each worker would do. The first one may have begun before it was counted from; more
    // of them allow for a receive that failed once, for want of a buffer.
    static constexpr std::uint64_t kVainRoundsLeast = 16;

    // `idle`: how long nothing must have come, besides.
    explicit IdleWatch(Duration idle) : idle_(idle) {}

    // True when no round was busy for `idle`, and each worker has finished kVainRoundsLeast rounds
    // in that time. Nothing is under way between workers then: whoever gives a frame away is busy
    // in that round, and whoever takes it in a later one. Requires: the same workers in the same
    // order at each call; not empty.
    [[nodiscard]] bool is_over(Instant now, std::span<const Progress> workers);

private:
    Duration idle_;
    Instant since_{};
    std::vector<Progress> from_;  // at since_
};

}  // namespace nlb::dataplane
