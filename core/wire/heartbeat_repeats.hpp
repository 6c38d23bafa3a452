// Which heartbeats say what their senders' last ones said, but for sequences. Such a one renews
// leases and changes nothing else, so it may wait for others on its way to the control plane: of
// many hosts that saves most wake-ups. It looks at bytes and verifies nothing; whoever makes it
// err delays one frame, or wakes somebody.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/base/types.hpp"

namespace nlb {

class HeartbeatRepeats {
public:
    // `body` begins after the Ethernet header. False for the first one of a host, for what is cut
    // short, and for frames of another kind. Requires: the policer has let it pass, so that no
    // recording takes part. Thread: one.
    [[nodiscard]] bool is_repeat(std::span<const Byte> body);

private:
    std::array<std::uint64_t, kHostsMax> said_{};
};

}  // namespace nlb
