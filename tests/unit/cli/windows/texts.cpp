#include "tests/unit/cli/windows/texts.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace nlb::cli::windows {

std::string params_text() {
    return R"(WLBS Cluster Control Utility V2.4 (c) 1997-2003 Microsoft Corporation.
Cluster 192.0.2.80
Retrieving parameters
Current time              = 9/29/2009 1:36:24 PM
HostName                  = WEB1
ParametersVersion         = 4
CurrentVersion            = 00000204
EffectiveVersion          = 00000201
InstallDate               = 4A9E519F
HostPriority              = 1
ClusterIPAddress          = 192.0.2.80
ClusterNetworkMask        = 255.255.255.0
DedicatedIPAddress        = 192.0.2.11
DedicatedNetworkMask      = 255.255.255.0
McastIPAddress            = 0.0.0.0
ClusterName               = web.example.com
ClusterNetworkAddress     = 03-bf-c0-00-02-50
IPToMACEnable             = ENABLED
MulticastSupportEnable    = ENABLED
IGMPSupport               = DISABLED
MulticastARPEnable        = ENABLED
MaskSourceMAC             = ENABLED
AliveMsgPeriod            = 1000
AliveMsgTolerance         = 5
NumActions                = 100
NumPackets                = 200
NumAliveMsgs              = 66
DescriptorsPerAlloc       = 512
MaxDescriptorAllocs       = 512
TCPConnectionTimeout      = 60
IPSecConnectionTimeout    = 86400
FilterICMP                = DISABLED
ClusterModeOnStart        = STARTED
HostState                 = STARTED
PersistedStates           = NONE
ScaleSingleClient         = DISABLED
NBTSupportEnable          = ENABLED
NetmonAliveMsgs           = DISABLED
IPChangeDelay             = 60000
ConnectionCleanupDelay    = 300000
RemoteControlEnabled      = DISABLED
RemoteControlUDPPort      = 2504
RemoteControlCode         = 5EC4E7AB
RemoteMaintenanceEnabled  = 00000000
BDATeaming                = NO
TeamID                    =
Master                    = NO
ReverseHash               = NO
IdentityHeartbeatPeriod   = 10000
IdentityHeartbeatEnabled  = ENABLED

PortRules (4):

      VIP       Start  End  Prot   Mode   Pri Load Affinity
--------------- ----- ----- ---- -------- --- ---- --------
All                80    80 TCP  Multiple      Eql Single
All               443   443 TCP  Multiple       70 None
192.0.2.81       8443  8443 Both Single     2
All               100   200 Both Disabled

Statistics:

Number of active connections        = 0
Number of descriptors allocated     = 0
)";
}

std::string params_with(const std::string& name, const std::string& value) {
    std::string text = params_text();
    const std::size_t at = text.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << name;
    const std::size_t sign = text.find('=', at);
    const std::size_t end = text.find('\n', sign);
    return text.replace(sign, end - sign, "= " + value);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    if (at != std::string::npos) text.replace(at, what.size(), with);
    return text;
}

std::string second_params_text() {
    std::string text = replaced(params_with("HostPriority", "2"), "WEB1", "WEB2");
    text = replaced(text, "192.0.2.11", "192.0.2.12");
    return replaced(replaced(text, "  70 None", "  30 None"), "Single     2", "Single     1");
}

std::string in_utf16(const std::string& ascii) {
    std::string wide = "\xff\xfe";
    for (const char c : ascii) {
        if (c == '\n') wide += std::string("\r\0", 2);
        wide += c;
        wide += '\0';
    }
    return wide;
}

Imported import_of(const std::vector<NamedBytes>& files) {
    auto imported = import_files(files);
    EXPECT_TRUE(imported.ok()) << imported.error().message;
    return imported.ok() ? std::move(imported.value()) : Imported{};
}

std::string mistakes_of(const std::vector<NamedBytes>& files) {
    const auto imported = import_files(files);
    EXPECT_FALSE(imported.ok()) << imported.value().yaml;
    return imported.ok() ? "" : imported.error().message;
}

config::Config filled_in(std::string yaml) {
    const std::pair<std::string, std::string> values[] = {
        {"key_file", "web.key"},      {"tolerance", "5"}, {"mode", "multiple"},
        {"port_rules", "[]"},         {"lcores", "1"},    {"- name", "somebody"},
        {"affinity", "single"},       {"period", "1s"},   {"id", "31"},
        {"initial_state", "started"}, {"icmp", "one"},
    };
    std::size_t devices = 0;
    for (std::size_t at = yaml.find(": \"TODO\""); at != std::string::npos;
         at = yaml.find(": \"TODO\"", at + 1)) {
        const std::size_t line = yaml.rfind('\n', at) + 1;
        const std::size_t first = yaml.find_first_not_of(' ', line);
        const std::string key = yaml.substr(first, at - first);
        std::string value = "net_ring" + std::to_string(devices++);
        for (const auto& [known, with] : values)
            if (known == key) value = with;
        yaml.replace(at, 8, ": " + value);
    }
    auto loaded = config::load_text(yaml, "filled.yaml");
    EXPECT_TRUE(loaded.ok()) << loaded.error().message << "\n" << yaml;
    return loaded.ok() ? std::move(loaded.value().config) : config::Config{};
}

bool mentions(const std::vector<std::string>& sentences, const std::string& words) {
    return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
        return sentence.find(words) != std::string::npos;
    });
}

}  // namespace nlb::cli::windows
