// Addresses, ports and flags as operators type them.
#include "config/endpoint.hpp"

#include <gtest/gtest.h>

#include "config/explanation.hpp"
#include "core/packet/headers.hpp"

namespace nlb::config {
namespace {

TEST(Endpoint, EverySpellingReadsBackAsItWasWritten) {
    for (const std::string text :
         {"192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:65535", "[::1]:0"}) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
        EXPECT_EQ(to_string(endpoint.value()), text);
    }
    EXPECT_EQ(to_string(parse_endpoint("[2001:db8::1]").value()), "2001:db8::1");
}

TEST(Endpoint, AnythingElseIsRefused) {
    for (const std::string text :
         {"", ":", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:080",
          "[192.0.2.1]:80", "[2001:db8::1", "[2001:db8::1]80", "2001:db8::1:80:x", "192.0.2",
          "host:80", "[]:80", " 192.0.2.1", "192.0.2.1:80 "})
        EXPECT_FALSE(parse_endpoint(text).ok()) << text;
}

TEST(Endpoint, APortMayStandAloneOrBehindItsVip) {
    EXPECT_EQ(parse_port_of_vip("80").value().port, 80);
    EXPECT_FALSE(parse_port_of_vip("80").value().vip.has_value());
    EXPECT_TRUE(parse_port_of_vip("[2001:db8::80]:443").value().vip.has_value());
    for (const std::string text :
         {"", "http", "192.0.2.80", "192.0.2.80:", "70000", "2001:db8::80"})
        EXPECT_FALSE(parse_port_of_vip(text).ok()) << text;
}

TEST(Endpoint, FlagsAreLettersEachOnce) {
    EXPECT_EQ(parse_tcp_flags("SA").value(), kTcpSyn | kTcpAck);
    EXPECT_EQ(parse_tcp_flags("as").value(), kTcpSyn | kTcpAck);
    EXPECT_EQ(parse_tcp_flags("FRPU").value(), kTcpFin | kTcpRst | 0x08 | 0x20);
    for (const std::string text : {"SS", "X", "S,A", "sS"})
        EXPECT_FALSE(parse_tcp_flags(text).ok()) << text;
}

TEST(PacketWish, WhatCannotBeAPacketIsRefusedWithASentence) {
    const auto refused = [](PacketWish wish, const std::string& because) {
        const auto frame = frame_of(wish, {});
        ASSERT_FALSE(frame.ok()) << because;
        EXPECT_NE(frame.error().message.find(because), std::string::npos) << frame.error().message;
    };
    refused({"sctp", "192.0.2.1", "192.0.2.2:80", ""}, "tcp, udp or icmp");
    refused({"tcp", "192.0.2.1", "192.0.2.2", ""}, "expected ADDRESS:PORT");
    refused({"tcp", "192.0.2.1", "[2001:db8::1]:80", ""}, "one of each");
    refused({"icmp", "192.0.2.1", "192.0.2.2:80", ""}, "no ports");
    refused({"udp", "192.0.2.1", "192.0.2.2:80", "S"}, "only TCP");
    refused({"tcp", "192.0.2.x", "192.0.2.2:80", ""}, "source");
}

}  // namespace
}  // namespace nlb::config
