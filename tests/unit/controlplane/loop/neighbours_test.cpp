// What the kernel tells of gateways and neighbours, as it writes it.
#include "controlplane/loop/neighbours.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "config/format.hpp"
#include "controlplane/loop/neighbour_dump.hpp"

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
    const std::vector<IpAddress> ipv6{config::parse_ip("fe80::1").value(),
                                      config::parse_ip("2001:db8::9").value()};
    EXPECT_EQ(texts_of(neighbours_in(kRoute, kIpv6Route, kArp, ipv6)),
              (std::vector<std::string>{"10.0.0.1", "fe80::1", "10.0.0.9", "2001:db8::9"}));
}

TEST(Neighbours, WhatDoesNotReadIsLeftOut) {
    EXPECT_TRUE(neighbours_in("", "", "", {}).empty());
    EXPECT_TRUE(neighbours_in("nlb0 00000000 zz 0003\n", "00 00 00 00 00 00 00 00 00\n",
                              "10.0.0.300 0x1 0x2 aa:bb:cc:dd:ee:ff * nlb0\n\n", {})
                    .empty());
}

// One RTM_NEWNEIGH as the kernel writes it: the header, ndmsg, NDA_DST.
std::vector<Byte> told(const char* address, std::uint16_t state, std::uint8_t family = AF_INET6) {
    const IpAddress ip = config::parse_ip(address).value();
    struct {
        nlmsghdr header;
        ndmsg neighbour;
        rtattr attribute;
        std::array<Byte, 16> address;
    } message{};
    message.header = {sizeof message, RTM_NEWNEIGH, NLM_F_MULTI, 0, 0};
    message.neighbour.ndm_family = family;
    message.neighbour.ndm_state = state;
    message.attribute = {sizeof(rtattr) + 16, NDA_DST};
    message.address = ip.bytes;
    std::vector<Byte> bytes(sizeof message);
    std::memcpy(bytes.data(), &message, sizeof message);
    return bytes;
}

TEST(Neighbours, OfIpv6ThoseCountThatHaveAnswered) {
    std::vector<Byte> answer;
    for (const auto& one :
         {told("2001:db8::1", NUD_REACHABLE), told("fe80::2", NUD_STALE),
          told("2001:db8::3", NUD_FAILED), told("2001:db8::4", NUD_INCOMPLETE),
          told("ff02::16", NUD_NOARP), told("2001:db8::5", NUD_REACHABLE, AF_INET)})
        answer.insert(answer.end(), one.begin(), one.end());
    const std::vector<std::string> expected{"2001:db8::1", "fe80::2"};
    EXPECT_EQ(texts_of(ipv6_neighbours_in(answer)), expected);
    answer.resize(answer.size() - 7);
    EXPECT_EQ(texts_of(ipv6_neighbours_in(answer)), expected) << "cut short";
    answer.resize(sizeof(nlmsghdr) + 2);
    EXPECT_TRUE(ipv6_neighbours_in(answer).empty());
}

TEST(Neighbours, TheKernelIsAskedWithoutPrivilege) {
    for (const IpAddress& address : ipv6_neighbours()) EXPECT_FALSE(address.is_v4());
}

}  // namespace
}  // namespace nlb::controlplane::test
