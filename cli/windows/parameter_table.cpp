#include "cli/windows/parameter_table.hpp"

#include <algorithm>

#include "cli/windows/source_text.hpp"

namespace nlb::cli::windows {
namespace {

constexpr Parameter kParameters[] = {
    {"ClusterIPAddress", Fate::taken, "address"},
    {"ClusterNetworkMask", Fate::taken, "address"},
    {"ClusterName", Fate::taken, "name"},
    {"ClusterMode", Fate::taken, "mode"},
    {"ClusterNetworkAddress", Fate::taken, "mac"},
    {"MaskSourceMAC", Fate::taken, "mask_source_mac"},
    {"MulticastSupportEnable", Fate::taken, "mode"},
    {"IGMPSupport", Fate::taken, "mode"},
    {"VirtualIpAddresses", Fate::taken, "virtual_addresses"},
    {"AliveMsgPeriod", Fate::taken, "heartbeat.period"},
    {"AliveMsgTolerance", Fate::taken, "heartbeat.tolerance"},
    {"FilterICMP", Fate::taken, "icmp"},
    {"MaxConnectionDescriptors", Fate::taken, "connections.max"},
    {"MaxDescriptorAllocs", Fate::taken, "connections.max"},
    {"DescriptorsPerAlloc", Fate::taken, "connections.max"},
    {"TCPConnectionTimeout", Fate::taken, "connections.closing"},
    {"IPSecConnectionTimeout", Fate::taken, "ipsec.idle"},
    {"DropStateIfNotBucketOwner", Fate::taken, "ipsec.drop_state_if_not_bucket_owner"},
    {"PortRules", Fate::taken, "port_rules"},
    {"HostName", Fate::taken, "hosts[].name"},
    {"HostPriority", Fate::taken, "hosts[].id"},
    {"DedicatedIPAddress", Fate::taken, "hosts[].addresses"},
    {"DedicatedIPAddresses", Fate::taken, "hosts[].addresses"},
    {"DedicatedNetworkMask", Fate::taken, "hosts[].addresses"},
    {"DedicatedNetworkMasks", Fate::taken, "hosts[].addresses"},
    {"ClusterModeOnStart", Fate::taken, "hosts[].initial_state"},
    {"ClusterModeSuspendOnStart", Fate::taken, "hosts[].initial_state"},
    {"PersistSuspendOnReboot", Fate::taken, "hosts[].initial_state"},
    {"PersistedStates", Fate::taken, "hosts[].initial_state"},
    {"IPToMACEnable", Fate::answered, "the MAC comes from the address and the mode"},
    {"MulticastARPEnable", Fate::answered, "ARP names the cluster MAC in every mode"},
    {"McastIPAddress", Fate::answered, "the group is 239.255.y.z of the address"},
    {"ClusterIPToMulticastIP", Fate::answered, "the group is 239.255.y.z of the address"},
    {"UnicastInterHostCommSupport", Fate::answered, "hosts reach one another in every mode"},
    {"GreDescriptorTimeout", Fate::answered, "GRE ends with its session, or after 10 s idle"},
    {"ConnectionCleanupDelay", Fate::answered, "hosts tell where they still have connections"},
    {"EnableTCPNotification", Fate::answered, "packets are watched, in both directions"},
    {"ScaleSingleClient", Fate::answered, "affinity none spreads one client's connections"},
    {"NetmonAliveMsgs", Fate::answered, "every capture shows heartbeats, read by nlb.lua"},
    {"IdentityHeartbeatPeriod", Fate::answered, "hosts' names are in the configuration"},
    {"IdentityHeartbeatEnabled", Fate::answered, "hosts' names are in the configuration"},
    {"RemoteControlEnabled", Fate::answered, "stays off: switch remote_control on by hand"},
    {"RemoteControlUDPPort", Fate::answered, "remote_control.port, by hand"},
    {"NumberOfRules", Fate::answered, "the rules are counted"},
    {"Interface", Fate::answered, "hosts[].outside names the adapter, by hand"},
    {"SpecificTo", Fate::answered, "hosts[].outside names the adapter, by hand"},
    {"AdapterGuid", Fate::answered, "hosts[].outside names the adapter, by hand"},
    {"BDATeaming", Fate::refused, "two clusters do not share a client's host yet"},
    {"TeamID", Fate::refused, "as BDATeaming"},
    {"Master", Fate::refused, "as BDATeaming"},
    {"ReverseHash", Fate::refused, "as BDATeaming"},
    {"NumActions", Fate::refused, "memory of Windows' driver; nothing here is sized by it"},
    {"NumPackets", Fate::refused, "memory of Windows' driver; nothing here is sized by it"},
    {"NumAliveMsgs", Fate::refused, "memory of Windows' driver; nothing here is sized by it"},
    {"IPChangeDelay", Fate::refused, "addresses change with reload, on all hosts together"},
    {"NBTSupportEnable", Fate::refused, "a name service belongs to DNS or Samba, not here"},
    {"RemoteControlCode", Fate::refused, "a 32-bit password in clear; `nlb keygen` makes keys"},
    {"RemoteMaintenanceEnabled", Fate::refused, "nothing public says what it does"},
    {"LicenseKey", Fate::refused, "there are no licences"},
    {"HostState", Fate::silent, "the state of the moment"},
    {"ParametersVersion", Fate::silent, "a version of Windows' own"},
    {"CurrentVersion", Fate::silent, "a version of Windows' own"},
    {"EffectiveVersion", Fate::silent, "a version of Windows' own"},
    {"InstallDate", Fate::silent, "a date"},
    {"State", Fate::silent, "the state of the moment"},
    {"Cluster", Fate::silent, "the name of the cluster, of a PowerShell object"},
    {"Host", Fate::silent, "the name of the host with its domain"},
    {"FullyQualifiedDomainName", Fate::silent, "the name with its domain"},
    {"ConfigurationError", Fate::silent, "the state of the moment"},
};

constexpr Parameter kRuleParameters[] = {
    {"VirtualIPAddress", Fate::taken, "vip"},
    {"StartPort", Fate::taken, "ports"},
    {"EndPort", Fate::taken, "ports"},
    {"Protocol", Fate::taken, "protocol"},
    {"Mode", Fate::taken, "mode"},
    {"Affinity", Fate::taken, "affinity"},
    {"Timeout", Fate::taken, "affinity.timeout"},
    {"TimeoutSeconds", Fate::taken, "affinity.timeout"},
    {"EqualLoad", Fate::taken, "hosts[].weights"},
    {"LoadWeight", Fate::taken, "hosts[].weights"},
    {"Priority", Fate::taken, "hosts[].priorities"},
    {"PortState", Fate::silent, "the state of the moment"},
    {"Cluster", Fate::silent, "the name of the cluster, of a PowerShell object"},
    {"NodeName", Fate::silent, "the name of the host, of a PowerShell object"},
    {"Name", Fate::silent, "the name of the host, of a WMI object"},
    {"AdapterGuid", Fate::silent, "the adapter, of a WMI object"},
};

constexpr Alias kAliases[] = {
    {"AliveMessagePeriod", "AliveMsgPeriod"},
    {"MembershipHeartbeatPeriod", "AliveMsgPeriod"},
    {"AliveMessageTolerance", "AliveMsgTolerance"},
    {"MembershipHeartbeatLossTolerance", "AliveMsgTolerance"},
    {"ClusterNetMask", "ClusterNetworkMask"},
    {"ClusterMacAddress", "ClusterNetworkAddress"},
    {"ClusterIpToClusterMacEnabled", "IPToMACEnable"},
    {"MaskSourceMacEnabled", "MaskSourceMAC"},
    {"MulticastSpoofEnabled", "MulticastARPEnable"},
    {"MulticastIPAddress", "McastIPAddress"},
    {"ICMPFilteringEnabled", "FilterICMP"},
    {"NetBTSupportEnabled", "NBTSupportEnable"},
    {"UnicastInterHostCommunicationSupportEnabled", "UnicastInterHostCommSupport"},
    {"MaximumConnectionDescriptors", "MaxConnectionDescriptors"},
    {"MaxDescriptorsPerAlloc", "MaxDescriptorAllocs"},
    {"TcpDescriptorTimeout", "TCPConnectionTimeout"},
    {"IpSecDescriptorTimeout", "IPSecConnectionTimeout"},
    {"NumAliveMessages", "NumAliveMsgs"},
    {"HostIdentifier", "HostPriority"},
    {"HostId", "HostPriority"},
    {"InitialHostState", "ClusterModeOnStart"},
    {"PersistSuspendedState", "PersistSuspendOnReboot"},
    {"RetainSuspended", "PersistSuspendOnReboot"},
    {"PersistedHostStates", "PersistedStates"},
    {"CurrentHostState", "HostState"},
    {"EffectiveNlbVersion", "EffectiveVersion"},
    {"InterfaceName", "Interface"},
    {"FilteringMode", "Mode"},
    {"ClientAffinity", "Affinity"},
    {"ClientStickinessTimeout", "Timeout"},
    {"HandlingPriority", "Priority"},
};

std::string_view first_name(std::string_view name) {
    const auto found = std::find_if(std::begin(kAliases), std::end(kAliases),
                                    [&](const Alias& a) { return same_name(a.other, name); });
    return found == std::end(kAliases) ? name : found->name;
}

const Parameter* find_in(std::span<const Parameter> table, std::string_view name) {
    const std::string_view wanted = first_name(name);
    const auto found = std::find_if(table.begin(), table.end(), [&](const Parameter& parameter) {
        return same_name(parameter.name, wanted);
    });
    return found == table.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Parameter> parameters() {
    return kParameters;
}

std::span<const Parameter> rule_parameters() {
    return kRuleParameters;
}

std::span<const Alias> aliases() {
    return kAliases;
}

const Parameter* find_parameter(std::string_view name) {
    return find_in(kParameters, name);
}

const Parameter* find_rule_parameter(std::string_view name) {
    // unattend.xml calls a rule's handling priority by the host's name for its own.
    return find_in(kRuleParameters, same_name(name, "HostPriority") ? "Priority" : name);
}

}  // namespace nlb::cli::windows
