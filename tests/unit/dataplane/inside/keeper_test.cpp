// The keeper and a real kernel, in a network namespace of this test's own.
#include "dataplane/inside/keeper.hpp"

#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <sched.h>
#include <thread>

#include "config/format.hpp"

namespace nlb::dataplane {
namespace {

InsideAddress address(const char* text, bool is_virtual) {
    const config::Prefix prefix = config::parse_prefix(text).value();
    return {prefix.address, prefix.length, is_virtual};
}

const InsideAddress kDedicated = address("192.0.2.11/24", false);
const InsideAddress kVirtual = address("192.0.2.80/24", true);
const InsideAddress kVirtual6 = address("2001:db8::80/64", true);

bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}
// Whether `ip` prints it.
bool shows(const std::string& command, const std::string& what) {
    return run(command + " | grep -qF -- '" + what + "'");
}

// With somebody at its other end.
bool add_device(const std::string& name) {
    return run("ip link add " + name + " type veth peer name " + name + "p && ip link set " + name +
               "p up");
}

// A thread has a namespace of its own once it has left the process's.
class InsideKernelTest : public ::testing::Test {
protected:
    void within(const std::function<void()>& body) {
        bool possible = false;
        std::thread([&] {
            possible = unshare(CLONE_NEWNET) == 0 && add_device("nlb0");
            if (possible) body();
        }).join();
        if (!possible) GTEST_SKIP() << "no network namespace: this needs root and veth";
    }
    static std::unique_ptr<InsideKeeper> keeper(bool managed = true, std::uint16_t vlan = 0) {
        auto opened = InsideKeeper::open(
            {"web", "nlb0", vlan, managed, {config::parse_ip("192.0.2.1").value()}});
        EXPECT_TRUE(opened);
        opened.value()->want(wishes());
        return std::move(opened.value());
    }
    static InsideWishes wishes() {
        const IpAddress network = config::parse_ip("192.0.2.0").value();
        const IpAddress gateway = config::parse_ip("192.0.2.1").value();
        return {{kDedicated, kVirtual, kVirtual6},
                {{network, 24, std::nullopt, kDedicated.address},
                 {IpAddress::v4(0), 0, gateway, kDedicated.address}}};
    }
    Instant now_{std::chrono::hours{1}};
};

TEST_F(InsideKernelTest, ABareDeviceIsUpAndHasItAllAfterOneLook) {
    within([&] {
        const auto one = keeper();
        EXPECT_EQ(one->look(now_).state, ipc::InsideState::ready);
        EXPECT_TRUE(shows("ip -4 address show dev nlb0", "192.0.2.11/24"));
        EXPECT_TRUE(shows("ip -4 address show dev nlb0 secondary", "192.0.2.80/24"));
        EXPECT_TRUE(shows("ip -6 address show dev nlb0", "deprecated"));
        EXPECT_TRUE(shows("ip route show default", "default via 192.0.2.1 dev nlb0"));
        EXPECT_TRUE(shows("ip route get 203.0.113.9", "src 192.0.2.11"));
        EXPECT_TRUE(shows("ip route get 192.0.2.77", "src 192.0.2.11"));
    });
}

TEST_F(InsideKernelTest, WhatSomebodyRemovesComesBackAtTheNewsOfItInTheRightOrder) {
    within([&] {
        ASSERT_TRUE(run("sysctl -qw net.ipv4.conf.nlb0.promote_secondaries=1"));
        const auto one = keeper();
        ASSERT_EQ(one->look(now_).missing, 0U);
        for (const char* gone : {"192.0.2.80/24", "2001:db8::80/64", "192.0.2.11/24"}) {
            ASSERT_TRUE(run(std::string{"ip address del dev nlb0 "} + gone));
            const auto inside = one->look(now_ += std::chrono::milliseconds{1});
            EXPECT_EQ(inside.missing, 0U) << gone;
            EXPECT_EQ(inside.state, ipc::InsideState::ready);
        }
        EXPECT_TRUE(shows("ip route get 192.0.2.77", "src 192.0.2.11"));
        ASSERT_TRUE(run("ip link set nlb0 down"));
        EXPECT_EQ(one->look(now_ += std::chrono::milliseconds{1}).missing, 0U);
        EXPECT_TRUE(shows("ip -6 address show dev nlb0", "2001:db8::80/64"));
        EXPECT_TRUE(shows("ip route get 203.0.113.9", "via 192.0.2.1"));
    });
}

TEST_F(InsideKernelTest, WhatOthersHaveSetStaysAtTheEndAndWhatNlbHasSetGoes) {
    within([&] {
        ASSERT_TRUE(run("ip address add 192.0.2.80/24 dev nlb0"));
        ASSERT_TRUE(run("ip address add 198.51.100.1/24 dev nlb0"));
        const std::string former = read_setting("ipv4/conf/nlb0/arp_ignore").value_or("?");
        {
            const auto one = keeper();
            ASSERT_EQ(one->look(now_).missing, 0U);
            EXPECT_EQ(read_setting("ipv4/conf/nlb0/arp_ignore"), "1");
            EXPECT_TRUE(shows("ip route get 192.0.2.77", "src 192.0.2.11"))
                << "the virtual address was there first";
        }
        EXPECT_TRUE(shows("ip address show dev nlb0", "192.0.2.80/24"));
        EXPECT_TRUE(shows("ip address show dev nlb0", "198.51.100.1/24"));
        EXPECT_FALSE(shows("ip address show dev nlb0", "192.0.2.11"));
        EXPECT_FALSE(shows("ip address show dev nlb0", "2001:db8::80"));
        EXPECT_FALSE(shows("ip route show", "default"));
        EXPECT_EQ(read_setting("ipv4/conf/nlb0/arp_ignore"), former);
    });
}

TEST_F(InsideKernelTest, AnotherDeviceOfTheNameGetsItAllAgain) {
    within([&] {
        const auto one = keeper();
        ASSERT_EQ(one->look(now_).missing, 0U);
        ASSERT_TRUE(run("ip link del nlb0"));
        const ipc::Inside gone = one->look(now_);
        EXPECT_EQ(gone.missing, 3U);
        EXPECT_EQ(gone.state, ipc::InsideState::ready);
        EXPECT_EQ(one->look(now_ += kMendingMost).state, ipc::InsideState::device_missing);
        ASSERT_TRUE(add_device("nlb0"));
        EXPECT_EQ(one->look(now_).missing, 0U);
        EXPECT_EQ(one->look(now_ += kSteadyLeast).state, ipc::InsideState::ready);
        EXPECT_TRUE(shows("ip route get 203.0.113.9", "via 192.0.2.1"));
    });
}

TEST_F(InsideKernelTest, ByHandNothingIsSetAndWhatIsMissingIsNamed) {
    within([&] {
        ASSERT_TRUE(run("ip link set nlb0 up"));
        ASSERT_TRUE(run("ip address add 192.0.2.11/24 dev nlb0"));
        const auto one = keeper(false);
        const ipc::Inside inside = one->look(now_);
        EXPECT_EQ(inside.state, ipc::InsideState::ready);
        EXPECT_EQ(inside.missing, 2U);
        EXPECT_EQ(inside.first_missing, kVirtual.address);
        EXPECT_FALSE(shows("ip address show dev nlb0", "192.0.2.80"));
        EXPECT_FALSE(shows("ip route show", "default"));
    });
}

TEST_F(InsideKernelTest, ANewConfigurationTakesItsAddressesAndGivesUpTheFormerOnes) {
    within([&] {
        const auto one = keeper();
        ASSERT_EQ(one->look(now_).missing, 0U);
        InsideWishes other = wishes();
        other.addresses[1] = address("192.0.2.81/24", true);
        one->want(other);
        EXPECT_EQ(one->look(now_).missing, 0U);
        EXPECT_TRUE(shows("ip address show dev nlb0", "192.0.2.81/24"));
        EXPECT_FALSE(shows("ip address show dev nlb0", "192.0.2.80"));
    });
}

TEST_F(InsideKernelTest, AnotherDefaultRouteIsNotTouched) {
    within([&] {
        ASSERT_TRUE(add_device("eth0") && run("ip link set eth0 up"));
        ASSERT_TRUE(run("ip address add 192.0.2.200/24 dev eth0"));
        ASSERT_TRUE(run("ip route add default via 192.0.2.254 dev eth0"));
        {
            const auto one = keeper();
            EXPECT_EQ(one->look(now_).state, ipc::InsideState::ready);
            EXPECT_TRUE(shows("ip route show default", "via 192.0.2.254 dev eth0"));
            EXPECT_FALSE(shows("ip route show default", "nlb0"));
        }
        EXPECT_TRUE(shows("ip route show", "192.0.2.0/24 dev eth0"));
    });
}

TEST_F(InsideKernelTest, InAVlanAnInterfaceAboveTheDeviceHasTheAddresses) {
    within([&] {
        if (!run("ip link add link nlb0 name try type vlan id 9"))
            return;  // a kernel without VLANs
        const auto one = keeper(true, 10);
        EXPECT_EQ(one->look(now_).state, ipc::InsideState::ready);
        EXPECT_TRUE(shows("ip -d link show dev nlb0.10", "vlan protocol 802.1Q id 10"));
        EXPECT_TRUE(shows("ip address show dev nlb0.10", "192.0.2.80/24"));
        EXPECT_FALSE(shows("ip -4 address show dev nlb0", "192.0.2."));
        ASSERT_TRUE(run("ip link del nlb0.10"));
        EXPECT_EQ(one->look(now_ += std::chrono::milliseconds{1}).missing, 0U);
    });
}

}  // namespace
}  // namespace nlb::dataplane
