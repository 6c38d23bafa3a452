// Exported registry keys and setup answer files.
#include <gtest/gtest.h>

#include "config/format.hpp"
#include "tests/unit/cli/windows/texts.hpp"

namespace nlb::cli::windows {
namespace {

std::string registry_text() {
    return R"(Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName]
"ComputerName"="WEB3"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters]
"EnableTCPNotification"=dword:00000001

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters\Interface]

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters\Interface\{11111111-AAAA}]
"ClusterIPAddress"="192.0.2.80"
"ClusterNetworkMask"="255.255.255.0"
"ClusterName"="web"
"HostPriority"=dword:00000003
"DedicatedIPAddress"="192.0.2.13"
"DedicatedNetworkMask"="255.255.255.0"
"MulticastSupportEnable"=dword:00000001
"IGMPSupport"=dword:00000001
"AliveMsgPeriod"=dword:000003e8
"AliveMsgTolerance"=dword:00000005
"FilterICMP"=dword:00000001
"ClusterModeOnStart"=dword:00000000
"UnknownThing"=dword:00000007

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters\Interface\{11111111-AAAA}\PortRules]

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters\Interface\{11111111-AAAA}\PortRules\1]
"VirtualIPAddress"="All"
"StartPort"=dword:00000050
"EndPort"=dword:00000050
"Protocol"=dword:00000001
"Mode"=dword:00000002
"Affinity"=dword:00000002
"EqualLoad"=dword:00000000
"LoadWeight"=dword:00000046
"Timeout"=dword:00000014

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters\Interface\{11111111-AAAA}\PortRules\2]
"VirtualIPAddress"="255.255.255.255"
"StartPort"=dword:00001f90
"EndPort"=dword:00001f90
"Protocol"=dword:00000003
"Mode"=dword:00000001
"Priority"=dword:00000004

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\{11111111-aaaa}]
"IPAddress"=hex(7):31,00,39,00,32,00,2e,00,30,00,2e,00,32,00,2e,00,31,00,33,00,\
  00,00,31,00,39,00,32,00,2e,00,30,00,2e,00,32,00,2e,00,38,00,34,00,00,00,00,00
"SubnetMask"=hex(7):32,00,35,00,35,00,2e,00,32,00,35,00,35,00,2e,00,32,00,35,00,\
  35,00,2e,00,30,00,00,00,32,00,35,00,35,00,2e,00,32,00,35,00,35,00,2e,00,32,00,\
  35,00,35,00,2e,00,30,00,00,00,00,00
)";
}

// Windows 2000 keeps its rules as bytes; Windows NT 4 has one cluster, straight under Parameters.
std::string old_registry_text(const std::string& key) {
    return "REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WLBS\\"
           "Parameters" +
           key +
           "]\r\n\"ClusterIPAddress\"=\"192.0.2.80\"\r\n\"ClusterNetworkMask\"=\"255.255.255."
           "0\"\r\n"
           "\"HostPriority\"=dword:00000001\r\n\"PortRules\"=hex:01,00,00,00,\\\r\n  ff,00\r\n";
}

TEST(RegistryImport, AnExportInUtf16IsReadWithItsRulesAndTheAdaptersAddresses) {
    const Imported imported = import_of({{"web3.reg", in_utf16(registry_text())}});
    const config::Config config = filled_in(imported.yaml);
    const config::Cluster& cluster = config.clusters.front();
    EXPECT_EQ(cluster.mode, LinkMode::igmp);
    EXPECT_EQ(cluster.icmp, IcmpMode::one);
    EXPECT_EQ(cluster.heartbeat.period, std::chrono::seconds{1});
    ASSERT_EQ(cluster.virtual_addresses.size(), 1U);
    EXPECT_EQ(config::to_string(cluster.virtual_addresses[0]), "192.0.2.84/24");
    ASSERT_EQ(cluster.port_rules.size(), 2U);
    EXPECT_EQ(cluster.port_rules[0].affinity, Affinity::network);
    EXPECT_EQ(cluster.port_rules[0].affinity_timeout, std::chrono::minutes{20});
    EXPECT_EQ(cluster.port_rules[1].mode, RuleMode::single);
    ASSERT_EQ(cluster.hosts.size(), 1U);
    EXPECT_EQ(cluster.hosts[0].name, "WEB3");
    EXPECT_EQ(cluster.hosts[0].id, 3);
    EXPECT_EQ(cluster.hosts[0].initial_state, config::InitialState::stopped);
    EXPECT_EQ(cluster.hosts[0].weights.at("tcp-80"), 70);
    EXPECT_EQ(cluster.hosts[0].priorities.at("port-8080"), 4);
    EXPECT_TRUE(mentions(imported.notes, "web3.reg:24: UnknownThing is no parameter"));
}

TEST(RegistryImport, BinaryRulesAreNamedAndNotGuessed) {
    for (const std::string key : {"", "\\Interface\\{1}"}) {
        const Imported imported = import_of({{"old.reg", old_registry_text(key)}});
        EXPECT_TRUE(mentions(imported.notes, "old.reg:7: these port rules are binary")) << key;
        EXPECT_NE(imported.yaml.find("port_rules: \"TODO\""), std::string::npos) << key;
        EXPECT_NE(imported.yaml.find("name: \"TODO\""), std::string::npos) << key;
    }
}

TEST(RegistryImport, AParamsTextOfTheSameHostCompletesIt) {
    const std::string params = replaced(params_text(), "DedicatedIPAddress        = 192.0.2.11",
                                        "DedicatedIPAddress        = 0.0.0.0");
    const Imported imported =
        import_of({{"old.reg", old_registry_text("")}, {"params.txt", params}});
    const config::Config config = filled_in(imported.yaml);
    ASSERT_EQ(config.clusters.front().hosts.size(), 1U) << imported.yaml;
    EXPECT_EQ(config.clusters.front().port_rules.size(), 4U);
}

TEST(RegistryImport, DamageIsToldByItsLine) {
    const std::string text = registry_text();
    EXPECT_EQ(mistakes_of({{"a.reg", replaced(text, "dword:00000003", "dword:0000000x")}}),
              "a.reg:15: \"HostPriority\": expected \"TEXT\", dword:HEX or hex:HEX, got "
              "\"dword:0000000x\"");
    EXPECT_EQ(mistakes_of({{"a.reg", replaced(text, "dword:00000003", "dword:00000021")}}),
              "a.reg:15: HostPriority: expected a whole number in 1-32, got \"33\"");
    EXPECT_EQ(mistakes_of({{"a.reg", "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE]\n\"a\"=\"b\"\n"}})
                  .rfind("a.reg:1: expected the key HKEY_LOCAL_MACHINE", 0),
              0U);
    EXPECT_NE(mistakes_of({{"a.reg", "REGEDIT4\nnonsense\n"}}).find("a.reg:2: expected [KEY]"),
              std::string::npos);
}

std::string answer_text() {
    return R"([UserData]
ComputerName = WEB4

[MS_WLBS parameters]
SpecificTo = "Adapter 1"
ClusterIPAddress = 192.0.2.80
ClusterNetworkMask = 255.255.255.0
ClusterName = "web.example.com"
HostPriority = 4
DedicatedIPAddress = 192.0.2.14
DedicatedNetworkMask = 255.255.255.0
MulticastSupportEnable = 0
)";
}

TEST(AnswerTextImport, TheSectionOfNlbIsRead) {
    const Imported imported = import_of({{"unattend.txt", answer_text()}});
    EXPECT_NE(imported.yaml.find("port_rules: \"TODO\""), std::string::npos);
    const config::Config config = filled_in(imported.yaml);
    EXPECT_EQ(config.clusters.front().mode, LinkMode::unicast);
    EXPECT_EQ(config.clusters.front().name, "web.example.com");
    EXPECT_EQ(config.clusters.front().hosts.front().name, "WEB4");
    EXPECT_EQ(config.clusters.front().hosts.front().id, 4);
}

TEST(AnswerTextImport, AFileWithoutThatSectionIsRefused) {
    EXPECT_EQ(mistakes_of({{"u.txt", "[UserData]\nFullName = x\n"}}),
              "u.txt:1: expected a section [MS_WLBS parameters] with a ClusterIPAddress, got none");
}

}  // namespace
}  // namespace nlb::cli::windows
