// The tables of the four hosts.
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

void add_address(Tables& tables, const IpAddress& address, AddressKind kind, HostId host) {
    tables.addresses[tables.address_count++] = {address, kind, host, {}};
}

void add_rule(Tables& tables, std::uint16_t first, std::uint16_t last, std::uint16_t vip,
              std::uint8_t protocols, RuleMode mode, Affinity affinity) {
    tables.rules[tables.rule_count++] = {first, last, vip, protocols, mode, affinity, {}};
}

int digit_of(char letter) {
    return letter <= '9' ? letter - '0' : letter - 'a' + 10;
}

}  // namespace

std::vector<Byte> from_hex(std::string_view text) {
    std::vector<Byte> bytes;
    bool high = true;
    for (const char letter : text) {
        if (letter == ' ') continue;
        if (high)
            bytes.push_back(static_cast<Byte>(digit_of(letter) << 4));
        else
            bytes.back() = static_cast<Byte>(bytes.back() | digit_of(letter));
        high = !high;
    }
    return bytes;
}

Tables make_tables(HostId self, LinkMode mode) {
    Tables tables{};
    tables.hash_key = {0x0123456789abcdefULL, 0xfedcba9876543210ULL, 0x0f1e2d3c4b5a6978ULL,
                       0x8796a5b4c3d2e1f0ULL};
    tables.self = self;
    tables.mode = mode;
    tables.tcp_idle_s = 7200;
    tables.half_open_s = 30;
    tables.closing_s = 60;
    tables.ipsec_idle_s = 86400;
    tables.ipsec_replaces = 1;
    tables.cluster_mac = cluster_mac(mode, IpAddress::v4(kVip));
    if (mode == LinkMode::unicast) tables.masked_mac = masked_mac(self, IpAddress::v4(kVip));
    add_address(tables, IpAddress::v4(kVip), AddressKind::vip, kNoHost);
    add_address(tables, IpAddress::v4(kSecondVip), AddressKind::vip, kNoHost);
    add_address(tables, kVip6, AddressKind::vip, kNoHost);
    tables.vip_count = tables.address_count;
    add_address(tables, IpAddress::v4(kSubnetBroadcast), AddressKind::broadcast, kNoHost);
    for (HostId host = 1; host <= kHosts; ++host) {
        const AddressKind kind =
            host == self ? AddressKind::dedicated_mine : AddressKind::dedicated_other;
        add_address(tables, IpAddress::v4(dedicated(host)), kind, host);
        add_address(tables, dedicated6(host), kind, host);
    }
    constexpr std::uint8_t kBoth = kProtocolTcpBit | kProtocolUdpBit;
    add_rule(tables, 80, 80, kEveryVip, kProtocolTcpBit, RuleMode::multiple, Affinity::single);
    add_rule(tables, 53, 53, kEveryVip, kBoth, RuleMode::multiple, Affinity::none);
    add_rule(tables, 8443, 8443, 1, kProtocolTcpBit, RuleMode::single, Affinity::single);
    add_rule(tables, 100, 200, kEveryVip, kBoth, RuleMode::disabled, Affinity::single);
    add_rule(tables, 8080, 8080, kEveryVip, kProtocolTcpBit, RuleMode::multiple, Affinity::network);
    add_rule(tables, 80, 80, 1, kProtocolTcpBit, RuleMode::multiple, Affinity::none);
    for (RuleId slot = 0; slot < kRuleSlots; ++slot) {
        if (slot >= tables.rule_count && slot != kDefaultRule) continue;
        for (BucketId bucket = 0; bucket < kBuckets; ++bucket) {
            tables.owner[slot][bucket] = owner_of(slot, bucket);
            if (owner_of(slot, bucket) == self) tables.own[slot] |= BucketMask{1} << bucket;
        }
    }
    return tables;
}

}  // namespace nlb::test
