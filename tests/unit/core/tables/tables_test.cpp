// MAC addresses of the three modes.
#include "core/tables/tables.hpp"

#include <gtest/gtest.h>
#include <set>

#include "core/tables/soundness.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

TEST(Macs, FollowFromThePrimaryAddress) {
    const IpAddress primary = IpAddress::v4(kVip);
    EXPECT_EQ(cluster_mac(LinkMode::unicast, primary), (MacAddress{{0x02, 0xbf, 192, 0, 2, 80}}));
    EXPECT_EQ(cluster_mac(LinkMode::multicast, primary), (MacAddress{{0x03, 0xbf, 192, 0, 2, 80}}));
    EXPECT_EQ(cluster_mac(LinkMode::igmp, primary), (MacAddress{{0x01, 0x00, 0x5e, 0x7f, 2, 80}}));
    EXPECT_EQ(masked_mac(32, primary), (MacAddress{{0x02, 32, 192, 0, 2, 80}}));
}
TEST(Macs, OfAnIpv6PrimaryFoldItsWords) {
    // 20010db8 ^ 00000000 ^ 00000000 ^ 00000080
    EXPECT_EQ(cluster_mac(LinkMode::unicast, kVip6),
              (MacAddress{{0x02, 0xbf, 0x20, 0x01, 0x0d, 0x38}}));
    EXPECT_EQ(masked_mac(3, kVip6), (MacAddress{{0x02, 3, 0x20, 0x01, 0x0d, 0x38}}));
}
TEST(Macs, OfDifferentHostsDifferAndAreNeverTheClusters) {
    std::set<MacAddress> seen{cluster_mac(LinkMode::unicast, IpAddress::v4(kVip))};
    for (HostId id = 1; id <= kHostsMax; ++id)
        EXPECT_TRUE(seen.insert(masked_mac(id, IpAddress::v4(kVip))).second);
}

TEST(TablesSoundness, TablesThatNoCoreMayBeGivenEndTheProgramThatBuiltThem) {
    Tables tables = make_tables(1);
    assert_sound(tables);
    tables.own[kHttp] |= BucketMask{1} << kBuckets;
    EXPECT_DEATH(assert_sound(tables), "assertion failed");
}
TEST(TablesSoundness, NoTablesAtAllAreSound) {
    assert_sound(Tables{});
}

}  // namespace
}  // namespace nlb::test
