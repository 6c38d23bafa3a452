// What the kernel does to frames is switched off and put back; what cannot be is told.
#include "dataplane/ports/borrowed_interface.hpp"

#include <gtest/gtest.h>
#include <map>

namespace nlb::dataplane {
namespace {

struct FakeKernel {
    std::map<Offload, bool> offloads;
    std::map<Offload, bool> fixed;  // cannot be changed
    std::uint16_t mtu = 1500;
    std::uint16_t mtu_most = 9000;

    InterfaceCalls calls() {
        return {[this](Offload offload) -> std::optional<bool> {
                    const auto found = offloads.find(offload);
                    return found == offloads.end() ? std::nullopt : std::optional(found->second);
                },
                [this](Offload offload, bool on) {
                    if (fixed[offload]) return false;
                    offloads[offload] = on;
                    return true;
                },
                [this] { return mtu; },
                [this](std::uint16_t wanted) {
                    if (wanted <= mtu_most) mtu = wanted;
                    return wanted <= mtu_most;
                }};
    }
};

TEST(BorrowedInterface, WhatIsOnIsSwitchedOffAndPutBackAtTheEnd) {
    FakeKernel kernel{{{Offload::gro, true}, {Offload::lro, false}, {Offload::rx_vlan, true}}, {}};
    {
        BorrowedInterface borrowed("eth1", kernel.calls());
        borrowed.prepare(9000);
        EXPECT_FALSE(kernel.offloads[Offload::gro] || kernel.offloads[Offload::rx_vlan]);
        EXPECT_EQ(kernel.mtu, 9000);
        EXPECT_TRUE(borrowed.complaints().empty());
    }
    EXPECT_TRUE(kernel.offloads[Offload::gro] && kernel.offloads[Offload::rx_vlan]);
    EXPECT_FALSE(kernel.offloads[Offload::lro]) << "what was off stays off";
    EXPECT_EQ(kernel.mtu, 1500);
}

TEST(BorrowedInterface, WhatCannotBeSwitchedOffIsNamedWithTheCommand) {
    FakeKernel kernel{{{Offload::lro, true}}, {{Offload::lro, true}}};
    BorrowedInterface borrowed("eth1", kernel.calls());
    borrowed.prepare(9001);
    ASSERT_EQ(borrowed.complaints().size(), 2U);
    EXPECT_NE(borrowed.complaints()[0].find("ethtool -K eth1 lro off"), std::string::npos);
    EXPECT_NE(borrowed.complaints()[1].find("ip link set eth1 mtu 9001"), std::string::npos);
}

TEST(BorrowedInterface, OnlyDriversThatBorrowHaveOne) {
    const auto name = [](const char* text) {
        return borrowed_name(parse_device(text, "x").value());
    };
    EXPECT_EQ(name("net_af_packet0,iface=eth1"), "eth1");
    EXPECT_EQ(name("net_af_xdp0,iface=eth2"), "eth2");
    EXPECT_EQ(name("net_tap0,iface=nlb0"), "");
}

TEST(BorrowedInterface, TheLoopbackInterfaceIsRead) {
    const InterfaceCalls calls = interface_calls("lo");
    if (calls.mtu() == 0) GTEST_SKIP() << "there is no loopback interface here";
    EXPECT_TRUE(calls.get(Offload::gro).has_value());
    EXPECT_EQ(interface_calls("nope9").get(Offload::gro), std::nullopt);
}

}  // namespace
}  // namespace nlb::dataplane
