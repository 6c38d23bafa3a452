// unattend.xml and what Export-Clixml writes.
#include <gtest/gtest.h>

#include "cli/windows/xml_tree.hpp"
#include "config/format.hpp"
#include "tests/unit/cli/windows/texts.hpp"

namespace nlb::cli::windows {
namespace {

std::string unattend_text() {
    return R"(<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
 <settings pass="specialize">
  <component name="Microsoft-Windows-Shell-Setup"><ComputerName>WEB6</ComputerName></component>
  <component name="Microsoft-Windows-NetworkLoadBalancing-Core" xmlns:wcm="http://schemas/w">
   <Clusters>
    <Cluster wcm:action="add">
     <Interface>Local Area Connection 2</Interface>
     <ClusterIpAddress>192.0.2.80</ClusterIpAddress>
     <ClusterNetMask>255.255.255.0</ClusterNetMask>
     <VirtualIpAddresses>
      <IpAddress wcm:keyValue="Ip1"><IpAddress>192.0.2.85</IpAddress>
       <NetworkMask>255.255.255.0</NetworkMask></IpAddress>
      <IpAddress wcm:keyValue="Ip2"><IpAddress>2001:db8::80</IpAddress></IpAddress>
     </VirtualIpAddresses>
     <Portrules>
      <Portrule wcm:keyValue="Portrule1">
       <VirtualIpAddress>255.255.255.255</VirtualIpAddress><Protocol>TCP</Protocol>
       <StartPort>80</StartPort><EndPort>80</EndPort><Mode>MultipleHost</Mode>
       <EqualLoad>true</EqualLoad><ClientAffinity>Single</ClientAffinity><Timeout>1200</Timeout>
      </Portrule>
      <Portrule wcm:keyValue="Portrule2">
       <VirtualIpAddress>192.0.2.85</VirtualIpAddress><Protocol>UDP</Protocol>
       <StartPort>53</StartPort><EndPort>53</EndPort><Mode>SingleHost</Mode>
       <HostPriority>2</HostPriority>
      </Portrule>
     </Portrules>
     <DedicatedIpAddresses>
      <IpAddress wcm:keyValue="Ip1"><IpAddress>192.0.2.16</IpAddress>
       <NetworkMask>255.255.255.0</NetworkMask></IpAddress>
      <IpAddress wcm:keyValue="Ip2"><IpAddress>fe80::204:23ff:feb9:1111</IpAddress></IpAddress>
     </DedicatedIpAddresses>
     <HostIdentifier>6</HostIdentifier>
     <ClusterName>web.example.com</ClusterName>
     <ClusterMode>IGMPMulticast</ClusterMode>
     <InitialHostState>Suspended</InitialHostState>
     <PersistSuspendedState>false</PersistSuspendedState>
     <MembershipHeartbeatPeriod>1000</MembershipHeartbeatPeriod>
     <MembershipHeartbeatLossTolerance>5</MembershipHeartbeatLossTolerance>
     <ICMPFilteringEnabled>false</ICMPFilteringEnabled>
     <MaximumConnectionDescriptors>512</MaximumConnectionDescriptors>
    </Cluster>
   </Clusters>
  </component>
 </settings>
</unattend>
)";
}

TEST(UnattendImport, TheClusterOfTheComponentIsRead) {
    const Imported imported = import_of({{"unattend.xml", unattend_text()}});
    const config::Config config = filled_in(imported.yaml);
    const config::Cluster& cluster = config.clusters.front();
    EXPECT_EQ(cluster.mode, LinkMode::igmp);
    ASSERT_EQ(cluster.virtual_addresses.size(), 2U);
    EXPECT_EQ(config::to_string(cluster.virtual_addresses[1]), "2001:db8::80/64");
    ASSERT_EQ(cluster.port_rules.size(), 2U);
    EXPECT_EQ(cluster.port_rules[0].affinity_timeout,
              std::chrono::minutes{20});  // in seconds there
    EXPECT_EQ(cluster.port_rules[1].mode, RuleMode::single);
    const config::Host& host = cluster.hosts.front();
    EXPECT_EQ(host.name, "WEB6");
    EXPECT_EQ(host.id, 6);
    EXPECT_EQ(host.initial_state, config::InitialState::suspended);
    EXPECT_EQ(host.addresses.size(), 1U);
    EXPECT_EQ(host.priorities.at("udp-53-on-192-0-2-85"), 2);
    EXPECT_TRUE(mentions(imported.notes, "fe80::204:23ff:feb9:1111 is link-local"));
    EXPECT_TRUE(mentions(imported.notes, "no length of 2001:db8::80"));
    EXPECT_FALSE(mentions(imported.notes, "no parameter of NLB"));
}

std::string object(const std::string& type, const std::string& properties) {
    return "<Obj RefId=\"0\"><TN RefId=\"" + type +
           "\"><T>Microsoft.NetworkLoadBalancingClusters.PowerShell." + type +
           "</T><T>System.Object</T></TN><ToString>x</ToString><Props>" + properties +
           "</Props></Obj>\n";
}

std::string text(const std::string& name, const std::string& value) {
    return "<S N=\"" + name + "\">" + value + "</S>";
}

// An enumeration, or an address: an object that is told by its ToString.
std::string worded(const std::string& name, const std::string& value) {
    return "<Obj N=\"" + name + "\" RefId=\"9\"><TN RefId=\"8\"><T>System.Enum</T></TN><ToString>" +
           value + "</ToString><I32>7</I32></Obj>";
}

std::string rule(const std::string& node, const std::string& weight) {
    return object("PortRule", text("Cluster", "web") + text("NodeName", node) +
                                  worded("VirtualIPAddress", "255.255.255.255") +
                                  "<I32 N=\"StartPort\">80</I32><I32 N=\"EndPort\">80</I32>" +
                                  worded("Affinity", "Single") +
                                  worded("FilteringMode", "Multiple") + worded("Protocol", "Both") +
                                  "<B N=\"EqualLoad\">false</B>" + "<I32 N=\"LoadWeight\">" +
                                  weight +
                                  "</I32><Nil N=\"Priority\" /><I32 N=\"Timeout\">0</I32>" +
                                  worded("PortState", "Enabled"));
}

std::string node(const std::string& name, const std::string& id) {
    return object("Node", text("Cluster", "web") + text("Name", name) +
                              text("InterfaceName", "vlan-3") + worded("State", "Converged") +
                              "<I32 N=\"HostPriority\">" + id + "</I32>" +
                              worded("InitialHostState", "Started") +
                              "<B N=\"PersistSuspendOnReboot\">true</B>" +
                              "<B N=\"MaskSourceMac\">true</B><I32 N=\"FilterIcmp\">0</I32>" +
                              "<I32 N=\"GreDescriptorTimeout\">10</I32>");
}

std::string clixml_text() {
    return "<Objs Version=\"1.1.0.1\" "
           "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n" +
           object("Cluster", text("Name", "web") + worded("IPAddress", "192.0.2.80") +
                                 text("SubnetMask", "255.255.255.0") +
                                 worded("Mode", "MULTICAST")) +
           object("ClusterVip",
                  text("IPAddress", "192.0.2.80") + text("SubnetMask", "255.255.255.0")) +
           object("ClusterVip",
                  text("IPAddress", "192.0.2.86") + text("SubnetMask", "255.255.255.0")) +
           node("node1", "1") + node("node2", "2") +
           object("ClusterNodeDip", text("Node", "node1") + text("IPAddress", "192.0.2.11") +
                                        text("SubnetMask", "255.255.255.0")) +
           object("ClusterNodeDip", text("Node", "node2") + text("IPAddress", "192.0.2.12") +
                                        text("SubnetMask", "255.255.255.0")) +
           rule("node1", "25") + rule("node2", "75") + "</Objs>\n";
}

TEST(ClixmlImport, ObjectsOfOneFileComeTogetherByClusterAndNode) {
    const Imported imported = import_of({{"nlb.xml", clixml_text()}});
    const config::Config config = filled_in(imported.yaml);
    const config::Cluster& cluster = config.clusters.front();
    EXPECT_EQ(cluster.name, "web");
    EXPECT_EQ(cluster.mode, LinkMode::multicast);
    ASSERT_EQ(cluster.virtual_addresses.size(), 1U);
    EXPECT_EQ(config::to_string(cluster.virtual_addresses[0]), "192.0.2.86/24");
    ASSERT_EQ(cluster.hosts.size(), 2U) << imported.yaml;
    EXPECT_EQ(cluster.hosts[0].name, "node1");
    EXPECT_EQ(config::to_string(cluster.hosts[1].addresses.at(0)), "192.0.2.12/24");
    EXPECT_EQ(cluster.hosts[0].weights.at("port-80"), 25);
    EXPECT_EQ(cluster.hosts[1].weights.at("port-80"), 75);
    EXPECT_EQ(cluster.hosts[0].initial_state, config::InitialState::last);
    EXPECT_FALSE(mentions(imported.notes, "no parameter of NLB"));
}

TEST(ClixmlImport, AnArrayInOneObjectIsReadToo) {
    std::string inner = clixml_text();
    inner = inner.substr(inner.find('\n') + 1);
    inner = inner.substr(0, inner.find("</Objs>"));
    const Imported imported =
        import_of({{"array.xml", "<Objs><Obj RefId=\"0\"><LST>" + inner + "</LST></Obj></Objs>"}});
    EXPECT_EQ(filled_in(imported.yaml).clusters.front().hosts.size(), 2U);
}

TEST(ClixmlImport, RulesWithoutTheirClusterAreRefused) {
    EXPECT_EQ(mistakes_of({{"r.xml", "<Objs>" + rule("node1", "5") + "</Objs>"}})
                  .rfind("r.xml:1: expected the objects of Get-NlbCluster", 0),
              0U);
}

TEST(XmlTree, WhatIsHostileIsRefusedByItsLine) {
    const auto refusal = [](const std::string& bytes) { return mistakes_of({{"x.xml", bytes}}); };
    EXPECT_EQ(refusal("<a>\n<b></a>"), "x.xml:2: expected XML, got an error: mismatched tag");
    EXPECT_EQ(refusal("<!DOCTYPE a [<!ENTITY b \"c\">]>\n<a>&b;</a>"),
              "x.xml:1: expected no document type, got one");
    std::string deep;
    for (int i = 0; i < 200; ++i) deep += "<a>";
    EXPECT_EQ(refusal(deep), "x.xml:1: expected at most 64 elements in one another");
    std::string many = "<a>";
    for (std::size_t i = 0; i <= kXmlElementsMax; ++i) many += "<b/>";
    EXPECT_EQ(refusal(many), "x.xml:1: expected at most 200000 elements");
    EXPECT_EQ(refusal("<a/>").rfind("x.xml:1: expected Export-Clixml", 0), 0U);
}

}  // namespace
}  // namespace nlb::cli::windows
