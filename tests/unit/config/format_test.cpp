// Text of addresses, ports and durations: what is written reads back, what is not quite right is
// refused.
#include "config/format.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "config/nearest.hpp"
#include "config/words.hpp"
#include "core/base/prng.hpp"

namespace nlb::config {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

std::string reformatted(const std::string& address) {
    const auto parsed = parse_ip(address);
    return parsed ? to_string(parsed.value()) : parsed.error().message;
}

TEST(Format, IPv4IsFourNumbers) {
    EXPECT_EQ(reformatted("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(reformatted("0.0.0.0"), "0.0.0.0");
    EXPECT_EQ(to_string(IpAddress::v4(0xc0000250)), "192.0.2.80");
}

// The examples of RFC 5952 sections 1 to 4.
TEST(Format, IPv6IsWrittenAsRfc5952Says) {
    EXPECT_EQ(reformatted("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1")
        << "the first of two equal runs is shortened";
    EXPECT_EQ(reformatted("2001:0db8:0:0:0:0:2:1"), "2001:db8::2:1");
    EXPECT_EQ(reformatted("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1")
        << "one zero group stays";
    EXPECT_EQ(reformatted("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1") << "the longest run is shortened";
    EXPECT_EQ(reformatted("0:0:0:0:0:0:0:0"), "::");
    EXPECT_EQ(reformatted("0:0:0:0:0:0:0:1"), "::1");
    EXPECT_EQ(reformatted("1:0:0:0:0:0:0:0"), "1::");
    EXPECT_EQ(reformatted("::c000:201"), "::c000:201")
        << "no dotted tail without a well-known prefix";
    EXPECT_EQ(reformatted("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
    EXPECT_EQ(reformatted("fe80::00ff"), "fe80::ff");
}

TEST(Format, EveryAddressReadsBack) {
    Prng prng(5952);
    for (int i = 0; i < 10'000; ++i) {
        IpAddress address;
        for (Byte& byte : address.bytes)
            byte = prng.below(3) == 0 ? static_cast<Byte>(prng.below(256)) : Byte{0};
        if (prng.below(4) == 0) address = IpAddress::v4(static_cast<std::uint32_t>(prng.next()));
        const auto parsed = parse_ip(to_string(address));
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        ASSERT_EQ(parsed.value(), address) << to_string(address);
    }
}

TEST(Format, AddressesThatAreNotQuiteRightAreRefused) {
    for (const char* text : {"", " 192.0.2.1", "192.0.2.1 ", "192.0.2", "192.0.2.256", "192.0.02.1",
                             "1.2.3.4.5", "0x7f.1", "2001:db8::1::2", "2001:db8", ":::", "12345::",
                             "fe80::1%eth0", "[::1]", "192.0.2.1/24", "localhost"})
        EXPECT_EQ(reformatted(text),
                  "expected an IPv4 or IPv6 address, got \"" + std::string(text) + "\"");
    EXPECT_FALSE(parse_ip(std::string_view("::1\0", 4)).ok());
    EXPECT_EQ(reformatted("::ffff:192.0.2.1"),
              "expected IPv4 written as 192.0.2.1, got \"::ffff:192.0.2.1\"");
}

TEST(Format, APrefixKeepsItsAddress) {
    const auto v4 = parse_prefix("192.0.2.80/24");
    ASSERT_TRUE(v4.ok());
    EXPECT_EQ(to_string(v4.value()), "192.0.2.80/24");
    const auto v6 = parse_prefix("2001:db8::80");
    ASSERT_TRUE(v6.ok());
    EXPECT_EQ(to_string(v6.value()), "2001:db8::80/128");
    for (const char* text : {"192.0.2.80/0", "192.0.2.80/33", "192.0.2.80/", "192.0.2.80/024",
                             "192.0.2.80/+8", "/24", "::1/129", "1.2.3.4/8/8"})
        EXPECT_FALSE(parse_prefix(text).ok()) << text;
}

TEST(Format, MacAddressesHaveTwoSpellings) {
    const MacAddress mac{{0x02, 0xbf, 0xc0, 0x00, 0x02, 0x50}};
    EXPECT_EQ(to_string(mac), "02:bf:c0:00:02:50");
    for (const char* text : {"02:bf:c0:00:02:50", "02-BF-C0-00-02-50"}) {
        const auto parsed = parse_mac(text);
        ASSERT_TRUE(parsed.ok()) << text;
        EXPECT_EQ(parsed.value(), mac);
    }
    for (const char* text : {"", "02:bf:c0:00:02", "02:bf:c0:00:02:50:", "02:bf-c0:00:02:50",
                             "02:bf:c0:00:02:5g", "2:bf:c0:00:02:500", "02bf.c000.0250"})
        EXPECT_FALSE(parse_mac(text).ok()) << text;
    EXPECT_EQ(parse_mac("x").error().message,
              "expected a MAC address such as 02:bf:c0:00:02:50, got \"x\"");
}

TEST(Format, DurationsHaveOneUnit) {
    const auto read = [](const char* text) {
        const auto parsed = parse_duration(text);
        EXPECT_TRUE(parsed.ok()) << text;
        return parsed ? parsed.value() : Duration{-1};
    };
    EXPECT_EQ(read("100ms"), milliseconds{100});
    EXPECT_EQ(read("1.5s"), milliseconds{1500});
    EXPECT_EQ(read("20m"), minutes{20});
    EXPECT_EQ(read("2h"), hours{2});
    EXPECT_EQ(read("24h"), hours{24});
    EXPECT_EQ(read("0.5h"), minutes{30});
    EXPECT_EQ(read("250us"), microseconds{250});
    EXPECT_EQ(read("0.25ms"), microseconds{250});
    EXPECT_EQ(read("0.000000001s"), nanoseconds{1});
    EXPECT_EQ(read("1.0us"), microseconds{1});
    EXPECT_EQ(read("0s"), seconds{0});
}

TEST(Format, DurationsThatAreNotQuiteRightAreRefused) {
    for (const char* text : {"",
                             "ms",
                             "100",
                             "100 ms",
                             "100MS",
                             "-1s",
                             "+1s",
                             "1.s",
                             ".5s",
                             "1.2.3s",
                             "1s500ms",
                             "1d",
                             "1min",
                             "0x10s",
                             "01s",
                             "1e3s",
                             "0.0000000001s",
                             "0.0001us",
                             "9223372036854775807s",
                             "99999999999999999999999ms",
                             "2562048h"})
        EXPECT_FALSE(parse_duration(text).ok()) << text;
    EXPECT_EQ(parse_duration("soon").error().message,
              "expected a duration such as 100ms, 1.5s, 20m or 24h, got \"soon\"");
}

TEST(Format, DurationsAreWrittenInTheLargestUnitThatDivides) {
    EXPECT_EQ(to_string(Duration{milliseconds{100}}), "100ms");
    EXPECT_EQ(to_string(Duration{milliseconds{1500}}), "1500ms");
    EXPECT_EQ(to_string(Duration{seconds{60}}), "1m");
    EXPECT_EQ(to_string(Duration{hours{24}}), "24h");
    EXPECT_EQ(to_string(Duration{nanoseconds{7}}), "7ns");
    EXPECT_EQ(to_string(Duration{}), "0s");
    for (const char* text : {"100ms", "1500ms", "90s", "20m", "720h", "3us"})
        EXPECT_EQ(to_string(parse_duration(text).value()), text);
}

TEST(Format, PortsAreOneARangeOrAll) {
    for (const char* text : {"all", "80", "0", "65535", "100-200", "0-65534"}) {
        const auto parsed = parse_port_range(text);
        ASSERT_TRUE(parsed.ok()) << text;
        EXPECT_EQ(to_string(parsed.value()), text);
    }
    EXPECT_EQ(to_string(parse_port_range("0-65535").value()), "all");
    for (const char* text : {"", "-", "80-", "-80", "80-70", "65536", "1-65536", "080", "80,443",
                             "http", "80 - 90", "1-2-3"})
        EXPECT_FALSE(parse_port_range(text).ok()) << text;
}

template <class Choice>
void expect_words(const std::vector<std::string>& expected) {
    std::vector<std::string> texts;
    for (const Word<Choice>& word : words_of<Choice>()) {
        texts.emplace_back(word.text);
        EXPECT_EQ(to_string(word.value), word.text);
    }
    EXPECT_EQ(texts, expected);
}

TEST(Format, EveryChoiceHasItsYamlWord) {
    expect_words<LinkMode>({"unicast", "multicast", "igmp"});
    expect_words<IcmpMode>({"one", "all"});
    expect_words<RuleMode>({"multiple", "single", "disabled"});
    expect_words<Affinity>({"none", "single", "network"});
    expect_words<InitialState>({"started", "stopped", "suspended", "last"});
    expect_words<PollMode>({"busy", "adaptive"});
    expect_words<PartitionMode>({"serve", "majority"});
    expect_words<Protocols>({"tcp", "udp", "both"});
}

TEST(Format, SubnetsAreComparedBitByBit) {
    const auto same = [](const char* one, const char* other, std::uint8_t length) {
        return same_subnet(parse_ip(one).value(), parse_ip(other).value(), length);
    };
    EXPECT_TRUE(same("192.0.2.1", "192.0.2.254", 24));
    EXPECT_FALSE(same("192.0.2.1", "192.0.3.1", 24));
    EXPECT_TRUE(same("192.0.2.1", "192.0.3.1", 23));
    EXPECT_FALSE(same("192.0.2.1", "192.0.2.2", 32));
    EXPECT_TRUE(same("2001:db8::1", "2001:db8::2", 64));
    EXPECT_FALSE(same("2001:db8::1", "2001:db8:0:1::1", 64));
    EXPECT_FALSE(same("::1", "0.0.0.1", 1)) << "of two families";
}

TEST(Nearest, OneOrTwoSlipsAreGuessed) {
    const std::vector<std::string_view> known{"name", "address", "hosts", "id"};
    EXPECT_EQ(nearest("adress", known), "address");
    EXPECT_EQ(nearest("hsots", known), "hosts");
    EXPECT_EQ(nearest("nmae", known), "name");
    EXPECT_EQ(nearest("adres", known), "address");
    EXPECT_EQ(nearest("fruit", known), "");
    EXPECT_EQ(nearest("xx", known), "") << "nothing in common";
    EXPECT_EQ(nearest(std::string(1000, 'a'), known), "");
}

}  // namespace
}  // namespace nlb::config
