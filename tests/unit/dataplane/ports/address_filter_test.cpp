// Filters where the device takes them, everything where it does not, a refusal where it takes
// neither.
#include "dataplane/ports/address_filter.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr MacAddress kCluster{{0x02, 0xbf, 192, 0, 2, 80}};
constexpr MacAddress kMasked{{0x02, 1, 192, 0, 2, 80}};

// A device that answers as its members say, and remembers what was asked.
struct FakeDevice {
    int stations = 0;
    int groups = 0;
    int all_groups = 0;
    int everything = 0;
    std::vector<MacAddress> added;
    std::vector<MacAddress> listed;
    bool promiscuous = false;

    FilterCalls calls() {
        return {[this](const MacAddress& mac) {
                    if (stations == 0) added.push_back(mac);
                    return stations;
                },
                [this](std::span<const MacAddress> list) {
                    listed.assign(list.begin(), list.end());
                    return groups;
                },
                [this] { return all_groups; },
                [this] {
                    promiscuous = everything == 0;
                    return everything;
                }};
    }
};
const FilterWish kWish{{kCluster, kMasked}, {kCluster}, false};

TEST(AddressFilter, TheClustersAndTheMaskedAddressAreFiltersWhereTheDeviceTakesThem) {
    FakeDevice device;
    EXPECT_EQ(set_filters(device.calls(), kWish, false).value(), ipc::Reception::filters);
    EXPECT_EQ(device.added, (std::vector<MacAddress>{kCluster, kMasked}));
    EXPECT_FALSE(device.promiscuous);
    EXPECT_TRUE(device.listed.empty()) << "all groups were had";
}

TEST(AddressFilter, ADeviceWithoutRoomForAnAddressHearsEverything) {
    FakeDevice device{-ENOSPC};
    EXPECT_EQ(set_filters(device.calls(), kWish, false).value(), ipc::Reception::promiscuous);
    EXPECT_TRUE(device.promiscuous);
}

TEST(AddressFilter, GroupsAreListedWhereNotAllCanBeHad) {
    FakeDevice device;
    device.all_groups = -EPERM;
    EXPECT_EQ(set_filters(device.calls(), kWish, false).value(), ipc::Reception::filters);
    EXPECT_EQ(device.listed, kWish.groups);
    device.groups = -EPERM;
    EXPECT_EQ(set_filters(device.calls(), kWish, false).value(), ipc::Reception::promiscuous);
}

TEST(AddressFilter, AVirtualFunctionThatGetsNeitherHasToBeTrusted) {
    FakeDevice device{-EPERM, 0, 0, -EAGAIN};
    const auto refused = set_filters(device.calls(), kWish, false);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("trusted VF"), std::string::npos);
    EXPECT_NE(refused.error().message.find("trust on"), std::string::npos);
}

TEST(AddressFilter, AVirtualDeviceThatKnowsNeitherTakesEverythingAnyhow) {
    FakeDevice device{-ENOTSUP, 0, -ENOTSUP, -ENOTSUP};
    EXPECT_EQ(set_filters(device.calls(), kWish, true).value(), ipc::Reception::promiscuous);
    EXPECT_FALSE(set_filters(device.calls(), kWish, false).ok());
}

TEST(AddressFilter, AWishForNothingAsksForNothing) {
    FakeDevice device{-EPERM, -EPERM, -EPERM, -EPERM};
    EXPECT_EQ(set_filters(device.calls(), {}, true).value(), ipc::Reception::promiscuous);
    EXPECT_TRUE(device.added.empty() && device.listed.empty());
}

TEST(AddressFilter, TheInsideOfAnAdapterHearsWhatGoesToRouters) {
    FakeDevice device;
    EXPECT_EQ(set_filters(device.calls(), {{}, {}, true}, false).value(),
              ipc::Reception::promiscuous);
    EXPECT_TRUE(device.promiscuous);
}

TEST(AddressFilter, WhatIsWantedFollowsTheMode) {
    Tables tables{};
    tables.mode = LinkMode::unicast;
    tables.cluster_mac = kCluster;
    tables.masked_mac = kMasked;
    EXPECT_EQ(filter_wish(tables).stations, (std::vector<MacAddress>{kCluster, kMasked}));
    tables.mode = LinkMode::multicast;
    tables.cluster_mac = {{0x03, 0xbf, 192, 0, 2, 80}};
    tables.address_count = 2;
    tables.addresses[0].address = IpAddress::v4(0xc0000250);
    tables.addresses[1].address.bytes = {0x20, 1, 0xd, 0xb8, 0, 0,    0,    0,
                                         0,    0, 0,   0,    0, 0x12, 0x34, 0x56};
    const FilterWish wish = filter_wish(tables);
    EXPECT_TRUE(wish.stations.empty());
    EXPECT_EQ(wish.groups.front(), tables.cluster_mac);
    EXPECT_EQ(wish.groups.back(), (MacAddress{{0x33, 0x33, 0xff, 0x12, 0x34, 0x56}}));
    EXPECT_EQ(wish.groups.size(), 4U);
}

TEST(AddressFilter, ARefusalTellsBothReasonsAndTheWaysOut) {
    FakeDevice device{-ENOSPC};
    device.everything = -EPERM;
    const auto refused = set_filters(device.calls(), kWish, false);
    ASSERT_FALSE(refused.ok());
    for (const char* const words :
         {"No space left", "Operation not permitted", "trust on", "`mode: multicast`"})
        EXPECT_NE(refused.error().message.find(words), std::string::npos) << words;
}

}  // namespace
}  // namespace nlb::dataplane
