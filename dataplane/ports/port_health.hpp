// Whether a port may be used, and what brings it back: a state machine. Events of the driver come
// in, the next step goes out. It touches no device. Thread: main.
#pragma once

#include <cstdint>

#include "core/base/types.hpp"

namespace nlb::dataplane {

// Events of a driver. As bits: several may come at once.
inline constexpr std::uint32_t kLinkChanged = 1;
inline constexpr std::uint32_t kRemoved = 2;      // the device is gone from its bus
inline constexpr std::uint32_t kResetNeeded = 4;  // a virtual function's physical one was reset
inline constexpr std::uint32_t kRecovering = 8;   // the driver mends an error: nobody may use it
inline constexpr std::uint32_t kRecovered = 16;   // it is done
inline constexpr std::uint32_t kRecoveryFailed = 32;  // it has given up

class PortHealth {
public:
    enum class State : std::uint8_t { serving, recovering, failed, lost };
    // reset: have the driver begin again. attach: let the device go and find it anew.
    enum class Step : std::uint8_t { none, reset, attach };

    // Between two attempts.
    static constexpr Duration kRetry = std::chrono::seconds{1};
    // A driver that has not mended its device by then has failed.
    static constexpr Duration kRecoveryMost = std::chrono::seconds{10};
    // So many resets in vain, and the device is looked for anew.
    static constexpr unsigned kResetsMost = 3;

    // The events above. True: the state is another one.
    bool on_events(std::uint32_t events, Instant now);
    // `quiet`: no core uses the port any more. Each step ends with on_done().
    [[nodiscard]] Step next(Instant now, bool quiet);
    void on_done(Instant now, bool worked);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool serves() const { return state_ == State::serving; }
    [[nodiscard]] std::uint64_t reopened() const { return reopened_; }

private:
    bool enter(State state, Instant now);

    State state_ = State::serving;
    Instant since_{};
    Instant retry_at_{};
    unsigned resets_ = 0;
    std::uint64_t reopened_ = 0;
};

}  // namespace nlb::dataplane
