// The output of NLB's commands, and how several hosts become one configuration.
#include <gtest/gtest.h>

#include "cli/windows/parameter_table.hpp"
#include "config/format.hpp"
#include "config/load.hpp"
#include "tests/unit/cli/windows/texts.hpp"

namespace nlb::cli::windows {
namespace {

TEST(ParamsImport, OneHostGivesAConfigurationThatWantsOnlyWhatWindowsCannotSay) {
    const Imported imported = import_of({{"web1.txt", params_text()}});
    EXPECT_EQ(imported.to_fill_in, 4U) << imported.yaml;  // key_file, outside, inside, lcores
    const auto refused = config::load_text(imported.yaml, "new.yaml");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("hosts[0].outside: fill in this value: expected a DPDK "
                                           "device"),
              std::string::npos)
        << refused.error().message;
    const config::Config config = filled_in(imported.yaml);
    ASSERT_EQ(config.clusters.size(), 1U);
    const config::Cluster& cluster = config.clusters.front();
    EXPECT_EQ(cluster.name, "web.example.com");
    EXPECT_EQ(config::to_string(cluster.address), "192.0.2.80/24");
    EXPECT_EQ(cluster.mode, LinkMode::multicast);
    EXPECT_EQ(cluster.heartbeat.period, std::chrono::seconds{1});
    EXPECT_EQ(cluster.heartbeat.tolerance, 5);
    EXPECT_EQ(cluster.icmp, IcmpMode::all);
    ASSERT_EQ(cluster.virtual_addresses.size(), 1U);
    EXPECT_EQ(config::to_string(cluster.virtual_addresses[0].address), "192.0.2.81");
    ASSERT_EQ(cluster.hosts.size(), 1U);
    EXPECT_EQ(cluster.hosts[0].name, "WEB1");
    EXPECT_EQ(cluster.hosts[0].id, 1);
    EXPECT_EQ(config::to_string(cluster.hosts[0].addresses[0]), "192.0.2.11/24");
}

TEST(ParamsImport, TheTableOfRulesIsReadByItsColumns) {
    const config::Config config = filled_in(import_of({{"web1.txt", params_text()}}).yaml);
    const auto& rules = config.clusters.front().port_rules;
    ASSERT_EQ(rules.size(), 4U);
    EXPECT_EQ(rules[0].protocols, config::Protocols::tcp);
    EXPECT_EQ(rules[0].affinity, Affinity::single);
    EXPECT_EQ(rules[1].affinity, Affinity::none);
    EXPECT_EQ(rules[2].mode, RuleMode::single);
    EXPECT_TRUE(rules[2].vip.has_value());
    EXPECT_EQ(rules[3].mode, RuleMode::disabled);
    EXPECT_EQ(rules[3].ports.last, 200);
    const config::Host& host = config.clusters.front().hosts.front();
    EXPECT_EQ(host.weights.size(), 1U);
    EXPECT_EQ(host.weights.at("tcp-443"), 70);
    EXPECT_EQ(host.priorities.at("port-8443-on-192-0-2-81"), 2);
}

TEST(ParamsImport, TwoHostsOfOneAddressAreOneCluster) {
    const Imported imported =
        import_of({{"web2.txt", second_params_text()}, {"web1.txt", params_text()}});
    const config::Config config = filled_in(imported.yaml);
    ASSERT_EQ(config.clusters.size(), 1U);
    const auto& hosts = config.clusters.front().hosts;
    ASSERT_EQ(hosts.size(), 2U);
    EXPECT_EQ(hosts[0].name, "WEB1");  // by id, whatever the order of the files
    EXPECT_EQ(hosts[1].weights.at("tcp-443"), 30);
    EXPECT_EQ(hosts[1].priorities.at("port-8443-on-192-0-2-81"), 1);
}

TEST(ParamsImport, WhatHostsMustAgreeUponIsNotChosenButNamedWithBothFiles) {
    const std::string other =
        replaced(second_params_text(), "AliveMsgTolerance         = 5", "AliveMsgTolerance = 7");
    const Imported imported = import_of({{"a.txt", params_text()}, {"b.txt", other}});
    EXPECT_NE(imported.yaml.find("tolerance: \"TODO\"  # a.txt:24 says 5, b.txt:24 says 7"),
              std::string::npos)
        << imported.yaml;
    EXPECT_TRUE(mentions(imported.notes, "a.txt:24 says 5, b.txt:24 says 7"));
    EXPECT_FALSE(config::load_text(imported.yaml, "x").ok());
}

TEST(ParamsImport, ARuleThatOneHostLacksIsNotTakenSilently) {
    const std::string other =
        replaced(replaced(second_params_text(),
                          "All                80    80 TCP  Multiple      Eql Single\n", ""),
                 "PortRules (4)", "PortRules (3)");
    const Imported imported = import_of({{"a.txt", params_text()}, {"b.txt", other}});
    EXPECT_NE(imported.yaml.find("mode: \"TODO\"  # a.txt:56 has this rule, b.txt:5 has not"),
              std::string::npos)
        << imported.yaml;
}

TEST(ParamsImport, TwoHostsWithOnePriorityAreToldApart) {
    const std::string other = replaced(second_params_text(), "HostPriority              = 2",
                                       "HostPriority              = 1");
    const Imported imported = import_of({{"a.txt", params_text()}, {"b.txt", other}});
    EXPECT_NE(imported.yaml.find("id: \"TODO\"  # a.txt:5 has 1 already"), std::string::npos)
        << imported.yaml;
    EXPECT_TRUE(mentions(imported.notes, "two hosts with HostPriority 1"));
}

TEST(ParamsImport, TwoFilesOfOneHostAreOneHost) {
    const config::Config config =
        filled_in(import_of({{"a.txt", params_text()}, {"again.txt", params_text()}}).yaml);
    EXPECT_EQ(config.clusters.front().hosts.size(), 1U);
}

TEST(ParamsImport, ClustersOfOneTextArePartedByTheirTitles) {
    std::string other = params_text();
    for (const char* address : {"192.0.2.80", "192.0.2.80"})
        other = replaced(other, address, "198.51.100.80");
    other = replaced(replaced(other, "192.0.2.11", "198.51.100.11"), "192.0.2.81", "198.51.100.81");
    other = replaced(other, "web.example.com", "mail");
    const Imported imported = import_of({{"both.txt", params_text() + other}});
    EXPECT_EQ(filled_in(imported.yaml).clusters.size(), 2U);
}

TEST(ParamsImport, GermanAndFrenchWordsAndACodePageAreUnderstood) {
    std::string german = params_text();
    german = replaced(german, "MulticastSupportEnable    = ENABLED",
                      "MulticastSupportEnable    = AKTIVIERT");
    german = replaced(german, "= STARTED", "= GESTARTET");
    german = replaced(german, "All                80    80 TCP  Multiple      Eql Single",
                      "Alle               80    80 TCP  Mehrfach    Gleich Einfach");
    german = replaced(german, "8443  8443 Both Single  ", "8443  8443 Beid Einzelho");
    german = replaced(german, "100   200 Both Disabled", "100   200 Beid Deaktivi");
    EXPECT_EQ(filled_in(import_of({{"de.txt", german}}).yaml).clusters[0].port_rules.size(), 4U);
    std::string french = params_text();
    french = replaced(french, "MulticastSupportEnable    = ENABLED",
                      "MulticastSupportEnable    = ACTIV\x90");  // as code page 850 has it
    french = replaced(french, "= STARTED", "= D\x90MARR\x90");
    french = replaced(french, "All                80    80 TCP  Multiple      Eql Single",
                      "Tous               80    80 TCP  Multiple       \x90gal Unique");
    french = replaced(french, "100   200 Both Disabled", "100   200 Les deux D\x82sactiv");
    const Imported imported = import_of({{"fr.txt", replaced(french, "Les deux", "Both")}});
    EXPECT_EQ(filled_in(imported.yaml).clusters[0].mode, LinkMode::multicast);
}

TEST(ParamsImport, TheAddressesOfTheAdapterInDisplayAreVirtualButForTheDedicatedOnes) {
    const std::string text = params_text() + R"(
Windows IP Configuration

Ethernet adapter other:
   IP Address. . . . . . . . . . . . : 10.0.0.9
   Subnet Mask . . . . . . . . . . . : 255.0.0.0

Ethernet-Adapter Cluster:
   DHCP aktiviert. . . . . . . . . . : Nein
   IPv4-Adresse  . . . . . . . . . . : 192.0.2.80(Bevorzugt)
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   IPv4-Adresse  . . . . . . . . . . : 192.0.2.82(Bevorzugt)
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   IPv4-Adresse  . . . . . . . . . . : 192.0.2.11(Bevorzugt)
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   Standardgateway . . . . . . . . . : 192.0.2.1
)";
    const config::Config config = filled_in(import_of({{"display.txt", text}}).yaml);
    const auto& addresses = config.clusters.front().virtual_addresses;
    ASSERT_EQ(addresses.size(), 2U);
    EXPECT_EQ(config::to_string(addresses[0]), "192.0.2.82/24");
    EXPECT_EQ(config::to_string(addresses[1].address), "192.0.2.81");
}

TEST(ParamsImport, WhatIsWrongIsToldByFileAndLineAllAtOnce) {
    std::string text = params_with("AliveMsgPeriod", "abc");
    text = replaced(text, "TCP  Multiple       70 None", "XXX  Multiple       70 None");
    text = replaced(text, "ClusterNetworkMask        = 255.255.255.0",
                    "ClusterNetworkMask        = 255.0.255.0");
    const std::string mistakes = mistakes_of({{"bad.txt", text}});
    EXPECT_NE(mistakes.find("bad.txt:11: ClusterIPAddress: expected a mask such as"),
              std::string::npos)
        << mistakes;
    text = replaced(text, "255.0.255.0", "255.255.255.0");
    EXPECT_EQ(mistakes_of({{"bad.txt", text}}),
              "bad.txt:23: AliveMsgPeriod: expected a whole number in 100-10000, got \"abc\"\n"
              "bad.txt:57: port rule: Protocol: expected TCP, UDP or Both, got \"XXX\"");
}

TEST(ParamsImport, ATextThatWasCutOffIsRefused) {
    const std::string text = params_text();
    const std::string cut = text.substr(0, text.find("192.0.2.81"));
    EXPECT_EQ(mistakes_of({{"cut.txt", cut}}),
              "cut.txt:52: expected 4 port rules, got 2: is the text whole?");
}

TEST(ParamsImport, AnotherTextIsRefused) {
    EXPECT_EQ(mistakes_of({{"x.txt", "good morning\n"}}).rfind("x.txt:1: expected the output", 0),
              0U);
    EXPECT_EQ(mistakes_of({{"x.bin", std::string("a\0b", 3)}}),
              "x.bin:1: expected text, got binary data");
}

TEST(ParamsImport, APasswordIsNotRepeated) {
    const Imported imported = import_of({{"web1.txt", params_text()}});
    EXPECT_EQ(imported.yaml.find("5EC4E7AB"), std::string::npos);
    for (const Change& change : imported.changes) EXPECT_NE(change.windows, "5EC4E7AB");
}

// Another value of a parameter that is taken must be seen in the configuration.
TEST(ParameterTable, WhatIsTakenChangesTheConfiguration) {
    const std::string usual = import_of({{"a", params_text()}}).yaml;
    const std::pair<const char*, const char*> values[] = {
        {"HostName", "X"},
        {"HostPriority", "9"},
        {"ClusterIPAddress", "192.0.2.99"},
        {"ClusterNetworkMask", "255.255.0.0"},
        {"DedicatedIPAddress", "192.0.2.33"},
        {"DedicatedNetworkMask", "255.255.255.128"},
        {"ClusterName", "other"},
        {"MulticastSupportEnable", "DISABLED"},
        {"IGMPSupport", "ENABLED"},
        {"AliveMsgPeriod", "500"},
        {"AliveMsgTolerance", "9"},
        {"TCPConnectionTimeout", "90"},
        {"IPSecConnectionTimeout", "3600"},
        {"FilterICMP", "ENABLED"},
        {"ClusterModeOnStart", "STOPPED"},
        {"PersistedStates", "SUSPENDED"},
    };
    for (const auto& [name, value] : values) {
        const Imported imported = import_of({{"a", params_with(name, value)}});
        EXPECT_NE(imported.yaml, usual) << name;
        EXPECT_EQ(filled_in(imported.yaml).clusters.size(), 1U) << name;
    }
    const std::string more =
        replaced(params_with("MaxDescriptorAllocs", "1024"), "DescriptorsPerAlloc       = 512",
                 "DescriptorsPerAlloc       = 1024");
    EXPECT_NE(import_of({{"a", more}}).yaml.find("max: 1048576"), std::string::npos);
}

TEST(ParameterTable, EveryNameOfTheOutputIsKnownAndNoneTwice) {
    const Imported imported = import_of({{"a", params_text()}});
    EXPECT_FALSE(mentions(imported.notes, "no parameter of NLB"));
    for (const auto table : {parameters(), rule_parameters()})
        for (const Parameter& one : table) {
            EXPECT_FALSE(one.becomes.empty()) << one.name;
            for (const Parameter& other : table)
                EXPECT_TRUE(&one == &other || !same_name(one.name, other.name)) << one.name;
        }
    for (const Alias& alias : aliases())
        EXPECT_TRUE(find_parameter(alias.other) != nullptr ||
                    find_rule_parameter(alias.other) != nullptr)
            << alias.other;
    EXPECT_EQ(find_parameter("aliveMSGperiod")->name, "AliveMsgPeriod");
    EXPECT_EQ(find_parameter("Colour"), nullptr);
}

TEST(ParameterTable, WhatIsAskedForAndNotDoneIsNoted) {
    const auto notes = [](const char* name, const char* value) {
        return import_of({{"a", params_with(name, value)}}).notes;
    };
    EXPECT_TRUE(mentions(notes("MaskSourceMAC", "DISABLED"), "for hubs"));
    EXPECT_TRUE(mentions(notes("BDATeaming", "YES"), "not taken over"));
    EXPECT_TRUE(mentions(notes("RemoteControlEnabled", "ENABLED"), "remote control stays off"));
    EXPECT_TRUE(mentions(import_of({{"a", params_text() + "Colour = red\n"}}).notes,
                         "Colour is no parameter of NLB"));
}

TEST(ParameterTable, AMacTypedByHandIsTakenWhereItFitsTheMode) {
    const auto import_typed = [](const char* mac) {
        return import_of({{"a", replaced(params_with("ClusterNetworkAddress", mac),
                                         "IPToMACEnable             = ENABLED",
                                         "IPToMACEnable             = DISABLED")}});
    };
    const Imported taken = import_typed("03-00-5e-00-53-01");
    EXPECT_NE(taken.yaml.find("mac: \"03:00:5e:00:53:01\""), std::string::npos) << taken.yaml;
    EXPECT_TRUE(filled_in(taken.yaml).clusters.at(0).mac);
    const Imported refused = import_typed("02-00-5e-00-53-01");
    EXPECT_TRUE(mentions(refused.notes, "no MAC for mode multicast"));
    EXPECT_EQ(refused.yaml.find("mac:"), std::string::npos);
}

}  // namespace
}  // namespace nlb::cli::windows
