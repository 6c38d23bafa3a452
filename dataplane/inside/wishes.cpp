// IPv4's order and routes, IPv6's default route.
#include "dataplane/inside/wishes.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

std::vector<InsideAddress> addresses_of(const Tables& tables) {
    std::vector<InsideAddress> addresses;
    const auto take = [&](AddressKind kind) {
        for (std::size_t i = 0; i < tables.address_count; ++i) {
            const AddressEntry& entry = tables.addresses[i];
            if (entry.kind == kind)
                addresses.push_back({entry.address, entry.prefix_length, kind == AddressKind::vip});
        }
    };
    take(AddressKind::dedicated_mine);
    take(AddressKind::vip);
    return addresses;
}

}  // namespace

IpAddress network_of(const IpAddress& address, std::uint8_t length) {
    const std::size_t bits = length + (address.is_v4() ? 96U : 0U);
    NLB_ASSERT(bits <= 128);
    IpAddress network = address;
    for (std::size_t i = 0; i < network.bytes.size(); ++i) {
        const std::size_t kept = std::clamp<std::size_t>(bits, 8 * i, 8 * i + 8) - 8 * i;
        network.bytes[i] &= static_cast<Byte>(0xff00U >> kept);
    }
    return network;
}

std::optional<IpAddress> source_for(const std::vector<InsideAddress>& addresses,
                                    const IpAddress& destination) {
    std::optional<IpAddress> first;
    for (const InsideAddress& one : addresses) {
        if (one.is_virtual || one.address.is_v4() != destination.is_v4()) continue;
        if (network_of(destination, one.length) == network_of(one.address, one.length))
            return one.address;
        if (!first) first = one.address;
    }
    return first;
}

InsideWishes wishes_of(const Tables& tables, const std::vector<IpAddress>& gateways) {
    InsideWishes wishes{addresses_of(tables), {}};
    // An IPv6 address that is not preferred is no source; only IPv4's connected routes name one.
    for (const InsideAddress& one : wishes.addresses) {
        if (!one.address.is_v4() || one.length == 32) continue;
        const IpAddress network = network_of(one.address, one.length);
        const auto source = source_for(wishes.addresses, one.address);
        if (!source) continue;
        const InsideRoute route{network, one.length, std::nullopt, source};
        const bool known = std::any_of(
            wishes.routes.begin(), wishes.routes.end(), [&route](const InsideRoute& other) {
                return other.network == route.network && other.length == route.length;
            });
        if (!known) wishes.routes.push_back(route);
    }
    for (const IpAddress& gateway : gateways) {
        const IpAddress any = gateway.is_v4() ? IpAddress::v4(0) : IpAddress{};
        // Not by the gateway's own subnet alone: a link-local one is in none.
        wishes.routes.push_back({any, 0, gateway, source_for(wishes.addresses, gateway)});
    }
    return wishes;
}

}  // namespace nlb::dataplane
