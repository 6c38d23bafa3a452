// Which of a host's lanes a frame belongs to where no adapter spreads flows: both directions of a
// flow give one number, and so does an ICMP error that quotes it. It looks no further than that:
// what it cannot tell apart stays where it came, and core/flow/steer has the last word.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/base/types.hpp"

namespace nlb {

// Random; so that nobody outside can aim at one lane.
struct FlowLaneKey {
    std::uint64_t addresses = 0;
    std::uint64_t ports = 0;
};

// Nothing: not IP, a fragment, or too short to tell. `lanes` > 0.
[[nodiscard]] std::optional<std::uint16_t> flow_lane(std::span<const Byte> frame,
                                                     const FlowLaneKey& key, std::uint16_t lanes);

}  // namespace nlb
