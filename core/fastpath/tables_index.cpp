// Rules become rows of outcomes by stretches of ports; addresses find their places by the first
// free slot behind the one that their hash says.
#include "core/fastpath/tables_index.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/session_protocols.hpp"

namespace nlb {
namespace {

constexpr std::uint8_t kProtocolBits[] = {kProtocolTcpBit, kProtocolUdpBit};

std::uint32_t raw_v4(const IpAddress& address) {
    std::uint32_t raw;
    std::memcpy(&raw, &address.bytes[12], sizeof raw);
    return raw;
}

// One that a packet could be sent to as a unicast address, and come from.
bool is_plain_v4(std::uint32_t address) {
    const std::uint32_t network = address >> 24;
    return network != 0 && network != 127 && network >> 4 != 14 && address != 0xffff'ffff;
}

// The same of IPv6, where addresses that begin with eight bytes of zero are special.
bool is_plain_v6(const IpAddress& address) {
    return load_big_endian<std::uint64_t>(address.bytes.data()) != 0 && address.bytes[0] != 0xff;
}

std::array<std::uint32_t, 4> words_of(const Byte* address) {
    std::array<std::uint32_t, 4> words;
    std::memcpy(&words, address, sizeof words);
    return words;
}

constexpr RuleKey kForeignKey = rule_key(kForeignAddress, 0, 0);
static_assert(kAddressSlots == 1U << 10);

}  // namespace

TablesIndex::TablesIndex(const Tables& tables) {
    if (tables.self == kNoHost) return;  // nobody looks into them
    divide_ports(tables);
    fill_rows(tables);
    describe_rules(tables);
    place_addresses(tables);
}

void TablesIndex::divide_ports(const Tables& tables) {
    std::array<std::uint32_t, kStretchesMax> begins{};  // the first is port 0
    std::size_t count = 1;
    const auto add = [&](std::uint32_t first, std::uint32_t last) {
        begins[count++] = first;
        begins[count++] = last + 1;
    };
    for (std::size_t i = 0; i < tables.rule_count; ++i)
        add(tables.rules[i].first_port, tables.rules[i].last_port);
    for (const std::uint16_t port : {kIkePort, kIkeNatPort, kPptpPort, tables.remote_port})
        add(port, port);
    std::sort(begins.begin(), begins.begin() + count);
    const auto end = std::unique(begins.begin(), begins.begin() + count);
    for (auto begin = begins.begin(); begin != end && *begin < 65536; ++begin) {
        const std::uint32_t behind = begin + 1 == end ? 65536 : std::min(begin[1], 65536U);
        std::memset(&stretch_of[*begin], static_cast<int>(stretch_count_), behind - *begin);
        stretch_begin_[stretch_count_++] = static_cast<std::uint16_t>(*begin);
    }
}

void TablesIndex::fill_row(const Tables& tables, std::size_t row, std::uint16_t index) {
    for (const std::uint8_t bit : kProtocolBits)
        for (std::size_t stretch = 0; stretch < stretch_count_; ++stretch) {
            const std::uint16_t port = stretch_begin_[stretch];
            OutcomeId outcome = bit == kProtocolUdpBit ? kOutcomeUdp : OutcomeId{0};
            if (index == kOtherAddress || is_session_port(bit, port) ||
                is_remote_control(tables, bit, port))
                outcome |= kOutcomeStages;
            else if (index == kForeignAddress)
                outcome |= kOutcomeForeign;
            else
                outcome =
                    static_cast<OutcomeId>(outcome | find_rule(tables, rule_key(index, bit, port)));
            outcomes[row + (bit == kProtocolUdpBit ? kStretchesMax : 0) + stretch] = outcome;
        }
}

void TablesIndex::fill_rows(const Tables& tables) {
    std::uint16_t rows = 0;
    const auto add_row = [&](std::uint16_t index) {
        fill_row(tables, rows, index);
        rows = static_cast<std::uint16_t>(rows + kRowSize);
        return static_cast<std::uint16_t>(rows - kRowSize);
    };
    row_of[kForeignAddress] = add_row(kForeignAddress);
    row_of[kOtherAddress] = add_row(kOtherAddress);
    std::array<bool, kAddressesMax> has_rule{};
    for (std::size_t i = 0; i < tables.rule_count; ++i)
        if (tables.rules[i].vip != kEveryVip) has_rule[tables.rules[i].vip] = true;
    std::uint16_t shared = 0;  // row 0 is another's
    for (std::uint16_t index = 0; index < tables.vip_count; ++index) {
        if (!has_rule[index] && shared == 0) shared = add_row(index);
        row_of[index] = has_rule[index] ? add_row(index) : shared;
    }
}

void TablesIndex::describe_rules(const Tables& tables) {
    fixed_reason[kOutcomeForeign] = Reason::not_our_address;
    affinity[kDefaultRule] = affinity_of(tables, kDefaultRule);
    for (RuleId rule = 0; rule < tables.rule_count; ++rule) {
        fixed_reason[rule] = is_disabled(tables, rule) ? Reason::rule_disabled : Reason::live;
        affinity[rule] = affinity_of(tables, rule);
        sticky_rules |= std::uint64_t{is_sticky(tables, rule)} << rule;
    }
}

void TablesIndex::place_v6(const IpAddress& address, RuleKey key, bool plain_vip) {
    const AddressSlotV6 placed{words_of(address.bytes.data()), key};
    std::uint32_t at = slot_of_v6(placed.address);
    while (slots_v6[at].key != kForeignKey && slots_v6[at].address != placed.address)
        at = (at + 1) % kAddressSlots;
    if (slots_v6[at].key != kForeignKey) return;  // it stands there already
    slots_v6[at] = placed;
    if (!plain_vip || ++vips_v6_ > kFewVipsV6) return;
    few_v6[few_count_v6++] = placed;
}

void TablesIndex::place_addresses(const Tables& tables) {
    slot_key.fill(kForeignKey);
    for (AddressSlotV6& slot : slots_v6) slot.key = kForeignKey;
    std::uint32_t v4_vips = 0;
    for (std::uint16_t i = 0; i < tables.address_count; ++i) {
        const IpAddress& address = tables.addresses[i].address;
        const AddressKind kind = tables.addresses[i].kind;
        const bool plain = address.is_v4() ? is_plain_v4(address.as_v4()) : is_plain_v6(address);
        const bool plain_vip = kind == AddressKind::vip && plain;
        const RuleKey key = rule_key(plain_vip ? i : kOtherAddress, 0, 0);
        if (!address.is_v4()) {
            place_v6(address, key, plain_vip);
            continue;
        }
        const std::uint32_t raw = raw_v4(address);
        std::uint32_t at = slot_of(raw);
        while (slot_address[at] != 0 && slot_address[at] != raw) at = (at + 1) % kAddressSlots;
        if (slot_address[at] != raw) slot_key[at] = key;
        slot_address[at] = raw;
        if (kind == AddressKind::broadcast) broadcasts[broadcast_count++] = raw;
        if (!plain_vip || ++v4_vips > kFewVips) continue;
        few_address[few_count] = raw;
        few_key[few_count++] = key;
    }
    if (v4_vips > kFewVips) few_count = 0;
    if (vips_v6_ > kFewVipsV6) few_count_v6 = 0;
}

RuleKey TablesIndex::address_key_v4(std::uint32_t raw) const {
    std::uint32_t at = slot_of(raw);
    while (slot_address[at] != raw && slot_address[at] != 0) at = (at + 1) % kAddressSlots;
    return slot_key[at];
}

RuleKey TablesIndex::address_key_v6(const Byte* address) const {
    const std::array<std::uint32_t, 4> words = words_of(address);
    std::uint32_t at = slot_of_v6(words);
    while (slots_v6[at].key != kForeignKey && slots_v6[at].address != words)
        at = (at + 1) % kAddressSlots;
    return slots_v6[at].key;
}

bool are_indexed_alike(const Tables& one, const Tables& other) {
    return one.self == other.self && one.rule_count == other.rule_count &&
           one.address_count == other.address_count && one.vip_count == other.vip_count &&
           one.remote_port == other.remote_port &&
           std::memcmp(&one.rules, &other.rules, sizeof one.rules) == 0 &&
           std::memcmp(&one.addresses, &other.addresses, sizeof one.addresses) == 0;
}

const TablesIndex& IndexMemory::of(const Tables& tables) {
    if (tables_ == nullptr || !are_indexed_alike(*tables_, tables)) {
        tables_ = std::make_unique<Tables>(tables);
        index_ = std::make_unique<TablesIndex>(tables);
    }
    return *index_;
}

}  // namespace nlb
