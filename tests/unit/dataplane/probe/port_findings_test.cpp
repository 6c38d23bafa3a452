// Each fault of an interface, of the addresses, and of a port that is seeded is found.
#include <gtest/gtest.h>

#include "config/endpoint.hpp"
#include "dataplane/probe/inside.hpp"
#include "dataplane/probe/interfaces.hpp"
#include "dataplane/probe/ports.hpp"
#include "dataplane/probe/report.hpp"
#include "tests/unit/dataplane/probe/seeded.hpp"

namespace nlb::dataplane {
namespace {

IpAddress ip(const std::string& text) {
    return config::parse_endpoint(text).value().address;
}

class Borrowed : public ::testing::Test {
protected:
    void SetUp() override {
        facts_.subject = "web outside";
        facts_.name = "eth1";
        facts_.is_outside = facts_.exists = facts_.up = facts_.carrier = true;
        facts_.promiscuous = facts_.vips_here = true;
        facts_.arp = false;
        facts_.mtu = 1500;
        facts_.virtual_addresses = {ip("192.0.2.80"), ip("2001:db8::80")};
    }
    [[nodiscard]] Names found(bool runs = true) const {
        return names_of(judge_borrowed(facts_, runs));
    }
    BorrowedFacts facts_;
};

TEST_F(Borrowed, AnInterfaceForItsDataplaneAloneIsRight) {
    EXPECT_EQ(found(true), Names{});
    EXPECT_EQ(found(false), Names{});
}

TEST_F(Borrowed, WhatIsNotThereDownOrWithoutLink) {
    facts_.carrier = false;
    EXPECT_EQ(found(), Names{"no_carrier"});
    facts_.up = false;
    EXPECT_EQ(found(), Names{"interface_down"});
    facts_.exists = false;
    EXPECT_EQ(found(), Names{"interface_missing"});
}

TEST_F(Borrowed, AnMtuThatIsTooSmallOrNotTheWishedOne) {
    facts_.mtu = 1400;
    EXPECT_EQ(found(false), Names{"mtu_too_small"});
    facts_.mtu_wanted = 9000;
    EXPECT_EQ(found(false), Names{}) << "the dataplane sets it";
    facts_.mtu = 1500;
    EXPECT_EQ(found(true), Names{"mtu_differs"});
}

TEST_F(Borrowed, WhatTheKernelDoesBesideIt) {
    facts_.master = "br0";
    EXPECT_EQ(found(), Names{"interface_enslaved"});
    facts_.master = "";
    facts_.addresses = {ip("192.0.2.99")};
    EXPECT_EQ(found(), Names{"interface_has_address"});
    facts_.addresses.clear();
    facts_.arp = true;
    EXPECT_EQ(found(), Names{"kernel_answers_arp"});
    facts_.arp_ignore = 1;
    EXPECT_EQ(found(), Names{});
    facts_.ipv6 = true;
    EXPECT_EQ(found(), Names{"kernel_speaks_ipv6"});
    facts_.vips_here = false;
    EXPECT_EQ(found(), Names{}) << "the servers' kernel is another one";
}

TEST_F(Borrowed, WhatSomebodyHasUndoneBeneathTheRunningDataplane) {
    facts_.offloads_on = {"gro"};
    EXPECT_EQ(found(true), Names{"offload_stays_on"});
    EXPECT_EQ(found(false), Names{}) << "the start switches it off";
    facts_.offloads_on.clear();
    facts_.promiscuous = false;
    EXPECT_EQ(found(true), Names{"not_promiscuous"});
    EXPECT_EQ(found(false), Names{});
}

class Inside : public ::testing::Test {
protected:
    void SetUp() override {
        facts_.subject = "web inside";
        facts_.interface = "nlb0";
        facts_.exists = true;
        facts_.wishes.addresses = {{ip("192.0.2.11"), 24, false},
                                   {ip("192.0.2.80"), 24, true},
                                   {ip("2001:db8::80"), 64, true}};
        facts_.addresses = {{"nlb0", ip("192.0.2.11"), false},
                            {"nlb0", ip("192.0.2.80"), false},
                            {"nlb0", ip("2001:db8::80"), true}};
        facts_.routes = {{"nlb0", true}, {"nlb0", false}};
        facts_.of_others = {ip("192.0.2.12")};
    }
    [[nodiscard]] Names found(bool runs = true) const {
        return names_of(judge_inside(facts_, runs));
    }
    InsideFacts facts_;
};

TEST_F(Inside, AddressesWhereTheyBelongAreRight) {
    EXPECT_EQ(found(), Names{});
}

TEST_F(Inside, AddressesOnOtherInterfaces) {
    facts_.addresses.push_back({"eth0", ip("192.0.2.80"), false});
    EXPECT_EQ(found(), Names{"vip_elsewhere"});
    facts_.addresses.back().interface = "lo";
    EXPECT_EQ(found(), Names{"vip_on_loopback"});
    facts_.addresses.back() = {"eth0", ip("192.0.2.11"), false};
    EXPECT_EQ(found(), Names{"dedicated_elsewhere"});
    facts_.addresses.back() = {"eth0", ip("192.0.2.12"), false};
    EXPECT_EQ(found(), Names{"address_of_another"});
    facts_.addresses.back() = {"eth0", ip("203.0.113.5"), false};
    EXPECT_EQ(found(), Names{});
}

TEST_F(Inside, AVirtualAddressMayBeNoSource) {
    std::swap(facts_.addresses[0], facts_.addresses[1]);
    EXPECT_EQ(found(), Names{"vip_is_source"});
    std::swap(facts_.addresses[0], facts_.addresses[1]);
    facts_.addresses[2].deprecated = false;
    EXPECT_EQ(found(), Names{"vip_is_source"});
}

TEST_F(Inside, OnlyManualAddressesAreMissing) {
    facts_.addresses.pop_back();
    EXPECT_EQ(found(), Names{"inside_address_missing"});
    facts_.managed = true;
    EXPECT_EQ(found(), Names{});
}

TEST_F(Inside, ADeviceThatIsGoneMattersWhileTheDataplaneRuns) {
    facts_.exists = false;
    facts_.addresses.clear();
    EXPECT_EQ(found(true), Names{"inside_device_missing"});
    EXPECT_EQ(found(false), Names{});
}

TEST_F(Inside, SettingsOfTheKernel) {
    facts_.settings_to_change = {{"ipv4/conf/nlb0/arp_ignore", "1"}};
    EXPECT_EQ(found(), Names{"inside_arp"});
    facts_.settings_to_change = {{"ipv4/conf/nlb0/rp_filter", "2"}};
    EXPECT_EQ(found(), Names{"inside_rp_filter"});
    facts_.settings_to_change = {{"ipv6/conf/nlb0/disable_ipv6", "0"}};
    const auto findings = judge_inside(facts_, true);
    EXPECT_EQ(names_of(findings), Names{"inside_ipv6_off"});
    EXPECT_EQ(findings[0].mend, "sysctl -w net.ipv6.conf.nlb0.disable_ipv6=0");
    facts_.settings_to_change.clear();
    facts_.forwards = true;
    EXPECT_EQ(found(), Names{"inside_forwards"});
}

TEST_F(Inside, Routes) {
    facts_.routes = {{"nlb0", false}};
    EXPECT_EQ(found(), Names{"no_default_route"});
    facts_.has_gateway_v4 = true;
    EXPECT_EQ(found(false), Names{}) << "the dataplane sets it";
    facts_.routes = {{"eth0", true}, {"nlb0", false}};
    EXPECT_EQ(found(), Names{"default_route_elsewhere"});
}

TEST_F(Inside, TheMtuOfBothSides) {
    facts_.mtu = 1500;
    facts_.outside_mtu = 9000;
    EXPECT_EQ(found(), Names{"inside_mtu_differs"});
}

TEST_F(Inside, BehindAnotherKernelOnlyPlacesCount) {
    facts_.interface = "";
    facts_.routes.clear();
    facts_.addresses = {{"eth0", ip("192.0.2.80"), false}};
    EXPECT_EQ(found(), Names{"vip_elsewhere"});
}

PortFacts adapter() {
    PortFacts facts;
    facts.subject = "web outside";
    facts.device = "0000:3b:00.0";
    facts.opened = facts.started = facts.link = true;
    facts.lcores = facts.queues = 4;
    facts.mtu_max = 9702;
    return facts;
}

TEST(OpenedPort, EachFaultIsFoundAndNoneOnOneThatIsRight) {
    EXPECT_EQ(names_of(judge_port(adapter())), Names{});
    PortFacts facts = adapter();
    facts.refusal = "refused";
    EXPECT_EQ(names_of(judge_port(facts)), Names{"device_refused"});
    facts = adapter();
    facts.mtu_wanted = 9710;
    EXPECT_EQ(names_of(judge_port(facts)), Names{"device_refused"});
    facts = adapter();
    facts.queues = 1;
    EXPECT_EQ(names_of(judge_port(facts)), Names{"queues_few"});
    facts = adapter();
    facts.link = false;
    EXPECT_EQ(names_of(judge_port(facts)), Names{"no_carrier"});
    facts = adapter();
    facts.complaints = {"it keeps an RSS key of its own"};
    EXPECT_EQ(names_of(judge_port(facts)), Names{"port_complains"});
}

TEST(OpenedPort, WhatOthersWouldNoticeIsNotOpened) {
    const auto why = [](const std::string& device) {
        return why_not_opened(parse_device(device, "x").value(), false);
    };
    EXPECT_EQ(why("0000:3b:00.0"), "");
    EXPECT_EQ(why("net_af_packet0,iface=eth1"), "");
    for (const char* const device :
         {"nlb_tap0,iface=nlb0", "net_tap0,iface=nlb0", "net_af_xdp0,iface=eth1",
          "net_vhost0,iface=/run/x", "net_pcap0,rx_pcap=a,tx_pcap=b", "net_memif0"})
        EXPECT_NE(why(device), "") << device;
    EXPECT_NE(why_not_opened(parse_device("0000:3b:00.0", "x").value(), true), "");
}

TEST(Report, AFindingIsAnObjectWithTheTablesWords) {
    ProbeReport report{"edge1", false, {adapter()}, {}};
    report.findings = {{config::FindingId::no_carrier, "web outside", "no \"link\"", "look"}};
    const std::string json = json_of(report);
    EXPECT_NE(json.find(R"({"id":"no_carrier","severity":"error","subject":"web outside",)"
                        R"("says":"no \"link\"","mend":"look"})"),
              std::string::npos)
        << json;
    EXPECT_NE(json.find(R"("queues":4)"), std::string::npos);
    EXPECT_EQ(json.find('\n'), std::string::npos);
    EXPECT_NE(text_of(report).find("error web outside: no \"link\" (no_carrier)"),
              std::string::npos);
}

}  // namespace
}  // namespace nlb::dataplane
