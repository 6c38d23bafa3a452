// The order of the checks, and those that concern a cluster as a whole.
#include "config/validate.hpp"

#include <algorithm>

#include "config/format.hpp"

namespace nlb::config {
namespace {

void validate_names(const Config& config, Diagnostics& report) {
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const std::string path = path_of("clusters", i) + ".name";
        for (std::size_t j = 0; j < i; ++j) {
            const std::string earlier = path_of("clusters", j) + ".name";
            const bool same = config.clusters[i].name == config.clusters[j].name &&
                              !config.clusters[i].name.empty();
            if (!same || report.broken(path) || report.broken(earlier)) continue;
            report.mistake(path, "expected a name that no other cluster has, got " +
                                     in_quotes(config.clusters[i].name) + " as in " + earlier);
            break;
        }
    }
}

void validate_link(const Cluster& cluster, const std::string& path, Diagnostics& report) {
    const bool read = report.holds(path + ".address") && !report.broken(path + ".address");
    if (read && cluster.mode == LinkMode::igmp && !cluster.address.address.is_v4())
        report.mistake(path + ".mode",
                       "expected unicast or multicast, because igmp needs an IPv4 primary address, "
                       "got \"igmp\" with " +
                           in_quotes(to_string(cluster.address.address)));
}

void validate_heartbeat(const Cluster& cluster, const std::string& path, Diagnostics& report) {
    if (cluster.heartbeat.tolerance >= kToleranceAdvised) return;
    report.warning(path + ".heartbeat.tolerance",
                   "expected at least 5, because with fewer two lost frames one way and one the "
                   "other way can make two owners, got \"" +
                       std::to_string(cluster.heartbeat.tolerance) + "\"");
}

void validate_keys(const Cluster& cluster, const std::string& path, Diagnostics& report) {
    const auto& former = cluster.former_key_files;
    for (std::size_t i = 0; i < former.size(); ++i) {
        const bool again =
            former[i] == cluster.key_file ||
            std::find(former.begin(), former.begin() + static_cast<std::ptrdiff_t>(i), former[i]) !=
                former.begin() + static_cast<std::ptrdiff_t>(i);
        const std::string at = path_of(path + ".former_key_files", i);
        if (again && !report.broken(at))
            report.mistake(
                at, "expected a key file that is not named already, got " + in_quotes(former[i]));
    }
}

// UDP 500 and 4500 are IPsec's: what is sent there belongs to a session.
constexpr std::uint16_t kIpsecPorts[] = {500, 4500};

void validate_remote_control(const Cluster& cluster, const std::string& path, Diagnostics& report) {
    const RemoteControl& remote = cluster.remote_control;
    const std::string at = path + ".remote_control";
    if (!remote.enabled || report.broken(at)) return;
    if (remote.key_file.empty() && !report.broken(at + ".key_file"))
        report.mistake(at, "expected a key_file that `nlb keygen` wrote, got none");
    if (remote.key_file == cluster.key_file && !remote.key_file.empty())
        report.mistake(at + ".key_file",
                       "expected another key than the cluster's, whose holder is a host, got " +
                           in_quotes(remote.key_file));
    if (report.broken(at + ".port")) return;
    if (std::find(std::begin(kIpsecPorts), std::end(kIpsecPorts), remote.port) !=
        std::end(kIpsecPorts))
        report.mistake(at + ".port", "expected a port that IPsec does not use, got " +
                                         in_quotes(std::to_string(remote.port)));
    for (const PortRule& rule : cluster.port_rules)
        if (rule.protocols != Protocols::tcp && rule.ports.first == remote.port &&
            rule.ports.last == remote.port)
            report.warning(at + ".port", "expected a port that no rule is for, got " +
                                             in_quotes(std::to_string(remote.port)) + ": rule " +
                                             in_quotes(rule.name) +
                                             " will see none of its packets");
}

void validate_listens(const Config& config, Diagnostics& report) {
    const bool same =
        !config.manager.listen.empty() && config.manager.listen == config.metrics.listen;
    if (same && !report.broken("manager.listen"))
        report.mistake("manager.listen",
                       "expected another address or port than metrics.listen, got " +
                           in_quotes(config.manager.listen));
}

}  // namespace

void validate(const Config& config, Diagnostics& report) {
    validate_names(config, report);
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const std::string path = path_of("clusters", i);
        const Cluster& cluster = config.clusters[i];
        validate_link(cluster, path, report);
        validate_heartbeat(cluster, path, report);
        validate_keys(cluster, path, report);
        validate_remote_control(cluster, path, report);
        validate_rules(cluster, path, report);
        validate_hosts(cluster, path, report);
    }
    validate_addresses(config, report);
    validate_devices(config, report);
    validate_listens(config, report);
}

}  // namespace nlb::config
