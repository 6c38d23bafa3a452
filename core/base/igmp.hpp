// The words of IGMP that a member's state machine (core/cluster/igmp_member.hpp) and its frames
// (core/packet/igmp_messages.hpp) share. It holds no state and no bytes.
#pragma once

#include <cstdint>

#include "core/base/types.hpp"

namespace nlb {

// RFC 1112, 2236 and 3376.
enum class IgmpVersion : std::uint8_t { v1 = 1, v2 = 2, v3 = 3 };

struct IgmpQuery {
    IgmpVersion version;
    Duration response;    // the answer may be at most this late
    std::uint32_t group;  // 0: all groups; host order
};

// `join` and `leave` of version 3 are its state changes, `report_v3` is the state.
enum class IgmpMessage : std::uint8_t {
    report_v1,
    report_v2,
    leave_v2,
    report_v3,
    join_v3,
    leave_v3
};

// The group of a cluster in igmp mode: 239.255.y.z of primary address w.x.y.z. Host order.
[[nodiscard]] constexpr std::uint32_t igmp_group(std::uint32_t primary) {
    return 0xefff'0000U | (primary & 0xffffU);
}

}  // namespace nlb
