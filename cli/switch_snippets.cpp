// One snippet is a remark with the cluster, the lines of its mode, and what must not limit them.
#include "cli/switch_snippets.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "config/format.hpp"

namespace nlb::cli {
namespace {

constexpr std::pair<std::string_view, SwitchKind> kKinds[] = {
    {"cisco", SwitchKind::cisco},
    {"arista", SwitchKind::arista},
    {"juniper", SwitchKind::juniper},
    {"linux", SwitchKind::linux_bridge},
};

// "03bf.c000.0250"
std::string dotted(const MacAddress& mac) {
    std::string text;
    for (std::size_t i = 0; i < mac.bytes.size(); ++i)
        text += fmt::format("{}{:02x}", i == 2 || i == 4 ? "." : "", mac.bytes[i]);
    return text;
}

class Snippet {
public:
    Snippet(SwitchKind kind, const SwitchedCluster& cluster)
        : kind_(kind),
          cluster_(cluster),
          mac_(cluster.mac.value_or(cluster_mac(cluster.mode, cluster.primary))),
          vlan_(cluster.vlan == 0 ? "VLAN" : std::to_string(cluster.vlan)) {}

    std::string text() {
        remark(fmt::format("cluster {}, mode {}, cluster MAC {}",
                           config::to_string(cluster_.primary), config::to_string(cluster_.mode),
                           config::to_string(mac_)));
        if (cluster_.mode == LinkMode::unicast)
            unicast();
        else
            multicast();
        text_.pop_back();
        return text_;
    }

private:
    void line(const std::string& words) { text_ += words + "\n"; }

    void remark(const std::string& words) {
        const bool bang = kind_ == SwitchKind::cisco || kind_ == SwitchKind::arista;
        line((bang ? "! " : "# ") + words);
    }

    // The cluster MAC must stay unknown to the switch, so that it floods.
    void unicast() {
        remark("no static entry for the cluster MAC, nor an ARP entry: it must be flooded");
        std::string sources;
        for (const MacAddress& mac : cluster_.masked)
            sources += (sources.empty() ? "" : " ") + config::to_string(mac);
        remark("the hosts' ports show these sources: " + sources);
        switch (kind_) {
            case SwitchKind::cisco:
                line("interface range PORTS");
                line(" no switchport block unicast");
                line(" no switchport port-security");
                line(" no storm-control unicast level");
                break;
            case SwitchKind::arista:
                line("interface PORTS");
                line("   no switchport port-security");
                line("   no storm-control unknown-unicast");
                break;
            case SwitchKind::juniper:
                line("delete switch-options interface PORT interface-mac-limit");
                line("set forwarding-options storm-control-profiles nlb all no-unknown-unicast");
                line("set interfaces PORT unit 0 family ethernet-switching storm-control nlb");
                break;
            case SwitchKind::linux_bridge:
                line("bridge link set dev PORT flood on");
                break;
        }
    }

    void multicast() {
        remark("on the router: it may not believe a group MAC that ARP names (RFC 1812)");
        for (const IpAddress& address : cluster_.addresses) neighbour(address);
        remark("on the switch");
        if (cluster_.mode == LinkMode::igmp)
            snooping();
        else
            static_group();
        storm_control();
    }

    void neighbour(const IpAddress& address) {
        const std::string ip = config::to_string(address);
        const bool v4 = address.is_v4();
        switch (kind_) {
            case SwitchKind::cisco:
            case SwitchKind::arista:
                line(v4 ? fmt::format("arp {} {} arpa", ip, dotted(mac_))
                        : fmt::format("ipv6 neighbor {} vlan {} {}", ip, vlan_, dotted(mac_)));
                break;
            case SwitchKind::juniper:
                line(fmt::format(
                    "set interfaces irb unit {} family {} address GATEWAY/LENGTH {} "
                    "{} multicast-mac {}",
                    vlan_, v4 ? "inet" : "inet6", v4 ? "arp" : "ndp", ip, config::to_string(mac_)));
                break;
            case SwitchKind::linux_bridge:
                line(fmt::format("ip neigh replace {} lladdr {} dev INTERFACE nud permanent", ip,
                                 config::to_string(mac_)));
                break;
        }
    }

    void static_group() {
        switch (kind_) {
            case SwitchKind::cisco:
            case SwitchKind::arista:
                line(fmt::format("mac address-table static {} vlan {} interface PORTS",
                                 dotted(mac_), vlan_));
                break;
            case SwitchKind::juniper:
                remark("a group MAC is flooded in the VLAN; nothing to set");
                break;
            case SwitchKind::linux_bridge:
                line("ip link set BRIDGE type bridge mcast_snooping 0");
                line("bridge link set dev PORT mcast_flood on");
                break;
        }
    }

    void snooping() {
        switch (kind_) {
            case SwitchKind::cisco:
                line("ip igmp snooping");
                line(fmt::format("ip igmp snooping vlan {}", vlan_));
                line(fmt::format("ip igmp snooping vlan {} querier", vlan_));
                break;
            case SwitchKind::arista:
                line(fmt::format("ip igmp snooping vlan {}", vlan_));
                line(fmt::format("ip igmp snooping vlan {} querier", vlan_));
                line(fmt::format("ip igmp snooping vlan {} querier address GATEWAY", vlan_));
                break;
            case SwitchKind::juniper:
                line(fmt::format("set protocols igmp-snooping vlan {}", vlan_));
                line(
                    fmt::format("set protocols igmp-snooping vlan {} l2-querier source-address "
                                "GATEWAY",
                                vlan_));
                break;
            case SwitchKind::linux_bridge:
                line("ip link set BRIDGE type bridge mcast_snooping 1 mcast_querier 1");
                line("bridge link set dev PORT mcast_router 2");
                break;
        }
    }

    // All clients' traffic comes as multicast there: a limit for it limits the service.
    void storm_control() {
        switch (kind_) {
            case SwitchKind::cisco:
                line("interface range PORTS");
                line(" no storm-control multicast level");
                break;
            case SwitchKind::arista:
                line("interface PORTS");
                line("   no storm-control multicast");
                break;
            case SwitchKind::juniper:
                line("set forwarding-options storm-control-profiles nlb all no-multicast");
                line("set interfaces PORT unit 0 family ethernet-switching storm-control nlb");
                break;
            case SwitchKind::linux_bridge:
                break;
        }
    }

    SwitchKind kind_;
    const SwitchedCluster& cluster_;
    MacAddress mac_;
    std::string vlan_;
    std::string text_;
};

}  // namespace

std::optional<SwitchKind> switch_kind_of(std::string_view word) {
    const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                     [&](const auto& kind) { return kind.first == word; });
    if (found == std::end(kKinds)) return std::nullopt;
    return found->second;
}

std::string switch_kinds() {
    return "cisco, arista, juniper or linux";
}

std::string switch_snippet(SwitchKind kind, const SwitchedCluster& cluster) {
    return Snippet(kind, cluster).text();
}

}  // namespace nlb::cli
