// Whether every worker still moves, from what each has finished. The service manager's watchdog is
// fed by it: a dataplane one of whose cores hangs is started anew. It reads no clock and no worker.
#pragma once

#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "dataplane/worker/idle_watch.hpp"

namespace nlb::dataplane {

// Thread: main.
class StuckWatch {
public:
    // Longer than any sleep of a worker, and than a busy machine keeps one from its core.
    static constexpr Duration kStuckAfter = std::chrono::seconds{2};

    // True when each worker has finished a round within kStuckAfter before `now`, or was not seen
    // before. Requires: the same workers in the same order at each call.
    [[nodiscard]] bool all_move(Instant now, std::span<const Progress> workers);

private:
    struct Seen {
        std::uint64_t rounds = 0;
        Instant at{};  // when another number was seen before
    };
    std::vector<Seen> seen_;
};

}  // namespace nlb::dataplane
