// An index says of every address and port what the tables say, whatever rules and addresses there
// are.
#include "core/fastpath/tables_index.hpp"

#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "core/packet/session_protocols.hpp"
#include "core/tables/address_table.hpp"
#include "core/tables/soundness.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::uint8_t kBits[] = {kProtocolTcpBit, kProtocolUdpBit};

// Ports near 0, 500 and the end, so that rules touch the ends and the ports of sessions.
std::uint16_t some_port(Prng& random) {
    constexpr std::uint16_t kNear[] = {0, 495, 1720, 65526};
    return static_cast<std::uint16_t>(kNear[random.below(4)] + random.below(10));
}

// Sound tables; addresses may stand there twice.
Tables some_tables(Prng& random) {
    Tables tables = make_tables(1);
    tables.address_count = tables.vip_count = 0;
    const std::size_t vips = 1 + random.below(random.chance(300'000) ? kAddressesMax - 6 : 8);
    const auto add = [&](AddressKind kind) {
        const auto near = static_cast<std::uint16_t>(random.below(400));
        const bool is_v4 = random.chance(600'000);
        tables.addresses[tables.address_count++] = {
            is_v4 ? IpAddress::v4((random.chance(900'000) ? 0xc000'0200 : 0xe000'0000) + near)
                  : v6(0, near),
            kind, static_cast<HostId>(kind == AddressKind::dedicated_other ? 2 : 0), 0, 0};
    };
    for (std::size_t i = 0; i < vips; ++i) add(AddressKind::vip);
    tables.vip_count = tables.address_count;
    for (int i = 0; i < 2; ++i) add(AddressKind::broadcast);
    for (int i = 0; i < 4; ++i) add(AddressKind::dedicated_other);
    tables.rule_count = static_cast<std::uint8_t>(random.below(kRulesMax + 1));
    for (RuleMasks* masks : {&tables.own, &tables.dirty_elsewhere}) masks->fill(0);
    for (RuleId i = 0; i < tables.rule_count; ++i) {
        const auto [low, high] = std::minmax({some_port(random), some_port(random)});
        const bool every = random.chance(400'000);
        tables.rules[i] = {low,
                           high,
                           static_cast<std::uint16_t>(every ? kEveryVip : random.below(vips)),
                           static_cast<std::uint8_t>(1 + random.below(3)),
                           RuleMode::multiple,
                           Affinity::single,
                           {},
                           0};
    }
    return tables;
}

OutcomeId outcome_by_tables(const Tables& tables, std::uint16_t index, std::uint8_t bit,
                            std::uint16_t port) {
    const OutcomeId udp = bit == kProtocolUdpBit ? kOutcomeUdp : OutcomeId{0};
    if (is_session_port(bit, port)) return udp | kOutcomeStages;
    return static_cast<OutcomeId>(udp | find_rule(tables, rule_key(index, bit, port)));
}

TEST(TablesIndex, HasTheRuleOfEachAddressAndPort) {
    Prng random(41);
    for (int turn = 0; turn < 300; ++turn) {
        const Tables tables = some_tables(random);
        ASSERT_STREQ(first_fault(tables), nullptr);
        const auto index = std::make_unique<TablesIndex>(tables);
        for (int i = 0; i < 2000; ++i) {
            const auto vip = static_cast<std::uint16_t>(random.below(tables.vip_count));
            const std::uint16_t port = random.chance(500'000)
                                           ? some_port(random)
                                           : static_cast<std::uint16_t>(random.next());
            for (const std::uint8_t bit : kBits) {
                ASSERT_EQ(index->outcome_of(rule_key(vip, bit, port)),
                          outcome_by_tables(tables, vip, bit, port))
                    << turn << " port " << port;
                const OutcomeId foreign = index->outcome_of(rule_key(kForeignAddress, bit, port));
                ASSERT_EQ(foreign & kOutcomeStages, is_session_port(bit, port) ? 0x80 : 0);
                ASSERT_EQ(foreign & kOutcomeRule, is_session_port(bit, port) ? 0 : 0x3f);
                ASSERT_NE(index->outcome_of(rule_key(kOtherAddress, bit, port)) & kOutcomeStages,
                          0);
            }
        }
    }
}

// VIPs by their index, nobody's as such, and everything else left to the stages.
TEST(TablesIndex, HasEveryAddressOfTheTables) {
    Prng random(42);
    for (int turn = 0; turn < 300; ++turn) {
        const Tables tables = some_tables(random);
        const auto index = std::make_unique<TablesIndex>(tables);
        for (std::uint32_t near = 0; near < 420; ++near)
            for (const IpAddress& address :
                 {IpAddress::v4(0xc000'0200 + near), IpAddress::v4(0xe000'0000 + near),
                  v6(0, static_cast<std::uint16_t>(near))}) {
                std::uint32_t raw;
                std::memcpy(&raw, &address.bytes[12], sizeof raw);
                const RuleKey key = address.is_v4() ? index->address_key_v4(raw)
                                                    : index->address_key_v6(address.bytes.data());
                const AddressEntry* const entry = find_address(tables, address);
                const bool plain = !address.is_v4() || address.as_v4() >> 28 != 14;
                const auto expected =
                    entry == nullptr ? kForeignAddress
                    : entry->kind == AddressKind::vip && plain
                        ? static_cast<std::uint16_t>(entry - tables.addresses.data())
                        : kOtherAddress;
                ASSERT_EQ(address_index_of(key), expected) << turn << " " << near;
                ASSERT_EQ(port_of(key), 0);
            }
    }
}

TEST(IndexMemory, MakesAnIndexAnewWhenRulesOrAddressesChange) {
    Tables tables = make_tables(1);
    IndexMemory memory;
    const RuleKey http = rule_key(0, kProtocolTcpBit, 80);
    EXPECT_EQ(memory.of(tables).outcome_of(http), kHttp);
    const TablesIndex* const made = &memory.of(tables);
    tables.own[kHttp] = 0;
    EXPECT_EQ(&memory.of(tables), made) << "it says nothing of owners";
    tables.rules[kHttp].first_port = tables.rules[kHttp].last_port = 81;
    EXPECT_EQ(memory.of(tables).outcome_of(http), kDefaultRule);
    tables.addresses[0].address = IpAddress::v4(0xc000'0277);
    EXPECT_EQ(address_index_of(memory.of(tables).address_key_v4(0x7702'00c0)), 0);
}

TEST(TablesIndex, OfNoTablesIsNotLookedInto) {
    Tables tables{};
    tables.rule_count = 200;  // unsound, as nothing is installed
    const auto index = std::make_unique<TablesIndex>(tables);
    EXPECT_EQ(index->few_count, 0U);
}

}  // namespace
}  // namespace nlb::test
