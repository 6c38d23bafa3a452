// IGMP as it lies in a frame: queries read, reports and leaves built. Sound bytes only; when
// something is sent, and in which version, is core/cluster/igmp_member.hpp's to say.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/base/igmp.hpp"

namespace nlb {

// Nothing when the Ethernet frame, with at most two tags, is no sound IPv4 packet with an IGMP
// query in it (RFC 3376 4.1, 7.1: the version follows from the length).
[[nodiscard]] std::optional<IgmpQuery> read_igmp_query(std::span<const Byte> frame);

// A frame of at least 60 bytes without a source MAC, which the dataplane puts in. `source` may be
// 0.0.0.0 when the host has no address (RFC 3376 4.2.13). Requires: `group` is a multicast address.
[[nodiscard]] std::vector<Byte> build_igmp(IgmpMessage message, std::uint32_t source,
                                           std::uint32_t group);

}  // namespace nlb
