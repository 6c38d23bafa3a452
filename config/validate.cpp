// The order of the checks, and those that concern a cluster as a whole.
#include "config/validate.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "config/format.hpp"

namespace nlb::config {
namespace {

void validate_names(const Config& config, Diagnostics& diagnostics) {
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const std::string path = path_of("clusters", i) + ".name";
        for (std::size_t j = 0; j < i; ++j) {
            const std::string earlier = path_of("clusters", j) + ".name";
            const bool same = config.clusters[i].name == config.clusters[j].name &&
                              !config.clusters[i].name.empty();
            if (!same || diagnostics.broken(path) || diagnostics.broken(earlier)) continue;
            diagnostics.mistake(path, "expected a name that no other cluster has, got " +
                                          in_quotes(config.clusters[i].name) + " as in " + earlier);
            break;
        }
    }
}

void validate_link(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    const bool read =
        diagnostics.holds(path + ".address") && !diagnostics.broken(path + ".address");
    if (read && cluster.mode == LinkMode::igmp && !cluster.address.address.is_v4())
        diagnostics.mistake(
            path + ".mode",
            "expected unicast or multicast, because igmp needs an IPv4 primary address, "
            "got \"igmp\" with " +
                in_quotes(to_string(cluster.address.address)));
}

constexpr MacAddress kEveryStation{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

bool masks_as(const Cluster& cluster, const MacAddress& mac) {
    return std::any_of(cluster.hosts.begin(), cluster.hosts.end(), [&](const Host& host) {
        return host.id != kNoHost && host.id <= kHostsMax &&
               mac == masked_mac(host.id, cluster.address.address);
    });
}

void validate_mac(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    if (!cluster.mac || diagnostics.broken(path + ".mac")) return;
    const MacAddress& mac = *cluster.mac;
    const std::string got = ", got " + in_quotes(to_string(mac));
    const std::string at = path + ".mac";
    if (cluster.mode == LinkMode::igmp)
        diagnostics.mistake(
            at, "expected no mac in mode igmp, whose group comes from the address" + got);
    else if (cluster.mode == LinkMode::multicast && (!mac.is_group() || mac == kEveryStation))
        diagnostics.mistake(at, "expected the MAC of a group in mode multicast" + got);
    else if (cluster.mode == LinkMode::unicast && (mac.is_group() || mac == MacAddress{}))
        diagnostics.mistake(at, "expected the MAC of one station in mode unicast" + got);
    else if (cluster.mode == LinkMode::unicast && masks_as(cluster, mac))
        diagnostics.mistake(at, "expected another MAC than a host's masked source" + got);
}

void validate_masking(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    if (cluster.mask_source_mac) return;
    diagnostics.warning(
        path + ".mask_source_mac",
        cluster.mode == LinkMode::unicast
            ? "false teaches a switch where the cluster MAC is, and it floods no more: "
              "right only where all hosts hang on one port of it, by a hub"
            : "false changes nothing in mode " + std::string(to_string(cluster.mode)));
}

void validate_heartbeat(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    if (cluster.heartbeat.tolerance >= kToleranceAdvised) return;
    diagnostics.warning(
        path + ".heartbeat.tolerance",
        "expected at least 5, because with fewer two lost frames one way and one the "
        "other way can make two owners, got \"" +
            std::to_string(cluster.heartbeat.tolerance) + "\"");
}

void validate_keys(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    const auto& former = cluster.former_key_files;
    for (std::size_t i = 0; i < former.size(); ++i) {
        const bool again =
            former[i] == cluster.key_file ||
            std::find(former.begin(), former.begin() + static_cast<std::ptrdiff_t>(i), former[i]) !=
                former.begin() + static_cast<std::ptrdiff_t>(i);
        const std::string at = path_of(path + ".former_key_files", i);
        if (again && !diagnostics.broken(at))
            diagnostics.mistake(
                at, "expected a key file that is not named already, got " + in_quotes(former[i]));
    }
}

// A machine is one host by one name, and its programs are one pair: what it says twice must agree.
void validate_metrics(const Config& config, Diagnostics& diagnostics) {
    std::map<std::string, std::pair<std::string, const Metrics*>> said;
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        for (std::size_t j = 0; j < config.clusters[i].hosts.size(); ++j) {
            const Host& host = config.clusters[i].hosts[j];
            const std::string at =
                path_of(path_of("clusters", i) + ".hosts", j) + ".metrics.listen";
            if (!host.metrics || diagnostics.broken(at)) continue;
            const auto [first, fresh] = said.try_emplace(host.name, at, &*host.metrics);
            if (!fresh && first->second.second->listen != host.metrics->listen)
                diagnostics.mistake(at, "expected the same as in " + first->second.first +
                                            ", because the host " + in_quotes(host.name) +
                                            " is one");
        }
    }
}

// UDP 500 and 4500 are IPsec's: what is sent there belongs to a session.
constexpr std::uint16_t kIpsecPorts[] = {500, 4500};

void validate_remote_control(const Cluster& cluster, const std::string& path,
                             Diagnostics& diagnostics) {
    const RemoteControl& remote = cluster.remote_control;
    const std::string at = path + ".remote_control";
    if (!remote.enabled || diagnostics.broken(at)) return;
    if (remote.key_file.empty() && !diagnostics.broken(at + ".key_file"))
        diagnostics.mistake(at, "expected a key_file that `nlb keygen` wrote, got none");
    if (remote.key_file == cluster.key_file && !remote.key_file.empty())
        diagnostics.mistake(
            at + ".key_file",
            "expected another key than the cluster's, whose holder is a host, got " +
                in_quotes(remote.key_file));
    if (diagnostics.broken(at + ".port")) return;
    if (std::find(std::begin(kIpsecPorts), std::end(kIpsecPorts), remote.port) !=
        std::end(kIpsecPorts))
        diagnostics.mistake(at + ".port", "expected a port that IPsec does not use, got " +
                                              in_quotes(std::to_string(remote.port)));
    for (const PortRule& rule : cluster.port_rules)
        if (rule.protocols != Protocols::tcp && rule.ports.first == remote.port &&
            rule.ports.last == remote.port)
            diagnostics.warning(at + ".port", "expected a port that no rule is for, got " +
                                                  in_quotes(std::to_string(remote.port)) +
                                                  ": rule " + in_quotes(rule.name) +
                                                  " will see none of its packets");
}

void validate_listens(const Config& config, Diagnostics& diagnostics) {
    const std::string& page = config.manager.listen;
    if (page.empty() || diagnostics.broken("manager.listen")) return;
    const auto takes = [&](const Metrics& metrics) {
        return std::find(metrics.listen.begin(), metrics.listen.end(), page) !=
               metrics.listen.end();
    };
    bool taken = takes(config.metrics);
    for (const Cluster& cluster : config.clusters)
        for (const Host& host : cluster.hosts)
            taken = taken || (host.metrics && takes(*host.metrics));
    if (taken)
        diagnostics.mistake(
            "manager.listen",
            "expected another address or port than metrics.listen, got " + in_quotes(page));
}

}  // namespace

void validate(const Config& config, Diagnostics& diagnostics) {
    validate_names(config, diagnostics);
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const std::string path = path_of("clusters", i);
        const Cluster& cluster = config.clusters[i];
        validate_link(cluster, path, diagnostics);
        validate_mac(cluster, path, diagnostics);
        validate_masking(cluster, path, diagnostics);
        validate_heartbeat(cluster, path, diagnostics);
        validate_keys(cluster, path, diagnostics);
        validate_remote_control(cluster, path, diagnostics);
        validate_rules(cluster, path, diagnostics);
        validate_hosts(cluster, path, diagnostics);
    }
    validate_addresses(config, diagnostics);
    validate_devices(config, diagnostics);
    validate_metrics(config, diagnostics);
    validate_listens(config, diagnostics);
}

}  // namespace nlb::config
