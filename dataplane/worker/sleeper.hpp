// A worker's sleep: until a frame comes, until main rings, or until the time is over, whichever is
// first. Ports whose driver gives no descriptor to wait for are found when the time is over. It
// reads no frame, only the counts of interrupts. Thread: the worker.
#pragma once

#include <array>
#include <cstdint>
#include <poll.h>
#include <span>

#include "core/ipc/messages.hpp"
#include "dataplane/frames/doorbell.hpp"
#include "dataplane/ports/waker.hpp"

namespace nlb::dataplane {

class Sleeper {
public:
    static constexpr std::size_t kWakersMost = 3 * kClustersMax;
    // `wakers`: one for each port's queue that is polled, also of those without a descriptor.
    // Requires: at most kWakersMost; the bell outlives it.
    Sleeper(std::span<const Waker> wakers, Doorbell& bell);
    // Others from now on. The same requirement.
    void watch(std::span<const Waker> wakers);

    // Every port can end a sleep.
    [[nodiscard]] bool woken_by_frames() const { return complete_; }
    // Switches the interrupts of queues on that have such a thing; false: none has. A frame that
    // came before is not told of, so the caller polls once more before it sleeps.
    bool arm();
    void disarm();
    // Requires: 0 < ns < 1,000,000,000.
    void sleep(std::uint32_t ns);

private:
    // Of a packet socket whose interface went away, which would be readable for ever.
    void clear_errors();

    void drain();

    std::array<pollfd, kWakersMost + 1> fds_{};
    std::array<Waker, kWakersMost> armed_{};
    std::size_t armed_count_ = 0;
    std::size_t count_ = 0;
    bool complete_ = true;
    Doorbell& bell_;
};

}  // namespace nlb::dataplane
