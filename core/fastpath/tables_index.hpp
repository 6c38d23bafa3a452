// What the tables say, arranged for cores that ask it of eight packets at once: an outcome for each
// address and port, and where an address stands. It says nothing that the tables do not say
// (core/tables/rule_lookup.hpp, address_table.hpp; tables_index_test.cpp compares them), is derived
// from them when they are published, and never travels.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/packet/reasons.hpp"
#include "core/tables/rule_lookup.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// What becomes of TCP or UDP packets, as far as their address and port say it: the rule, and
// whether it is UDP. Packets of the same one need one look at the rule.
using OutcomeId = std::uint8_t;
inline constexpr OutcomeId kOutcomeRule = 0x3f;     // these bits: the rule, or
inline constexpr OutcomeId kOutcomeForeign = 0x3f;  // none: an address of nobody's here
inline constexpr OutcomeId kOutcomeUdp = 0x40;
inline constexpr OutcomeId kOutcomeStages = 0x80;  // only the stages know
static_assert(kRuleSlots < kOutcomeForeign);

// Indexes of RuleKey that are no index into Tables::addresses.
inline constexpr std::uint16_t kForeignAddress = kAddressesMax;    // none of the tables'
inline constexpr std::uint16_t kOtherAddress = kAddressesMax + 1;  // no VIP that clients speak to

// Ports between which no rule begins or ends, and which begin no session or all do, are a stretch.
// So many are the most: two ends of each rule, of three session ports and of remote control's, and
// the first.
inline constexpr std::size_t kStretchesMax = 2 * (kRulesMax + 4) + 1;
// A row of outcomes for VIPs without rules of their own, one for each VIP with some, one for each
// of the two indexes above.
inline constexpr std::size_t kRowsMax = kRulesMax + 3;
inline constexpr std::size_t kRowSize = 2 * kStretchesMax;  // TCP's, then UDP's
// A quarter of the slots is in use at most.
inline constexpr std::size_t kAddressSlots = 4 * kAddressesMax;
// As many VIPs are compared one after the other; of IPv6, where each takes four words, fewer.
inline constexpr std::size_t kFewVips = 4;
inline constexpr std::size_t kFewVipsV6 = 2;
// Vectors read words where a byte is meant.
inline constexpr std::size_t kOverread = 3;

// An address as it lies in a frame, and its key; vectors read both as five words.
struct AddressSlotV6 {
    std::array<std::uint32_t, 4> address;
    RuleKey key;
};
static_assert(sizeof(AddressSlotV6) == 5 * sizeof(std::uint32_t));

// About 99 KiB, never on a small stack; of the 64 KiB for ports a core touches the lines of the
// ports that it meets. Thread: immutable once made.
class TablesIndex {
public:
    // docs/measured.md has what it costs. Requires: the tables are sound
    // (core/tables/soundness.hpp).
    explicit TablesIndex(const Tables& tables);

    [[nodiscard]] OutcomeId outcome_of(RuleKey key) const {
        const std::size_t protocol = protocol_bit_of(key) == kProtocolUdpBit ? kStretchesMax : 0;
        return outcomes[row_of[address_index_of(key)] + protocol + stretch_of[port_of(key)]];
    }
    // The rule_key() of an address's index, kForeignAddress and kOtherAddress included; `raw` as it
    // lies in a frame.
    [[nodiscard]] RuleKey address_key_v4(std::uint32_t raw) const;
    [[nodiscard]] RuleKey address_key_v6(const Byte* address) const;
    [[nodiscard]] static constexpr std::uint32_t slot_of(std::uint32_t raw) {
        return raw * kSlotFactor >> 22;
    }
    static constexpr std::uint32_t kSlotFactor = 0x9e37'79b1;
    // The words of an IPv6 address as they lie in a frame become one, with these factors.
    static constexpr std::array<std::uint32_t, 3> kWordFactors{0x85eb'ca6b, 0xc2b2'ae35,
                                                               0x27d4'eb2f};
    [[nodiscard]] static constexpr std::uint32_t slot_of_v6(
        const std::array<std::uint32_t, 4>& words) {
        return slot_of(words[0] * kWordFactors[0] ^ words[1] * kWordFactors[1] ^
                       words[2] * kWordFactors[2] ^ words[3]);
    }

    // For the vectors of core/fastpath.
    std::array<std::uint8_t, 65536 + kOverread> stretch_of{};  // by port
    // by index of an address: where its row begins
    std::array<std::uint16_t, kAddressesMax + 2 + kOverread> row_of{};
    std::array<OutcomeId, kRowsMax * kRowSize + kOverread> outcomes{};
    // By slot: an address as it lies in a frame and its key. Empty ones hold 0 and kForeignAddress.
    std::array<std::uint32_t, kAddressSlots> slot_address{};
    std::array<RuleKey, kAddressSlots> slot_key{};
    // All VIPs, if they are few; otherwise none.
    std::uint32_t few_count = 0;
    std::array<std::uint32_t, kFewVips> few_address{};
    std::array<RuleKey, kFewVips> few_key{};
    // The same of IPv6. Empty slots hold zeros and kForeignAddress.
    std::array<AddressSlotV6, kAddressSlots> slots_v6{};
    std::uint32_t few_count_v6 = 0;
    std::array<AddressSlotV6, kFewVipsV6> few_v6{};
    // By kOutcomeRule: what becomes of all packets of a rule whatever their bucket is (live: it
    // depends), and the affinity, 0 for rules that there are not.
    alignas(64) std::array<Reason, 64> fixed_reason{};
    std::array<Affinity, 64 + kOverread> affinity{};
    std::uint64_t sticky_rules = 0;  // bit r: rule r has a time-out
    // Of the subnets that the cluster is on, as they lie in a frame.
    std::uint32_t broadcast_count = 0;
    std::array<std::uint32_t, kAddressesMax> broadcasts{};

private:
    void divide_ports(const Tables& tables);
    void fill_rows(const Tables& tables);
    void fill_row(const Tables& tables, std::size_t row, std::uint16_t index);
    void describe_rules(const Tables& tables);
    void place_addresses(const Tables& tables);
    void place_v6(const IpAddress& address, RuleKey key, bool plain_vip);

    std::uint32_t stretch_count_ = 0;
    std::array<std::uint16_t, kStretchesMax> stretch_begin_{};
    std::uint32_t vips_v6_ = 0;
};

static_assert(sizeof(Reason) == 1 && sizeof(Affinity) == 1 && kOutcomeRule < 64);
static_assert(TablesIndex::slot_of(0xffff'ffff) < kAddressSlots);

// What cores are given: tables, and the index of them.
struct IndexedTables : Tables {
    explicit IndexedTables(const Tables& tables) : Tables(tables), index(tables) {}
    TablesIndex index;
};

// Whether an index of the one is an index of the other.
[[nodiscard]] bool are_indexed_alike(const Tables& one, const Tables& other);

// An index of whatever tables come, for those who are no cores: explain, the simulator, tests.
class IndexMemory {
public:
    // Good until the next call.
    [[nodiscard]] const TablesIndex& of(const Tables& tables);

private:
    std::unique_ptr<Tables> tables_;
    std::unique_ptr<TablesIndex> index_;
};

}  // namespace nlb
