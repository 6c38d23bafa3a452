// What travels in the simulation: frames on the switch, and datagrams between the two processes of
// a host.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::sim {

using Bytes = std::vector<Byte>;
using SharedBytes = std::shared_ptr<const Bytes>;

// Which of the two configuration files a host has: they number the rules otherwise, and their keys
// differ.
using Variant = std::uint8_t;

inline constexpr std::size_t kEthernetBytes = 14;

// Who put the frame on the wire. A forged one must not decode; a replayed one must not be taken for
// more than it is.
enum class Origin : std::uint8_t { host, replayed, forged };

struct WireFrame {
    SharedBytes bytes;  // from the Ethernet header on
    HostId sender = kNoHost;
    Origin origin = Origin::host;
    [[nodiscard]] bool is_heartbeat() const {
        return bytes->size() > kEthernetBytes && (*bytes)[12] == 0x88 && (*bytes)[13] == 0xb5;
    }
    [[nodiscard]] bool is_arp() const {
        return bytes->size() > kEthernetBytes && (*bytes)[12] == 0x08 && (*bytes)[13] == 0x06;
    }
    // Behind the Ethernet header, as a core finds it: a priority tag (VLAN id 0) is no other VLAN.
    [[nodiscard]] std::span<const Byte> body() const {
        const Bytes& all = *bytes;
        const bool priority = all.size() >= kEthernetBytes + 4 && all[12] == 0x81 && all[13] == 0 &&
                              (all[14] & 0x0fU) == 0 && all[15] == 0;
        return std::span{all}.subspan(std::min(kEthernetBytes + (priority ? 4 : 0), all.size()));
    }
};

// From a dataplane to its control plane. The simulation remembers which frame a punt carries.
struct Datagram {
    Bytes bytes;
    std::optional<WireFrame> frame;
    Duration at{};  // when it came
};

}  // namespace nlb::sim
