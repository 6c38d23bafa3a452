// What the kernel's end of an inside device should carry, as values: this host's addresses and the
// routes that make its own connections leave from a dedicated one. It asks no kernel. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/tables/tables.hpp"

namespace nlb::dataplane {

struct InsideAddress {
    IpAddress address;
    std::uint8_t length;  // of its subnet, in bits
    // Shared with other hosts: nothing that this host begins may leave from it.
    bool is_virtual;
    auto operator<=>(const InsideAddress&) const = default;
};

struct InsideRoute {
    IpAddress network;  // the unspecified address of its family with length 0: the default route
    std::uint8_t length;
    std::optional<IpAddress> gateway;  // empty: the network is connected
    std::optional<IpAddress> source;
    auto operator<=>(const InsideRoute&) const = default;
};

struct InsideWishes {
    // Dedicated ones first: the kernel takes the first IPv4 address of a subnet as the source.
    std::vector<InsideAddress> addresses;
    std::vector<InsideRoute> routes;
    bool operator==(const InsideWishes&) const = default;
};

// Of the host that the tables are for.
[[nodiscard]] InsideWishes wishes_of(const Tables& tables, const std::vector<IpAddress>& gateways);

// The address with the bits behind `length` cleared. Requires: length <= 32 of IPv4, 128 of IPv6.
[[nodiscard]] IpAddress network_of(const IpAddress& address, std::uint8_t length);
// A dedicated address as the source for that destination: one of its subnet, else the first of its
// family; nothing where the host has none.
[[nodiscard]] std::optional<IpAddress> source_for(const std::vector<InsideAddress>& addresses,
                                                  const IpAddress& destination);

}  // namespace nlb::dataplane
