// One clear line for each common refusal: the place, the cause and what to do.
#include "dataplane/startup/diagnosis.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "dataplane/startup/kernel_interface.hpp"

namespace nlb::dataplane {
namespace {

Device device(const std::string& text) {
    return parse_device(text, "x").value();
}

std::string refusal(const std::string& text, const Surroundings& surroundings) {
    const auto status = check_device(device(text), "cluster \"web\": outside", surroundings);
    return status.ok() ? "" : status.error().message;
}

TEST(Diagnosis, ATapWithoutTheTunDevice) {
    Surroundings poor;
    poor.tun_path = "/nonexistent/tun";
    EXPECT_EQ(refusal("net_tap0,iface=nlb0", poor),
              "cluster \"web\": outside: device \"net_tap0,iface=nlb0\" needs /nonexistent/tun, "
              "which is missing: run `modprobe tun`, or "
              "pass the "
              "device into the container");
}

TEST(Diagnosis, ATapWithoutPermission) {
    Surroundings poor;
    poor.tun_path = "/dev/null";
    poor.may_administer = false;
    EXPECT_NE(refusal("net_tap0", poor).find("CAP_NET_ADMIN"), std::string::npos);
    poor.may_administer = true;
    EXPECT_EQ(refusal("net_tap0", poor), "");
}

TEST(Diagnosis, ATapOnAnInterfaceThatIsInUse) {
    Surroundings rich;
    rich.tun_path = "/dev/null";
    EXPECT_EQ(refusal("net_tap0,iface=nope9", rich), "");
    if (!kernel_link_up("lo"))
        GTEST_SKIP() << "needs an interface that is up, and the loopback one is down here";
    EXPECT_NE(refusal("net_tap0,iface=lo", rich).find("the interface \"lo\" is in use already"),
              std::string::npos);
}

TEST(KernelInterface, WithoutADescriptorToAskWithTheLastWordStands) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const bool up = kernel_link_up("lo", true);
    const bool down = kernel_link_up("lo", false);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(up);
    EXPECT_FALSE(down);
    EXPECT_FALSE(kernel_link_up("nope9", true)) << "there is no such interface";
}

TEST(Diagnosis, ATapOfOurOwnNeedsANameAndOffloads) {
    Surroundings poor;
    poor.tun_path = "/dev/null";
    EXPECT_NE(refusal("nlb_tap3", poor).find("write nlb_tap3,iface=NAME"), std::string::npos);
    EXPECT_NE(refusal("nlb_tap3,iface=abcdefghijklmnop", poor).find("at most 15 letters"),
              std::string::npos);
    EXPECT_EQ(refusal("nlb_tap3,iface=nope9", poor), "");
    poor.tap_has_offloads = false;
    EXPECT_NE(refusal("nlb_tap3,iface=nope9", poor).find("write net_tap3,iface=nope9"),
              std::string::npos);
    poor.may_administer = false;
    EXPECT_NE(refusal("nlb_tap3,iface=nope9", poor).find("CAP_NET_ADMIN"), std::string::npos);
}

TEST(Diagnosis, APacketSocketOnAnInterfaceThatIsNotThere) {
    EXPECT_EQ(refusal("net_af_packet0,iface=nope9", {}),
              "cluster \"web\": outside: device \"net_af_packet0,iface=nope9\": no such interface "
              "\"nope9\" in this network namespace; "
              "create it or "
              "correct the name");
    EXPECT_NE(refusal("net_af_packet0", {}).find("write net_af_packet0,iface=NAME"),
              std::string::npos);
    Surroundings poor;
    poor.may_capture = false;
    EXPECT_NE(refusal("net_af_packet0,iface=lo", poor).find("CAP_NET_RAW"), std::string::npos);
    EXPECT_EQ(refusal("net_af_packet0,iface=lo", {}), "");
}

TEST(Diagnosis, OtherDevicesAreLeftToDpdk) {
    EXPECT_EQ(refusal("net_pcap0,rx_pcap=none", {}), "");
}

TEST(Diagnosis, ATapInterfaceThatIsTaken) {
    const auto error =
        device_refused(device("net_tap0,iface=nlb0"), "cluster \"web\": inside",
                       {"tun_alloc(): Unable to set TUNSETIFF for nlb0: Device or resource busy",
                        "TAP Unable to initialize net_tap0"},
                       1);
    EXPECT_NE(error.message.find("the interface \"nlb0\" is used by another process"),
              std::string::npos);
}

TEST(Diagnosis, AnUnknownDriverAndAnUnboundAdapter) {
    EXPECT_NE(device_refused(device("net_softnic0"), "p", {}, ENODEV)
                  .message.find("no driver \"net_softnic\""),
              std::string::npos);
    EXPECT_NE(device_refused(device("fffe:3b:00.0"), "p", {}, ENODEV).message.find("bind-nic"),
              std::string::npos);
}

TEST(Diagnosis, AnythingElseInDpdksFirstWordsOfFailure) {
    const auto error = device_refused(
        device("net_pcap0,rx_pcap=x"), "p",
        {"probing", "Couldn't open x: No such file or directory", "failed later"}, 1);
    EXPECT_EQ(error.message,
              "p: device \"net_pcap0,rx_pcap=x\" was refused by DPDK: Couldn't open x: No such "
              "file or directory");
}

TEST(Diagnosis, EalThatFoundNoMemory) {
    EXPECT_NE(eal_refused({"EAL: Cannot allocate memory for 512MB"}, 0)
                  .message.find("lower connections.max"),
              std::string::npos);
    EXPECT_NE(eal_refused({}, ENOMEM).message.find("for want of memory"), std::string::npos);
    EXPECT_NE(
        eal_refused({"EAL: Cannot create lock on '/x/config'. Is another primary process running?"},
                    0)
            .message.find("another dataplane"),
        std::string::npos);
    EXPECT_EQ(eal_refused({"EAL: invalid parameters"}, 0).message,
              "DPDK did not start: EAL: invalid parameters");
}

}  // namespace
}  // namespace nlb::dataplane
