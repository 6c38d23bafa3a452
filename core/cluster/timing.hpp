// Every duration of the protocol, derived from the heartbeat's period and tolerance, and the
// inequalities they must keep (docs/protocol.md, "Symbols"). `nlb check` prints what fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace nlb {

struct Timing {
    Duration period{};
    std::uint8_t tolerance = 5;
    Duration bury_after{};  // T*P: silence, in listening time, after which a member is buried
    Duration lease{};       // L: how long my cores may answer after the base of R3
    Duration drop_after{};  // T1: silence after which a peer no longer holds my lease back
    Duration tick{};        // the control loop's longest pause
    // How long a heartbeat that says what its sender's last one said may wait for others on its way
    // to the control plane; a part of J.
    Duration quiet_wait{};
    Duration rate_limit{};    // between two frames
    Duration repeat_after{};  // a change is said twice more, this far apart
    Duration answer_after{};  // a peer heard again after this silence is answered at once
    // a new boot acknowledges nobody, so that a living host of its id can object (R13)
    Duration knock_for{};
    Duration patience{};          // R6: how long a beginner waits for signs of others, in all
    Duration witness_wait{};      // R12: witnesses answer within this, or they do not
    Duration bootstrap_after{};   // a joiner alone begins a cluster after listening this long
    std::uint8_t cap_losses = 2;  // n: periods whose heartbeats the lease's cap takes for lost

    [[nodiscard]] static Timing from(Duration period, std::uint8_t tolerance);
};

// Sentences for each inequality that does not hold with the given largest message delay and loop
// lateness; (i) is the safety one.
struct TimingFinding {
    bool fatal;  // safety, not availability
    std::string sentence;
};
[[nodiscard]] std::vector<TimingFinding> check_timing(const Timing& timing, Duration delay_max,
                                                      Duration lateness_max);

}  // namespace nlb
