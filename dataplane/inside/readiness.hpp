// When what is wrong inside counts: not while it is being mended, and not again and again. Time and
// what is the case go in, what to tell the control plane comes out. Thread: one.
#pragma once

#include <chrono>

#include "core/base/types.hpp"
#include "core/ipc/messages.hpp"

namespace nlb::dataplane {

// What is taken away is back within this time, or it counts as gone: buckets move once then.
inline constexpr Duration kMendingMost = std::chrono::seconds{2};
// What has come back after it counted as gone has to stay for this time: buckets move back once.
inline constexpr Duration kSteadyLeast = std::chrono::seconds{5};

class Readiness {
public:
    // At first a device is what it is: ready at once, or not.
    [[nodiscard]] ipc::InsideState judge(ipc::InsideState now_is, Instant now);
    [[nodiscard]] ipc::InsideState told() const { return told_; }

private:
    ipc::InsideState told_ = ipc::InsideState::device_missing;
    bool was_ready_ = false;
    // since when the device is other than what was told
    Instant since_ = kForever;
};

}  // namespace nlb::dataplane
