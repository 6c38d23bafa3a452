#include "dataplane/worker/stuck_watch.hpp"

#include "core/base/assert.hpp"

namespace nlb::dataplane {

bool StuckWatch::all_move(Instant now, std::span<const Progress> workers) {
    if (seen_.empty())
        for (const Progress& worker : workers) seen_.push_back({worker.rounds, now});
    NLB_ASSERT(seen_.size() == workers.size());
    bool all = true;
    for (std::size_t i = 0; i < workers.size(); ++i) {
        if (workers[i].rounds != seen_[i].rounds) seen_[i] = {workers[i].rounds, now};
        all = all && now - seen_[i].at <= kStuckAfter;
    }
    return all;
}

}  // namespace nlb::dataplane
