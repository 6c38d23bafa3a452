// A worker's sleep: until a frame comes, until main rings, or until the time is over, whichever is
// first. Ports whose driver gives no descriptor to wait for are found when the time is over. It
// reads no frame. Thread: the worker.
#pragma once

#include <array>
#include <cstdint>
#include <poll.h>
#include <vector>

#include "core/ipc/messages.hpp"
#include "dataplane/worker/doorbell.hpp"

namespace nlb::dataplane {

// Among wakers: a port that rings the bell.
inline constexpr int kRingsBell = -2;

class Sleeper {
public:
    // `wakers`: a descriptor for each port's queue that is polled, -1 for those without one.
    // Requires: at most kWakersMost; the bell outlives it.
    Sleeper(const std::vector<int>& wakers, Doorbell& bell);

    // Every port can end a sleep.
    [[nodiscard]] bool woken_by_frames() const { return complete_; }
    // Requires: 0 < ns < 1,000,000,000.
    void sleep(std::uint32_t ns);

private:
    // Of a packet socket whose interface went away, which would be readable for ever.
    void clear_errors();

    static constexpr std::size_t kWakersMost = 2 * kClustersMax;
    std::array<pollfd, kWakersMost + 1> fds_{};
    std::size_t count_ = 0;
    bool complete_ = true;
    Doorbell& bell_;
};

}  // namespace nlb::dataplane
