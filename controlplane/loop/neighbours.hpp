// Whom the kernel of this machine knows on its links: gateways first, then neighbours that have
// answered. Read from /proc/net and rtnetlink; no frame is sent.
#pragma once

#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::controlplane {

// Empty where the kernel tells nothing.
[[nodiscard]] std::vector<IpAddress> known_neighbours();

// For tests: the texts of /proc/net/route, /proc/net/ipv6_route and /proc/net/arp, and the IPv6
// neighbours, which stand last. What does not read is left out.
[[nodiscard]] std::vector<IpAddress> neighbours_in(const std::string& route,
                                                   const std::string& ipv6_route,
                                                   const std::string& arp,
                                                   const std::vector<IpAddress>& ipv6);

}  // namespace nlb::controlplane
