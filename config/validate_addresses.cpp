// Every address of the file: of a kind that a host can have, and meant for one purpose only.
#include <map>
#include <utility>
#include <vector>

#include "config/format.hpp"
#include "config/validate.hpp"
#include "core/tables/address_table.hpp"

namespace nlb::config {
namespace {

struct Use {
    Prefix prefix;
    std::string path;
    std::size_t cluster;
    std::string host;  // empty: virtual
};

std::vector<Use> uses_in(const Cluster& cluster, std::size_t index) {
    const std::string path = path_of("clusters", index);
    std::vector<Use> uses{Use{cluster.address, path + ".address", index, ""}};
    for (std::size_t i = 0; i < cluster.virtual_addresses.size(); ++i)
        uses.push_back(
            Use{cluster.virtual_addresses[i], path_of(path + ".virtual_addresses", i), index, ""});
    for (std::size_t h = 0; h < cluster.hosts.size(); ++h) {
        const Host& host = cluster.hosts[h];
        const std::string host_path = path_of(path + ".hosts", h);
        // A host without a readable name is no other's machine; its path is a name that no host can
        // have.
        const std::string& machine = host.name.empty() ? host_path : host.name;
        for (std::size_t i = 0; i < host.addresses.size(); ++i)
            uses.push_back(
                Use{host.addresses[i], path_of(host_path + ".addresses", i), index, machine});
    }
    return uses;
}

// Empty: fine. Otherwise what the address is instead of a host's.
std::string unusable(const Prefix& prefix) {
    const IpAddress& address = prefix.address;
    if (!address.is_v4()) {
        if (address == IpAddress{}) return "the unspecified address";
        if (address.bytes[0] == 0xff) return "a multicast address";
        IpAddress loopback;
        loopback.bytes[15] = 1;
        return address == loopback ? "the loopback address" : "";
    }
    const std::uint32_t value = address.as_v4();
    if (value >> 24 == 0) return "an address of \"this network\"";
    if (value >> 24 == 127) return "a loopback address";
    if (value >> 28 == 0xe) return "a multicast address";
    if (value >> 28 == 0xf) return "a reserved address";
    if (prefix.length >= 31) return "";
    const std::uint32_t host_bits = 0xffffffffU >> prefix.length;
    if ((value & host_bits) == 0) return "its network's own address";
    return (value & host_bits) == host_bits ? "its network's broadcast address" : "";
}

// A router forwards no packet to such an address, and ARP and neighbour discovery for it are the
// inside stack's (RFC 3927 2.7, RFC 4291 2.5.6).
bool is_beyond_routers(const IpAddress& address) {
    if (!address.is_v4()) return is_link_local(address);
    return address.as_v4() >> 16 == 0xa9fe;
}

class AddressChecks {
public:
    explicit AddressChecks(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    void add(const Use& use) {
        if (!diagnostics_.holds(use.path) || diagnostics_.broken(use.path)) return;
        const std::string text = in_quotes(to_string(use.prefix.address));
        if (const std::string instead = unusable(use.prefix); !instead.empty())
            return diagnostics_.mistake(use.path, "expected an address that a host can have, got " +
                                                      in_quotes(to_string(use.prefix)) + ", " +
                                                      instead);
        if (use.host.empty() && is_beyond_routers(use.prefix.address))
            return diagnostics_.mistake(use.path,
                                        "expected a virtual address that clients can reach, got " +
                                            in_quotes(to_string(use.prefix)) +
                                            ", a link-local address; take one of a routed network");
        const auto known = uses_.emplace(use.prefix.address, use);
        if (known.second) return;
        const Use& earlier = known.first->second;
        if (use.host.empty() != earlier.host.empty())
            return diagnostics_.mistake(
                use.path, "expected a " + std::string(use.host.empty() ? "virtual" : "dedicated") +
                              " address, got " + text + ", which is " +
                              (use.host.empty() ? "dedicated" : "virtual") + " in " + earlier.path);
        // One machine may be in two clusters under the same dedicated address.
        const bool same_machine =
            !use.host.empty() && use.host == earlier.host && use.cluster != earlier.cluster;
        if (!same_machine)
            diagnostics_.mistake(use.path, "expected an address that is used once, got " + text +
                                               " as in " + earlier.path);
    }

private:
    Diagnostics& diagnostics_;
    std::map<IpAddress, Use> uses_;
};

// The broadcast address of each subnet is one that the cores know too; the tables have room for so
// many addresses together.
void validate_broadcast(const std::vector<Use>& uses, const std::string& path,
                        Diagnostics& diagnostics) {
    std::map<IpAddress, std::string> broadcasts;
    for (const Use& use : uses) {
        if (!use.prefix.address.is_v4() || use.prefix.length >= 31 || diagnostics.broken(use.path))
            continue;
        broadcasts.emplace(
            IpAddress::v4(use.prefix.address.as_v4() | 0xffffffffU >> use.prefix.length), use.path);
    }
    for (const Use& use : uses) {
        const auto found = broadcasts.find(use.prefix.address);
        if (found != broadcasts.end() && !diagnostics.broken(use.path))
            diagnostics.mistake(use.path, "expected an address that a host can have, got " +
                                              in_quotes(to_string(use.prefix)) +
                                              ", the broadcast address of the subnet of " +
                                              found->second);
    }
    if (uses.size() + broadcasts.size() > kAddressesMax)
        diagnostics.mistake(path, "expected at most " + std::to_string(kAddressesMax) +
                                      " addresses, with broadcast addresses, got " +
                                      std::to_string(uses.size() + broadcasts.size()));
}

// The group is 239.255.y.z: two clusters that share y.z would join one group and hear each other's
// frames.
void warn_of_shared_group(const Config& config, Diagnostics& diagnostics) {
    std::map<std::pair<Byte, Byte>, std::string> groups;
    for (std::size_t c = 0; c < config.clusters.size(); ++c) {
        const Cluster& cluster = config.clusters[c];
        const std::string path = path_of("clusters", c) + ".address";
        if (cluster.mode != LinkMode::igmp || diagnostics.broken(path)) continue;
        const auto& bytes = cluster.address.address.bytes;
        const auto added = groups.emplace(std::pair{bytes[14], bytes[15]}, path);
        if (!added.second)
            diagnostics.warning(
                path, "expected the last two bytes to differ between clusters of mode igmp, got " +
                          in_quotes(to_string(cluster.address.address)) +
                          ", whose multicast group is also that of " + added.first->second);
    }
}

// The kernel refuses a gateway that no connected network holds.
void validate_gateway(const IpAddress& gateway, const std::vector<Prefix>& connected,
                      const std::string& path, Diagnostics& diagnostics) {
    bool reachable = is_link_local(gateway);
    bool ours = false;
    for (const Prefix& prefix : connected) {
        ours |= prefix.address == gateway;
        reachable |= same_subnet(prefix.address, gateway, prefix.length);
    }
    if (ours || !reachable)
        diagnostics.mistake(
            path,
            "expected a router in a subnet of this host's or the cluster's addresses, "
            "got " +
                in_quotes(to_string(gateway)) + (ours ? ", which is one of these addresses" : ""));
}

void validate_gateways(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    for (std::size_t h = 0; h < cluster.hosts.size(); ++h) {
        const Host& host = cluster.hosts[h];
        const std::string at = path_of(path + ".hosts", h);
        if (diagnostics.broken(at + ".gateway") || diagnostics.broken(at + ".addresses")) continue;
        std::vector<Prefix> connected = host.addresses;
        connected.push_back(cluster.address);
        connected.insert(connected.end(), cluster.virtual_addresses.begin(),
                         cluster.virtual_addresses.end());
        for (const IpAddress& gateway : host.gateways)
            validate_gateway(gateway, connected, at + ".gateway", diagnostics);
    }
}

}  // namespace

void validate_addresses(const Config& config, Diagnostics& diagnostics) {
    AddressChecks checks(diagnostics);
    for (std::size_t c = 0; c < config.clusters.size(); ++c) {
        const std::vector<Use> uses = uses_in(config.clusters[c], c);
        for (const Use& use : uses) checks.add(use);
        validate_broadcast(uses, path_of("clusters", c), diagnostics);
        validate_gateways(config.clusters[c], path_of("clusters", c), diagnostics);
    }
    warn_of_shared_group(config, diagnostics);
}

}  // namespace nlb::config
