// Which port rule covers a packet, and what of the rule's settings decides about it: the rules in
// order, and a memory of a burst's length, because most packets of a burst ask for the same rule.
// It knows nothing of buckets or owners. Thread: any.
#pragma once

#include <array>
#include <cstdint>

#include "core/tables/tables.hpp"

namespace nlb {

// What a rule is looked up by, in one word; the port in host order. The index is one into
// Tables::addresses, or above them (core/fastpath/tables_index.hpp).
using RuleKey = std::uint32_t;
inline constexpr int kKeyAddressShift = 18;  // behind 16 bits of the port and 2 of the protocol
[[nodiscard]] constexpr RuleKey rule_key(std::uint16_t address_index, std::uint8_t protocol_bit,
                                         std::uint16_t port) {
    return RuleKey{address_index} << kKeyAddressShift | RuleKey{protocol_bit} << 16 | port;
}

[[nodiscard]] constexpr std::uint16_t address_index_of(RuleKey key) {
    return static_cast<std::uint16_t>(key >> kKeyAddressShift);
}
[[nodiscard]] constexpr std::uint16_t port_of(RuleKey key) {
    return static_cast<std::uint16_t>(key);
}
[[nodiscard]] constexpr std::uint8_t protocol_bit_of(RuleKey key) {
    return static_cast<std::uint8_t>(key >> 16 & 3U);
}

// kDefaultRule: none covers it. A rule for this VIP beats one for every VIP; validation
// (config/validate) lets at most one of each cover a port.
[[nodiscard]] inline RuleId find_rule(const Tables& tables, RuleKey key) {
    const std::uint16_t vip_index = address_index_of(key);
    const std::uint8_t bit = protocol_bit_of(key);
    const std::uint16_t port = port_of(key);
    RuleId general = kDefaultRule;
    for (RuleId i = 0; i < tables.rule_count; ++i) {
        const RuleEntry& rule = tables.rules[i];
        if ((rule.protocols & bit) == 0 || port < rule.first_port || rule.last_port < port)
            continue;
        if (rule.vip == vip_index) return i;
        if (rule.vip == kEveryVip) general = i;
    }
    return general;
}

// UDP for remote control: it is consumed before the rules are asked.
[[nodiscard]] inline bool is_remote_control(const Tables& tables, std::uint8_t protocol_bit,
                                            std::uint16_t port) {
    return protocol_bit == kProtocolUdpBit && port == tables.remote_port && port != 0;
}

// The rule for the rest is of affinity single, and never disabled or sticky.
[[nodiscard]] inline Affinity affinity_of(const Tables& tables, RuleId rule) {
    return rule == kDefaultRule ? Affinity::single : tables.rules[rule].affinity;
}
[[nodiscard]] inline bool is_disabled(const Tables& tables, RuleId rule) {
    return rule != kDefaultRule && tables.rules[rule].mode == RuleMode::disabled;
}
[[nodiscard]] inline bool is_sticky(const Tables& tables, RuleId rule) {
    return rule != kDefaultRule && tables.rules[rule].sticky_ms != 0;
}

// Lives as long as a burst, so that it never outlives its tables.
class RuleMemory {
public:
    explicit RuleMemory(const Tables& tables) : tables_(tables) { keys_.fill(kNoKey); }

    [[nodiscard]] RuleId rule_of(RuleKey key) {
        const std::size_t slot = (key ^ key >> 4 ^ key >> 16) % kSlots;
        if (keys_[slot] != key) {
            keys_[slot] = key;
            rules_[slot] = find_rule(tables_, key);
        }
        return rules_[slot];
    }

private:
    static constexpr std::size_t kSlots = 16;
    static constexpr RuleKey kNoKey = 0xffff'ffff;  // no packet has both protocols
    const Tables& tables_;
    std::array<RuleKey, kSlots> keys_;
    std::array<RuleId, kSlots> rules_;
};

}  // namespace nlb
