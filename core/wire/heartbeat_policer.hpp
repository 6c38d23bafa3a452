// Which cluster frames a core passes on to the control plane at once, and which ones have to share
// a small budget. The control plane checks a frame's tag in about a microsecond, and each frame
// costs two system calls on its way there: whoever can send frames into the segment could keep it
// from hearing its peers. A frame that is sealed (core/wire/heartbeat_seal.hpp) and newer than what
// its host sent before always passes; nobody without the key can make one, and a recorded one is
// not new. All others pass a few at a time, so that a host with a wrong key is still named by
// reason. The policer refuses nothing for good, and believes nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "core/base/types.hpp"
#include "core/wire/heartbeat_seal.hpp"

namespace nlb {

class HeartbeatPolicer {
public:
    // Frames that bear no seal or no news: this many pass per window.
    static constexpr std::uint32_t kOthersPerWindow = 8;
    static constexpr Duration kWindow = std::chrono::milliseconds{10};
    // Another boot of a host is news when its former one has been silent so long; until then it
    // shares the budget. A recording of an older life thus never stands in the way of the present
    // one.
    static constexpr Duration kBootPatience = std::chrono::seconds{1};

    // `body` begins after the Ethernet header. Thread: one.
    [[nodiscard]] bool admits(std::span<const Byte> body, const SealKeys& keys, Instant now);
    // For what the control plane wants to see but nobody seals (a switch's IGMP queries): a share
    // of the same budget.
    [[nodiscard]] bool admits_other(Instant now) { return spend(now); }

private:
    struct Newest {
        std::uint32_t boot = 0;
        std::uint32_t term = 0;
        std::uint64_t sequence = 0;
        Instant at = kLongAgo;
    };
    [[nodiscard]] bool is_news(std::span<const Byte> body, Instant now);
    [[nodiscard]] bool spend(Instant now);

    std::array<Newest, kHostsMax> newest_{};
    Instant window_ends_ = kLongAgo;
    std::uint32_t left_ = 0;
};

}  // namespace nlb
