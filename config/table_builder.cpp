// Tables from the configuration and an ownership; see table_builder.hpp. It decides nothing: what
// is not configured is not in them.
#include "config/table_builder.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/assert.hpp"

namespace nlb::config {
namespace {

// Never 0, which would end every flow at once.
std::uint32_t whole_seconds(Duration duration) {
    return static_cast<std::uint32_t>(
        std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count()));
}

void add_address(Tables& tables, const Prefix& prefix, AddressKind kind, HostId host) {
    NLB_ASSERT(tables.address_count < kAddressesMax);  // validation counted them
    AddressEntry& entry = tables.addresses[tables.address_count++];
    entry.address = prefix.address;
    entry.prefix_length = prefix.length;
    entry.kind = kind;
    entry.host = host;
}

// The directed broadcast address of a subnet, once however many addresses share the subnet (RFC
// 919; none for /31 and /32).
void add_broadcast(Tables& tables, const Prefix& prefix) {
    if (!prefix.address.is_v4() || prefix.length >= 31) return;
    const IpAddress broadcast =
        IpAddress::v4(prefix.address.as_v4() | 0xffffffffU >> prefix.length);
    const auto end = tables.addresses.begin() + tables.address_count;
    const bool known = std::any_of(tables.addresses.begin(), end, [&](const AddressEntry& entry) {
        return entry.address == broadcast;
    });
    if (!known) add_address(tables, {broadcast, prefix.length}, AddressKind::broadcast, kNoHost);
}

// In the order that core/tables/address_table reads them: VIPs, broadcast addresses, dedicated
// ones.
void add_addresses(Tables& tables, const Cluster& cluster, const Host& self) {
    add_address(tables, cluster.address, AddressKind::vip, kNoHost);
    for (const Prefix& prefix : cluster.virtual_addresses)
        add_address(tables, prefix, AddressKind::vip, kNoHost);
    tables.vip_count = tables.address_count;
    add_broadcast(tables, cluster.address);
    for (const Prefix& prefix : cluster.virtual_addresses) add_broadcast(tables, prefix);
    for (const Host& host : cluster.hosts)
        for (const Prefix& prefix : host.addresses) add_broadcast(tables, prefix);
    for (const Host& host : cluster.hosts) {
        const AddressKind kind =
            host.id == self.id ? AddressKind::dedicated_mine : AddressKind::dedicated_other;
        for (const Prefix& prefix : host.addresses) add_address(tables, prefix, kind, host.id);
    }
}

std::uint16_t vip_index(const Tables& tables, const std::optional<IpAddress>& vip) {
    if (!vip) return kEveryVip;
    for (std::uint16_t i = 0; i < tables.vip_count; ++i)
        if (tables.addresses[i].address == *vip) return i;
    NLB_ASSERT(false);  // validation let no other address through
    return kEveryVip;
}

RuleEntry entry_of(const Tables& tables, const PortRule& rule) {
    RuleEntry entry{};
    entry.first_port = rule.ports.first;
    entry.last_port = rule.ports.last;
    entry.vip = vip_index(tables, rule.vip);
    entry.protocols = static_cast<std::uint8_t>(rule.protocols);
    entry.mode = rule.mode;
    entry.affinity = rule.affinity;
    if (rule.affinity_timeout)
        entry.sticky_ms =
            static_cast<std::uint32_t>(*rule.affinity_timeout / std::chrono::milliseconds{1});
    return entry;
}
static_assert(static_cast<std::uint8_t>(Protocols::tcp) == kProtocolTcpBit &&
              static_cast<std::uint8_t>(Protocols::udp) == kProtocolUdpBit);

// More is better in heartbeats, while a lower priority is better in the configuration.
std::uint8_t offer_of_priority(std::uint8_t priority) {
    return static_cast<std::uint8_t>(kHostsMax + 1 - priority);
}

}  // namespace

MacAddress cluster_mac_of(const Cluster& cluster) {
    return cluster.mac.value_or(cluster_mac(cluster.mode, cluster.address.address));
}

Tables build_tables(const Cluster& cluster, const Host& host, const HashKey& hash_key,
                    const Ownership& ownership) {
    NLB_ASSERT(cluster.port_rules.size() <= kRulesMax);
    Tables tables{};
    tables.epoch = ownership.epoch;
    tables.hash_key = hash_key;
    tables.own = ownership.own;
    tables.dirty_elsewhere = ownership.dirty_elsewhere;
    tables.ended_rules = ownership.ended_rules;
    tables.owner = ownership.owner;
    tables.era = ownership.era;
    tables.settled = ownership.settled ? 1 : 0;
    tables.tcp_idle_s = whole_seconds(cluster.connections.tcp_idle);
    tables.half_open_s = whole_seconds(cluster.connections.half_open);
    tables.closing_s = whole_seconds(cluster.connections.closing);
    tables.ipsec_idle_s = whole_seconds(cluster.ipsec.idle);
    tables.ipsec_replaces = cluster.ipsec.drop_state_if_not_bucket_owner ? 1 : 0;
    tables.self = host.id;
    tables.mode = cluster.mode;
    tables.icmp = cluster.icmp;
    tables.vlan = cluster.vlan;
    tables.remote_port = cluster.remote_control.enabled ? cluster.remote_control.port : 0;
    tables.cluster_mac = cluster_mac_of(cluster);
    if (cluster.mode == LinkMode::unicast)
        tables.masked_mac = masked_mac(host.id, cluster.address.address);
    tables.bares_source_mac = cluster.mode == LinkMode::unicast && !cluster.mask_source_mac ? 1 : 0;
    add_addresses(tables, cluster, host);
    for (const PortRule& rule : cluster.port_rules)
        tables.rules[tables.rule_count++] = entry_of(tables, rule);
    tables.layout = layout_of(tables);
    return tables;
}

std::array<std::uint8_t, kRuleSlots> offers_of(const Cluster& cluster, const Host& host) {
    std::array<std::uint8_t, kRuleSlots> offers{};
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i) {
        const PortRule& rule = cluster.port_rules[i];
        if (rule.mode == RuleMode::multiple) offers[i] = weight_of(host, rule);
        if (rule.mode == RuleMode::single) offers[i] = offer_of_priority(priority_of(host, rule));
    }
    offers[kDefaultRule] = offer_of_priority(host.id);
    return offers;
}

std::uint64_t single_slots(const Cluster& cluster) {
    std::uint64_t slots = std::uint64_t{1} << kDefaultRule;
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i)
        if (cluster.port_rules[i].mode == RuleMode::single) slots |= std::uint64_t{1} << i;
    return slots;
}

std::uint64_t keep_slots(const Cluster& cluster) {
    std::uint64_t slots = 0;
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i) {
        const auto& health = cluster.port_rules[i].health;
        if (health && health->all_failed == AllFailed::keep) slots |= std::uint64_t{1} << i;
    }
    return slots;
}

bool has_sticky_rules(const Cluster& cluster) {
    return std::any_of(cluster.port_rules.begin(), cluster.port_rules.end(),
                       [](const PortRule& rule) { return rule.affinity_timeout.has_value(); });
}

}  // namespace nlb::config
