// Cluster frames on the wire: the Ethernet header around what core encodes, and the number that
// tells one cluster from another. It neither signs nor reads what is inside.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "config/schema.hpp"
#include "core/tables/tables.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::controlplane {

// The primary address as a number: what follows 02:bf in the cluster's MAC, so that clusters that
// could collide there are told apart.
[[nodiscard]] std::uint32_t cluster_number(const config::Cluster& cluster);

// Broadcast in unicast mode, because the cluster MAC is filtered by switches that know no such
// port; else the cluster's group.
[[nodiscard]] MacAddress heartbeat_destination(const config::Cluster& cluster);

// The source stays zero: the dataplane puts its own there, like in every frame that leaves.
[[nodiscard]] std::vector<Byte> wrap_frame(const MacAddress& destination,
                                           std::span<const Byte> body);

// A frame of the heartbeat's ethertype, taken apart; `body` points into it.
struct Envelope {
    MacAddress source;
    std::uint16_t vlan = 0;  // 0: untagged, or a tag that only has a priority (IEEE 802.1Q 9.6)
    std::span<const Byte> body;
};
// At most two VLAN tags are looked through; nothing when the frame is not of that ethertype.
[[nodiscard]] std::optional<Envelope> unwrap_frame(std::span<const Byte> frame);

}  // namespace nlb::controlplane
