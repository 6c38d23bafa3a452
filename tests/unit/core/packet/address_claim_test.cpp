// Claims of addresses, read from frames that the builder made, and the announcement byte for byte.
#include "core/packet/address_claim.hpp"

#include <gtest/gtest.h>

#include "core/packet/frame_builder.hpp"

namespace nlb::test {
namespace {

constexpr std::uint32_t kAddress = 0xc0000250;
constexpr MacAddress kHolder{{0x02, 0xbf, 192, 0, 2, 80}};
constexpr MacAddress kSender{{0x02, 0x01, 192, 0, 2, 80}};
constexpr IpAddress kAddress6{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}};

ArpSpec reply_of_holder() {
    ArpSpec arp;
    arp.source_mac = kSender;
    arp.operation = kArpReply;
    arp.sender_mac = kHolder;
    arp.sender_ip = kAddress;
    arp.target_ip = 0xc0000201;
    return arp;
}

NeighbourSpec advertisement_of_holder() {
    NeighbourSpec message;
    message.source_mac = kSender;
    message.type = kIcmpv6NeighbourAdvertisement;
    message.source = message.target = kAddress6;
    message.destination = IpAddress{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    message.link_address = kHolder;
    return message;
}

TEST(AddressClaim, AnArpReplyOrAnnouncementClaimsItsSender) {
    for (const std::uint16_t operation : {kArpReply, kArpRequest}) {
        ArpSpec arp = reply_of_holder();
        arp.operation = operation;
        const auto claim = read_address_claim(build_arp(arp));
        ASSERT_TRUE(claim);
        EXPECT_EQ(claim->address, IpAddress::v4(kAddress));
        EXPECT_EQ(claim->holder, kHolder);
        EXPECT_EQ(claim->source, kSender);
    }
}

TEST(AddressClaim, AProbeClaimsNothing) {
    ArpSpec probe = reply_of_holder();
    probe.operation = kArpRequest;
    probe.sender_ip = 0;
    EXPECT_FALSE(read_address_claim(build_arp(probe)));
    NeighbourSpec solicitation = advertisement_of_holder();
    solicitation.type = kIcmpv6NeighbourSolicitation;
    EXPECT_FALSE(read_address_claim(build_neighbour_message(solicitation)));
}

TEST(AddressClaim, AnAdvertisementClaimsItsTarget) {
    const auto claim = read_address_claim(build_neighbour_message(advertisement_of_holder()));
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->address, kAddress6);
    EXPECT_EQ(claim->holder, kHolder);
    NeighbourSpec without = advertisement_of_holder();
    without.link_address = {};
    EXPECT_EQ(read_address_claim(build_neighbour_message(without))->holder, kSender);
}

TEST(AddressClaim, TagsAreLookedThrough) {
    ArpSpec arp = reply_of_holder();
    arp.vlans = {5, 6};
    EXPECT_TRUE(read_address_claim(build_arp(arp)));
}

TEST(AddressClaim, WhatIsCutOrBrokenClaimsNothing) {
    const std::vector<Byte> arp = build_arp(reply_of_holder());
    const std::vector<Byte> advertisement = build_neighbour_message(advertisement_of_holder());
    for (const std::vector<Byte>& whole : {arp, advertisement})
        for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
            EXPECT_FALSE(read_address_claim(std::span{whole}.first(bytes))) << bytes;
    std::vector<Byte> broken = advertisement;
    broken.back() ^= 1;
    EXPECT_FALSE(read_address_claim(broken)) << "the checksum is wrong";
    broken = advertisement;
    broken[21] = 254;
    EXPECT_FALSE(read_address_claim(broken)) << "a router has passed it on";
}

TEST(AddressClaim, AnAnnouncementIsAClaimWithoutASourceOfItsOwn) {
    for (const IpAddress& address : {IpAddress::v4(kAddress), kAddress6}) {
        const std::vector<Byte> frame = build_address_announcement(address, kHolder);
        EXPECT_GE(frame.size(), 60U);
        const auto claim = read_address_claim(frame);
        ASSERT_TRUE(claim);
        EXPECT_EQ(claim->address, address);
        EXPECT_EQ(claim->holder, kHolder);
        EXPECT_EQ(claim->source, MacAddress{});
    }
    const std::vector<Byte> expected{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,   0, 0, 0,  0,
                                     0,    0x08, 0x06, 0,    1,    0x08, 0,   6, 4, 0,  1,
                                     0x02, 0xbf, 192,  0,    2,    80,   192, 0, 2, 80, 0,
                                     0,    0,    0,    0,    0,    192,  0,   2, 80};
    const auto frame = build_address_announcement(IpAddress::v4(kAddress), kHolder);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), frame.begin()));
}

}  // namespace
}  // namespace nlb::test
