// Which settings of an interface are changed, from what the kernel has.
#include "dataplane/inside/kernel_settings.hpp"

#include <gtest/gtest.h>
#include <map>

namespace nlb::dataplane {
namespace {

using Settings = std::vector<KernelSetting>;

ReadSetting kernel_with(std::map<std::string, std::string> values) {
    return [values](const std::string& path) -> std::optional<std::string> {
        const auto found = values.find(path);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
}

TEST(KernelSettings, ArpIsKeptToWhatTheInterfaceCarriesAndToDedicatedSenders) {
    const auto kernel = kernel_with({{"ipv4/conf/nlb0/arp_ignore", "0"},
                                     {"ipv4/conf/nlb0/arp_announce", "0"},
                                     {"ipv4/conf/nlb0/rp_filter", "0"},
                                     {"ipv4/conf/all/rp_filter", "0"}});
    EXPECT_EQ(settings_to_change("nlb0", false, kernel),
              (Settings{{"ipv4/conf/nlb0/arp_ignore", "1"}, {"ipv4/conf/nlb0/arp_announce", "2"}}));
}

TEST(KernelSettings, AStrictReversePathFilterIsLoosenedWhoeverAsksForIt) {
    for (const char* strict : {"ipv4/conf/all/rp_filter", "ipv4/conf/nlb0/rp_filter"}) {
        std::map<std::string, std::string> values{{"ipv4/conf/all/rp_filter", "0"},
                                                  {"ipv4/conf/nlb0/rp_filter", "0"}};
        values[strict] = "1";
        EXPECT_EQ(settings_to_change("nlb0", false, kernel_with(values)),
                  (Settings{{"ipv4/conf/nlb0/rp_filter", "2"}}));
    }
}

TEST(KernelSettings, Ipv6IsSwitchedOnForWhoHasIpv6Addresses) {
    const auto kernel = kernel_with({{"ipv6/conf/nlb0/disable_ipv6", "1"}});
    EXPECT_TRUE(settings_to_change("nlb0", false, kernel).empty());
    EXPECT_EQ(settings_to_change("nlb0", true, kernel),
              (Settings{{"ipv6/conf/nlb0/disable_ipv6", "0"}}));
}

TEST(KernelSettings, WhatIsRightOrUnknownToTheKernelIsNotTouched) {
    EXPECT_TRUE(settings_to_change("nlb0", true, kernel_with({})).empty());
    EXPECT_TRUE(settings_to_change("nlb0", true,
                                   kernel_with({{"ipv4/conf/nlb0/arp_ignore", "1"},
                                                {"ipv4/conf/nlb0/arp_announce", "2"},
                                                {"ipv4/conf/nlb0/rp_filter", "2"}}))
                    .empty());
}

}  // namespace
}  // namespace nlb::dataplane
