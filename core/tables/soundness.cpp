// Each field that a core indexes, shifts or divides by.
#include "core/tables/soundness.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb {
namespace {

bool is_known(LinkMode mode) {
    return mode <= LinkMode::igmp;
}
bool is_known(IcmpMode mode) {
    return mode <= IcmpMode::all;
}

bool may_be_sticky(const RuleEntry& rule) {
    return rule.mode == RuleMode::multiple && rule.affinity != Affinity::none;
}

bool is_sound(const RuleEntry& rule, const Tables& tables) {
    return rule.first_port <= rule.last_port &&
           (rule.vip == kEveryVip || rule.vip < tables.vip_count) && rule.protocols >= 1 &&
           rule.protocols <= (kProtocolTcpBit | kProtocolUdpBit) &&
           rule.mode <= RuleMode::disabled && rule.affinity <= Affinity::network &&
           rule.sticky_ms <= kStickyMsMax && (rule.sticky_ms == 0 || may_be_sticky(rule));
}

// The order that core/tables/address_table.hpp relies on.
int rank_of(AddressKind kind) {
    return kind == AddressKind::vip ? 0 : kind == AddressKind::broadcast ? 1 : 2;
}

bool are_addresses_sound(const Tables& tables) {
    if (tables.address_count > kAddressesMax || tables.vip_count > tables.address_count)
        return false;
    int rank = 0;
    for (std::size_t i = 0; i < tables.address_count; ++i) {
        const AddressEntry& entry = tables.addresses[i];
        if (entry.kind > AddressKind::broadcast || entry.host > kHostsMax ||
            rank_of(entry.kind) < rank)
            return false;
        if ((entry.kind == AddressKind::vip) != (i < tables.vip_count)) return false;
        rank = rank_of(entry.kind);
    }
    return true;
}

bool are_masks_sound(const RuleMasks& masks, const Tables& tables) {
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        const bool exists = slot < tables.rule_count || slot == kDefaultRule;
        if ((masks[slot] & ~(exists ? kAllBuckets : 0)) != 0) return false;
    }
    return true;
}

}  // namespace

const char* first_fault(const Tables& tables) {
    if (tables.self > kHostsMax) return "a host id above 32";
    if (tables.rule_count > kRulesMax) return "more than 32 rules";
    if (!is_known(tables.mode) || !is_known(tables.icmp)) return "an unknown mode";
    if (!are_addresses_sound(tables)) return "an impossible address";
    for (std::size_t i = 0; i < tables.rule_count; ++i)
        if (!is_sound(tables.rules[i], tables)) return "an impossible rule";
    if (!are_masks_sound(tables.own, tables) || !are_masks_sound(tables.dirty_elsewhere, tables))
        return "a bucket that does not exist";
    if (tables.ended_rules >> tables.rule_count != 0) return "an ended rule that does not exist";
    for (const auto& owners : tables.owner)
        if (std::any_of(owners.begin(), owners.end(), [](HostId id) { return id > kHostsMax; }))
            return "an owner that does not exist";
    if (tables.tcp_idle_s == 0 || tables.half_open_s == 0 || tables.closing_s == 0 ||
        tables.ipsec_idle_s == 0)
        return "an idle time of zero";
    if (tables.vlan > kVlanMax) return "a VLAN above 4094";
    if (tables.settled > 1) return "an impossible era";
    return nullptr;
}

void assert_sound(const Tables& tables) {
    NLB_ASSERT(tables.self == kNoHost || first_fault(tables) == nullptr);
}

}  // namespace nlb
