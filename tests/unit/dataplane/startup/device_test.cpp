// Device strings: what counts as which kind, and what is added to them.
#include "dataplane/startup/device.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

Device parse(const std::string& text) {
    const auto device = parse_device(text, "outside");
    EXPECT_TRUE(device.ok()) << text;
    return device.ok() ? device.value() : Device{};
}

TEST(Device, AVdevHasADriverANumberAndArguments) {
    const Device device = parse("net_af_packet12,iface=eth0,blocksz=4096");
    EXPECT_EQ(device.name, "net_af_packet12");
    EXPECT_EQ(device.driver, "net_af_packet");
    EXPECT_EQ(device.argument("iface"), "eth0");
    EXPECT_EQ(device.argument("blocksz"), "4096");
    EXPECT_EQ(device.argument("block"), std::nullopt);
    EXPECT_EQ(device.text(), "net_af_packet12,iface=eth0,blocksz=4096");
    EXPECT_FALSE(device.is_pci());
}

TEST(Device, APciAddressMayLackItsDomain) {
    EXPECT_EQ(parse("3b:00.0").name, "0000:3b:00.0");
    EXPECT_EQ(parse("0001:3b:00.1,arg=1").text(), "0001:3b:00.1,arg=1");
    EXPECT_TRUE(parse("0000:3b:00.0").is_pci());
}

TEST(Device, WhatIsNeitherIsRefusedWithItsPlace) {
    for (const char* text :
         {"", "eth0 ", "net_tap", "7", "0000:3b:00", "zz:00.0", "net tap0", ",iface=x",
          "0000-3b:00.0", "eth1", "net_foo0", "net_tap-0", "3b:00.8"}) {
        const auto device = parse_device(text, "cluster \"web\": inside");
        ASSERT_FALSE(device.ok()) << text;
        EXPECT_EQ(device.error().message.rfind("cluster \"web\": inside: expected a ", 0), 0U)
            << device.error().message;
    }
}

TEST(Device, PacketSocketsAreAddedForMoreThanOneQueueUnlessTheOperatorDid) {
    EXPECT_EQ(with_queues(parse("net_af_packet0,iface=a"), 1).text(), "net_af_packet0,iface=a");
    EXPECT_EQ(with_queues(parse("net_af_packet0,iface=a"), 4).text(),
              "net_af_packet0,iface=a,qpairs=4");
    EXPECT_EQ(with_queues(parse("net_af_packet0,iface=a,qpairs=2"), 4).text(),
              "net_af_packet0,iface=a,qpairs=2");
    EXPECT_EQ(with_queues(parse("net_tap0,iface=a"), 4).text(), "net_tap0,iface=a");
    EXPECT_EQ(with_queues(parse("nlb_tap0,iface=a"), 4).text(), "nlb_tap0,iface=a,queues=4");
    EXPECT_EQ(with_queues(parse("virtio_user0,path=/dev/vhost-net"), 2).text(),
              "virtio_user0,path=/dev/vhost-net,queues=2");
}

TEST(Device, ATapHasTheQueuesThatItsStringNamesWithinItsLimits) {
    EXPECT_EQ(queues_of(parse("nlb_tap0,iface=a")), 1);
    EXPECT_EQ(queues_of(parse("nlb_tap0,iface=a,queues=3")), 3);
    EXPECT_EQ(queues_of(parse("nlb_tap0,iface=a,queues=99")), kTapQueuesMax);
    EXPECT_EQ(queues_of(parse("nlb_tap0,iface=a,queues=0")), 1);
    EXPECT_EQ(queues_of(parse("nlb_tap0,iface=a,queues=two")), 1);
}

TEST(Device, APacketSocketGetsBuffersForItsRingAndMtuUnlessTheOperatorHasSetThem) {
    const auto text = [](const char* device, const PortWish& wish) {
        return with_packet_buffers(parse_device(device, "x").value(), wish).text();
    };
    EXPECT_EQ(text("net_af_packet0,iface=a", {.mtu = 9000}),
              "net_af_packet0,iface=a,framesz=16384,blocksz=16384,framecnt=512");
    EXPECT_EQ(text("net_af_packet0,iface=a", {}), "net_af_packet0,iface=a,framecnt=2048");
    EXPECT_EQ(text("net_af_packet0,iface=a", {.mtu = 1500, .rx_ring = 256}),
              "net_af_packet0,iface=a,framecnt=256");
    EXPECT_EQ(text("net_af_packet0,iface=a,framesz=4096", {.mtu = 3000}),
              "net_af_packet0,iface=a,framesz=4096");
    EXPECT_EQ(text("net_af_packet0,iface=a,framecnt=64", {}), "net_af_packet0,iface=a,framecnt=64");
    EXPECT_EQ(text("net_tap0", {.mtu = 9000}), "net_tap0");
}

TEST(Device, APacketSocketInAVlanIsToldToKnowOneTypeOfTag) {
    EXPECT_EQ(mistaken_tags(parse("net_af_packet0,iface=a"), 0), "");
    EXPECT_EQ(mistaken_tags(parse("net_af_xdp0,iface=a"), 10), "");
    EXPECT_EQ(mistaken_tags(parse("3b:00.0"), 10), "");
    EXPECT_NE(
        mistaken_tags(parse("net_af_packet3,iface=a"), 10).find("net_af_packet3 puts it back"),
        std::string::npos);
}

}  // namespace
}  // namespace nlb::dataplane
