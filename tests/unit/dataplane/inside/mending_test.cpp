// What is done, and what is left alone, from what the kernel has and what is wished.
#include "dataplane/inside/mending.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr IpAddress ip(std::uint8_t last, std::uint8_t third = 2) {
    return IpAddress::v4(192U << 24 | std::uint32_t{third} << 8 | last);
}
IpAddress ip6(std::uint8_t last) {
    IpAddress address;
    address.bytes = {0x20, 0x01, 0x0d, 0xb8};
    address.bytes[15] = last;
    return address;
}

const InsideAddress kDedicated{ip(11), 24, false};
const InsideAddress kVirtual{ip(80), 24, true};
const InsideAddress kVirtual6{ip6(0x80), 64, true};
const InsideRoute kNetwork{ip(0), 24, std::nullopt, ip(11)};
const InsideRoute kDefault{IpAddress::v4(0), 0, ip(1), ip(11)};

InsideWishes wishes() {
    return {{kDedicated, kVirtual, kVirtual6}, {kNetwork, kDefault}};
}

KernelAddress there(const InsideAddress& address, bool usable = true) {
    return {address.address, address.length, usable};
}

KernelView with(std::vector<KernelAddress> addresses) {
    return {7, true, std::move(addresses), {}};
}

TEST(Mending, ABareDeviceGetsEverythingDedicatedAddressesFirst) {
    const Mending mending = mending_of({7, false, {}, {}}, wishes(), {});
    EXPECT_TRUE(mending.set_up);
    EXPECT_EQ(mending.add, wishes().addresses);
    EXPECT_TRUE(mending.remove.empty());
}

TEST(Mending, WhatIsThereIsLeftAloneWhateverItsPrefix) {
    const KernelView view =
        with({{ip(11), 32, true}, there(kVirtual), there(kVirtual6), {ip(99), 24, true}});
    EXPECT_TRUE(mending_of(view, wishes(), {}).empty());
    EXPECT_TRUE(missing_from(view, wishes()).empty());
}

TEST(Mending, ADedicatedAddressThatComesBackStandsBeforeTheVirtualOnesThatNlbHasSet) {
    const Mending mending =
        mending_of(with({there(kVirtual), there(kVirtual6)}), wishes(), {kVirtual, kVirtual6});
    EXPECT_EQ(mending.remove, std::vector{kVirtual});
    EXPECT_EQ(mending.add, (std::vector{kDedicated, kVirtual}));
}

TEST(Mending, AVirtualAddressThatSomebodyElseHasSetIsNeverRemoved) {
    const Mending mending = mending_of(with({there(kVirtual), there(kVirtual6)}), wishes(), {});
    EXPECT_TRUE(mending.remove.empty());
    EXPECT_EQ(mending.add, std::vector{kDedicated});
}

TEST(Mending, OnlyNlbsOwnAddressesGoWithAnEarlierConfiguration) {
    const InsideAddress former{ip(70), 24, true};
    const InsideAddress by_hand{ip(71), 24, true};
    const KernelView view =
        with({there(kDedicated), there(kVirtual), there(kVirtual6), there(former), there(by_hand)});
    const Mending mending = mending_of(view, wishes(), {kVirtual, former});
    EXPECT_EQ(mending.remove, std::vector{former});
    EXPECT_TRUE(mending.add.empty());
}

TEST(Mending, AnAddressThatIsADuplicateIsMissingAndNotSetTwice) {
    const KernelView view = with({there(kDedicated), there(kVirtual), there(kVirtual6, false)});
    EXPECT_EQ(missing_from(view, wishes()), std::vector{kVirtual6});
    EXPECT_TRUE(mending_of(view, wishes(), {}).empty());
}

TEST(Mending, ARouteThatIsThereInAnyWayIsNotSetAgain) {
    KernelView view = with({there(kDedicated)});
    view.routes = {{kNetwork, true}, {{kDefault.network, 0, kDefault.gateway, {}}, false}};
    EXPECT_TRUE(routes_to_set(view, wishes()).empty());
}

TEST(Mending, TheKernelsOwnRouteByAVirtualAddressGivesWayToOneByTheDedicatedAddress) {
    KernelView view = with({there(kVirtual), there(kDedicated)});
    const InsideRoute by_virtual{ip(0), 24, std::nullopt, ip(80)};
    view.routes = {{by_virtual, true}, {kDefault, false}};
    auto steps = routes_to_set(view, wishes());
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0].route, kNetwork);
    EXPECT_EQ(steps[0].instead_of, by_virtual);
    view.routes = {{by_virtual, false}, {kDefault, false}};
    EXPECT_TRUE(routes_to_set(view, wishes()).empty()) << "somebody has set it so";
}

TEST(Mending, ARouteThroughAnotherGatewayIsNotTheOneThatIsWished) {
    KernelView view = with({there(kDedicated)});
    view.routes = {{kNetwork, true}, {{kDefault.network, 0, ip(2), ip(11)}, false}};
    const auto steps = routes_to_set(view, wishes());
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0].route, kDefault);
    EXPECT_FALSE(steps[0].instead_of);
}

}  // namespace
}  // namespace nlb::dataplane
