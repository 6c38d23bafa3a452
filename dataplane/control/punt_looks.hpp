// When main looks for heartbeats that nobody rang for. Where they come in quick succession those
// that say nothing new wait for the next look, so that one wake-up serves several; where they are
// rare each one rings, and there is no look in vain. It decides only. Thread: main.
#pragma once

#include "core/base/types.hpp"

namespace nlb::dataplane {

class PuntLooks {
public:
    // How long such a heartbeat may wait (core/cluster/timing.hpp); zero: not at all.
    void set_wait(Duration wait) { wait_ = wait; }
    [[nodiscard]] Duration wait() const { return wait_; }

    // Main has looked, and found frames or none. A look that found some was worth it: another one
    // follows.
    void note(Instant now, bool found) {
        if (found) {
            const bool quick = newest_ != kLongAgo && (now >= next_ || now - newest_ < wait_);
            next_ = quick ? now + wait_ : kForever;
            newest_ = now;
        } else if (now >= next_) {
            next_ = kForever;
        }
    }
    // kForever: it is rung for each.
    [[nodiscard]] Instant next() const { return next_; }

private:
    Duration wait_{};
    Instant newest_ = kLongAgo;
    Instant next_ = kForever;
};

}  // namespace nlb::dataplane
