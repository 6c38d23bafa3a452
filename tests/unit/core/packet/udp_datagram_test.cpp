// Datagrams read out of frames, and the way back.
#include "core/packet/udp_datagram.hpp"

#include <gtest/gtest.h>

#include "core/packet/frame_builder.hpp"

namespace nlb {
namespace {

FrameSpec asked_over(bool v4) {
    FrameSpec spec;
    spec.protocol = kProtocolUdp;
    spec.source = IpAddress::v4(0xc6336401);
    spec.destination = IpAddress::v4(0xc0000250);
    if (!v4) spec.source.bytes = spec.destination.bytes = {0x20, 1, 0x0d, 0xb8};
    if (!v4) spec.source.bytes[15] = 1;
    if (!v4) spec.destination.bytes[15] = 2;
    spec.source_port = 40000;
    spec.destination_port = 2504;
    spec.payload = {1, 2, 3};
    return spec;
}

TEST(UdpDatagram, IsReadBehindTagsAndPaddingOfBothFamilies) {
    for (const bool v4 : {true, false}) {
        FrameSpec spec = asked_over(v4);
        spec.vlans = {7};
        auto frame = build_frame(spec);
        frame.resize(frame.size() + 20);
        const auto datagram = read_udp(frame);
        ASSERT_TRUE(datagram);
        EXPECT_EQ(datagram->station, spec.source_mac);
        EXPECT_EQ(datagram->source, spec.source);
        EXPECT_EQ(datagram->destination_port, 2504);
        EXPECT_EQ(std::vector<Byte>(datagram->payload.begin(), datagram->payload.end()),
                  spec.payload);
    }
}

TEST(UdpDatagram, TheAnswerGoesBackTheWayTheQuestionCame) {
    for (const bool v4 : {true, false}) {
        const FrameSpec spec = asked_over(v4);
        const auto frame = build_frame(spec);
        const std::vector<Byte> payload(1232, 9);
        const auto answer = build_udp_answer(*read_udp(frame), payload);
        EXPECT_LE(answer.size(), sizeof(EthernetHeader) + 1280);
        const auto back = read_udp(answer);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->source, spec.destination);
        EXPECT_EQ(back->destination, spec.source);
        EXPECT_EQ(back->source_port, 2504);
        EXPECT_EQ(back->destination_port, 40000);
        EXPECT_EQ(std::vector<Byte>(back->payload.begin(), back->payload.end()), payload);
        EXPECT_TRUE(std::equal(answer.begin(), answer.begin() + 6, spec.source_mac.bytes.begin()));
    }
}

TEST(UdpDatagram, AnythingElseIsNone) {
    FrameSpec tcp = asked_over(true);
    tcp.protocol = kProtocolTcp;
    EXPECT_FALSE(read_udp(build_frame(tcp)));
    const auto whole = build_frame(asked_over(false));
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        EXPECT_FALSE(read_udp(std::span{whole}.first(bytes))) << bytes;
    EXPECT_FALSE(read_udp(build_arp({})));
}

}  // namespace
}  // namespace nlb
