// The kernel's IPv6 neighbours, which /proc does not tell: one rtnetlink question (RTM_GETNEIGH,
// rtnetlink(7)) and its answer. It changes nothing in the kernel.
#pragma once

#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::controlplane {

// Those that have answered, at most kNeighboursMost; empty where the kernel tells nothing. Thread:
// any. It waits for the kernel alone, and for no longer than a tenth of a second.
[[nodiscard]] std::vector<IpAddress> ipv6_neighbours();

inline constexpr std::size_t kNeighboursMost = 256;

// For tests: the messages of one answer, one after the other. What does not read is left out.
[[nodiscard]] std::vector<IpAddress> ipv6_neighbours_in(std::span<const Byte> answer);

}  // namespace nlb::controlplane
