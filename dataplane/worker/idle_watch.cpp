// Counts from the last look that saw a busy round.
#include "dataplane/worker/idle_watch.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb::dataplane {

bool IdleWatch::is_over(Instant now, std::span<const Progress> workers) {
    NLB_ASSERT(!workers.empty() && (from_.empty() || from_.size() == workers.size()));
    const auto same_work = [](const Progress& was, const Progress& is) {
        return was.busy_rounds == is.busy_rounds;
    };
    if (!std::equal(from_.begin(), from_.end(), workers.begin(), workers.end(), same_work)) {
        from_.assign(workers.begin(), workers.end());
        since_ = now;
        return false;
    }
    const auto polled = [](const Progress& was, const Progress& is) {
        return is.rounds - was.rounds >= kVainRoundsLeast;
    };
    return now - since_ >= idle_ &&
           std::equal(from_.begin(), from_.end(), workers.begin(), workers.end(), polled);
}

}  // namespace nlb::dataplane
