// Two time-outs, one for each way.
#include "dataplane/inside/readiness.hpp"

#include <algorithm>

namespace nlb::dataplane {

ipc::InsideState Readiness::judge(ipc::InsideState now_is, Instant now) {
    using ipc::InsideState;
    const bool ready = now_is == InsideState::ready;
    if (ready == (told_ == InsideState::ready)) {
        since_ = kForever;
        return told_ = now_is;  // Another reason is told at once: nothing moves by it.
    }
    since_ = std::min(since_, now);
    const Duration patience = ready ? (was_ready_ ? kSteadyLeast : Duration::zero()) : kMendingMost;
    if (now - since_ < patience) return told_;
    since_ = kForever;
    was_ready_ |= ready;
    return told_ = now_is;
}

}  // namespace nlb::dataplane
