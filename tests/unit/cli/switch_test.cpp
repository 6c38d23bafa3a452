// What is typed on switches: the cluster's own addresses in the vendor's spelling.
#include <gtest/gtest.h>

#include "cli/switch_snippets.hpp"

namespace nlb::cli {
namespace {

SwitchedCluster cluster_in(LinkMode mode) {
    SwitchedCluster cluster;
    cluster.mode = mode;
    cluster.primary = IpAddress::v4(0xc0000250);
    IpAddress v6;
    v6.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80};
    cluster.addresses = {cluster.primary, v6};
    cluster.masked = {masked_mac(1, cluster.primary), masked_mac(2, cluster.primary)};
    cluster.vlan = 10;
    return cluster;
}

bool holds(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

TEST(SwitchSnippet, CiscoGetsAStaticArpEntryForEachAddressAndAGroupForThePorts) {
    const std::string text = switch_snippet(SwitchKind::cisco, cluster_in(LinkMode::multicast));
    EXPECT_TRUE(holds(text, "\narp 192.0.2.80 03bf.c000.0250 arpa\n")) << text;
    EXPECT_TRUE(holds(text, "\nipv6 neighbor 2001:db8::80 vlan 10 03bf.c000.0250\n")) << text;
    EXPECT_TRUE(holds(text, "\nmac address-table static 03bf.c000.0250 vlan 10 interface PORTS\n"));
}

TEST(SwitchSnippet, InIgmpModeThereIsAQuerier) {
    for (const auto& [kind, words] :
         {std::pair{SwitchKind::cisco, "ip igmp snooping vlan 10 querier"},
          std::pair{SwitchKind::arista, "ip igmp snooping vlan 10 querier"},
          std::pair{SwitchKind::juniper, "igmp-snooping vlan 10 l2-querier"},
          std::pair{SwitchKind::linux_bridge, "mcast_querier 1"}}) {
        const std::string text = switch_snippet(kind, cluster_in(LinkMode::igmp));
        EXPECT_TRUE(holds(text, words)) << text;
    }
}

// One entry for it on one port, and the other hosts receive nothing.
TEST(SwitchSnippet, InUnicastModeNothingTeachesTheClusterMac) {
    for (const SwitchKind kind :
         {SwitchKind::cisco, SwitchKind::arista, SwitchKind::juniper, SwitchKind::linux_bridge}) {
        const std::string text = switch_snippet(kind, cluster_in(LinkMode::unicast));
        EXPECT_FALSE(holds(text, "02bf.c000.0250")) << text;
        EXPECT_FALSE(holds(text, "static 02:bf")) << text;
        EXPECT_TRUE(holds(text, "02:02:c0:00:02:50")) << "the masked sources are told: " << text;
    }
}

TEST(SwitchSnippet, OtherVendorsAreNone) {
    EXPECT_TRUE(switch_kind_of("linux").has_value());
    EXPECT_FALSE(switch_kind_of("Linux").has_value());
    for (const char* word : {"cisco", "arista", "juniper", "linux"})
        EXPECT_TRUE(holds(switch_kinds(), word));
}

}  // namespace
}  // namespace nlb::cli
