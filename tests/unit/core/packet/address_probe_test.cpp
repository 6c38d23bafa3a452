// The two questions, compared with frames that tcpdump reads as such.
#include "core/packet/address_probe.hpp"

#include <gtest/gtest.h>

namespace nlb::test {
namespace {

TEST(AddressProbe, IsAnArpProbeForAnIpv4Address) {
    const MacAddress sender{{0x02, 0xbf, 192, 0, 2, 80}};
    const auto frame = build_address_probe(IpAddress::v4(0xc0000201), sender);
    const std::vector<Byte> expected{
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,   0, 0, 0, 0, 0, 0x08, 0x06,  // Ethernet
        0,    1,    0x08, 0,    6,    4,    0,   1,                          // who has
        0x02, 0xbf, 192,  0,    2,    80,   0,   0, 0, 0,                    // nobody asks
        0,    0,    0,    0,    0,    0,    192, 0, 2, 1};
    ASSERT_EQ(frame.size(), 60U);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), frame.begin()));
}

TEST(AddressProbe, IsADuplicateAddressDetectionForAnIpv6Address) {
    const IpAddress target{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56}};
    const auto frame = build_address_probe(target, {});
    const std::vector<Byte> expected{
        0x33, 0x33, 0xff, 0x12, 0x34, 0x56, 0,  0,   0, 0, 0, 0, 0x86, 0xdd,           // Ethernet
        0x60, 0,    0,    0,    0,    24,   58, 255,                                   // IPv6
        0,    0,    0,    0,    0,    0,    0,  0,   0, 0, 0, 0, 0,    0,    0,    0,  // from ::
        0xff, 0x02, 0,    0,    0,    0,    0,  0,   0, 0, 0, 1, 0xff, 0x12, 0x34, 0x56,  // to
        135,  0,    0x2d, 0xb7, 0,    0,    0,  0};                                       // asks
    ASSERT_EQ(frame.size(), 78U);
    EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + 56, frame.begin()));
    EXPECT_TRUE(std::equal(target.bytes.begin(), target.bytes.end(), frame.begin() + 62));
}

}  // namespace
}  // namespace nlb::test
