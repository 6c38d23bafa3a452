// The instant until which this host's cores may answer for virtual addresses, and whether its link
// is up. It opens only by what main writes, and closes by itself as time passes, whoever is late,
// stopped or dead.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/types.hpp"

namespace nlb::dataplane {

class Fence {
public:
    // Thread: main. Absolute monotonic time; assigned, never extended by itself.
    void set_lease(Instant valid_until) {
        valid_until_ns_.store(valid_until.time_since_epoch().count(), std::memory_order_release);
    }
    void set_link(bool up) { link_up_.store(up, std::memory_order_release); }

    // Thread: any.
    [[nodiscard]] bool holds(Instant now) const { return link_up() && now < valid_until(); }
    [[nodiscard]] Instant valid_until() const {
        return Instant{Duration{valid_until_ns_.load(std::memory_order_acquire)}};
    }
    [[nodiscard]] bool link_up() const { return link_up_.load(std::memory_order_acquire); }

private:
    // publishes the lease
    std::atomic<std::int64_t> valid_until_ns_{kLongAgo.time_since_epoch().count()};
    // publishes the link's state
    std::atomic<bool> link_up_{false};
};

}  // namespace nlb::dataplane
