// Look-ups in the tables' addresses. Their order is fixed (core/ipc/tables_codec checks it): VIPs,
// then broadcast addresses, then dedicated ones, so that the frequent cases end early.
#pragma once

#include "core/tables/tables.hpp"

namespace nlb {

// nullptr: not an address of this cluster or its hosts.
[[nodiscard]] inline const AddressEntry* find_address(const Tables& tables,
                                                      const IpAddress& address) {
    for (std::size_t i = 0; i < tables.address_count; ++i)
        if (tables.addresses[i].address == address) return &tables.addresses[i];
    return nullptr;
}

[[nodiscard]] inline bool is_virtual(const Tables& tables, const IpAddress& address) {
    for (std::size_t i = 0; i < tables.vip_count; ++i)
        if (tables.addresses[i].address == address) return true;
    return false;
}

// The broadcast address of a subnet that the cluster is on; the limited one is not in the tables.
[[nodiscard]] inline bool is_subnet_broadcast(const Tables& tables, const IpAddress& address) {
    for (std::size_t i = tables.vip_count;
         i < tables.address_count && tables.addresses[i].kind == AddressKind::broadcast; ++i)
        if (tables.addresses[i].address == address) return true;
    return false;
}

// fe80::/10. Those of inside stacks are in no configuration: what is sent to one is known by the
// station's MAC.
[[nodiscard]] constexpr bool is_link_local(const IpAddress& address) {
    return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0U) == 0x80;
}

}  // namespace nlb
