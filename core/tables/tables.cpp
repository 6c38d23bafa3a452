// MAC addresses that follow from the cluster's primary address (NLB's scheme, and its own for
// IPv6-only clusters).
#include "core/tables/tables.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/fnv.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {
namespace {

// The four bytes that stand for the primary address.
std::array<Byte, 4> tail_of(const IpAddress& primary) {
    std::array<Byte, 4> tail{};
    const std::size_t first = primary.is_v4() ? 12 : 0;
    for (std::size_t i = first; i < primary.bytes.size(); ++i) tail[i % 4] ^= primary.bytes[i];
    return tail;
}

}  // namespace

std::uint64_t layout_of(const Tables& tables) {
    NLB_ASSERT(tables.rule_count <= kRulesMax && tables.vip_count <= kAddressesMax);
    Fnv1a digest;
    const auto add = [&digest](const void* data, std::size_t size) {
        digest.add(std::span{static_cast<const Byte*>(data), size});
    };
    digest.add(kAffinityHashVersion);
    add(tables.hash_key.data(), sizeof tables.hash_key);
    add(tables.rules.data(), sizeof(RuleEntry) * tables.rule_count);
    for (std::size_t i = 0; i < tables.vip_count; ++i)
        add(&tables.addresses[i].address, sizeof(IpAddress));
    return digest.digest() == 0 ? 1 : digest.digest();
}

bool has_sticky_rules(const Tables& tables) {
    return std::any_of(tables.rules.begin(), tables.rules.begin() + tables.rule_count,
                       [](const RuleEntry& rule) { return rule.sticky_ms != 0; });
}

MacAddress cluster_mac(LinkMode mode, const IpAddress& primary) {
    const auto [w, x, y, z] = tail_of(primary);
    switch (mode) {
        case LinkMode::multicast:
            return {{0x03, 0xbf, w, x, y, z}};
        case LinkMode::igmp:
            return {{0x01, 0x00, 0x5e, 0x7f, y, z}};
        case LinkMode::unicast:
            break;
    }
    return {{0x02, 0xbf, w, x, y, z}};
}

MacAddress masked_mac(HostId host, const IpAddress& primary) {
    NLB_ASSERT(host != kNoHost && host <= kHostsMax);
    const auto [w, x, y, z] = tail_of(primary);
    return {{0x02, host, w, x, y, z}};
}

}  // namespace nlb
