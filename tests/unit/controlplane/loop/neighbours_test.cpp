// What the kernel tells of gateways and neighbours, as it writes it.
#include "controlplane/loop/neighbours.hpp"

#include <gtest/gtest.h>

#include "config/format.hpp"

namespace nlb::controlplane::test {
namespace {

constexpr const char* kRoute =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "nlb0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "nlb0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
constexpr const char* kIpv6Route =
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe800000000000000000000000000001 00000400 00000001 00000000 00000003 nlb0\n";
constexpr const char* kArp =
    "IP address       HW type     Flags       HW address            Mask     Device\n"
    "10.0.0.9         0x1         0x2         aa:bb:cc:dd:ee:ff     *        nlb0\n"
    "10.0.0.8         0x1         0x0         00:00:00:00:00:00     *        nlb0\n"
    "10.0.0.1         0x1         0x2         aa:bb:cc:dd:ee:01     *        nlb0\n";

std::vector<std::string> texts_of(const std::vector<IpAddress>& addresses) {
    std::vector<std::string> texts;
    for (const IpAddress& address : addresses) texts.push_back(config::to_string(address));
    return texts;
}

TEST(Neighbours, GatewaysComeFirstAndNeighboursThatAnsweredFollow) {
    EXPECT_EQ(texts_of(neighbours_in(kRoute, kIpv6Route, kArp)),
              (std::vector<std::string>{"10.0.0.1", "fe80::1", "10.0.0.9"}));
}

TEST(Neighbours, WhatDoesNotReadIsLeftOut) {
    EXPECT_TRUE(neighbours_in("", "", "").empty());
    EXPECT_TRUE(neighbours_in("nlb0 00000000 zz 0003\n", "00 00 00 00 00 00 00 00 00\n",
                              "10.0.0.300 0x1 0x2 aa:bb:cc:dd:ee:ff * nlb0\n\n")
                    .empty());
}

}  // namespace
}  // namespace nlb::controlplane::test
