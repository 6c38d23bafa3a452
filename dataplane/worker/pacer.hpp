// What a worker does when there was nothing to do: polls on for a moment, then sleeps (poll:
// adaptive), or never sleeps (poll: busy). It decides only; sleeper.hpp sleeps. Thread: the worker.
#pragma once

#include <algorithm>
#include <cstdint>

#include "config/schema.hpp"

namespace nlb::dataplane {

class Pacer {
public:
    // An answer that follows a request within this time finds the worker awake.
    static constexpr std::uint64_t kSpinUs = 50;
    // Where no frame can end a sleep it lasts an eighth of the time since the last one, within
    // these bounds: that much later is it found.
    static constexpr std::uint32_t kBlindLeastNs = 20'000;
    static constexpr std::uint32_t kBlindMostNs = 250'000;
    // Where each port's frames end it: there are still descriptors to expire, and a wake-up lost by
    // a driver to make up for.
    static constexpr std::uint32_t kWokenMostNs = 10'000'000;

    // `blind_most_ns`: what the rings of the ports bear (dataplane/ports/port_settings.hpp).
    Pacer(config::PollMode mode, bool woken_by_frames, std::uint64_t cycles_per_second,
          std::uint32_t blind_most_ns = kBlindMostNs)
        : adaptive_(mode == config::PollMode::adaptive),
          cycles_per_us_(cycles_per_second / 1'000'000 + 1) {
        set_wakers(woken_by_frames, blind_most_ns);
    }
    // Ports have come or gone.
    void set_wakers(bool woken_by_frames, std::uint32_t blind_most_ns) {
        woken_by_frames_ = woken_by_frames;
        blind_most_ns_ = std::clamp<std::uint32_t>(blind_most_ns, 1, kBlindMostNs);
    }

    // After a round over all lanes, at `cycles` of the time stamp counter. `worked`: it had frames
    // that others may follow at once. How long to sleep: 0 is not at all.
    [[nodiscard]] std::uint32_t pause_ns(bool worked, std::uint64_t cycles) {
        if (worked || !adaptive_) {
            worked_at_ = cycles;
            return 0;
        }
        const std::uint64_t idle_us = (cycles - worked_at_) / cycles_per_us_;
        if (idle_us < kSpinUs) return 0;
        if (woken_by_frames_) return kWokenMostNs;
        return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
            idle_us * 1000 / 8, std::min(kBlindLeastNs, blind_most_ns_), blind_most_ns_));
    }

private:
    bool adaptive_;
    bool woken_by_frames_ = false;
    std::uint32_t blind_most_ns_ = kBlindMostNs;
    std::uint64_t cycles_per_us_;
    std::uint64_t worked_at_ = 0;
};

}  // namespace nlb::dataplane
