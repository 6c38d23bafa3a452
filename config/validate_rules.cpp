// Port rules among themselves: names, ranges that overlap, and settings that the rule's mode has no
// use for.
#include <algorithm>

#include "config/format.hpp"
#include "config/validate.hpp"

namespace nlb::config {
namespace {

bool share_a_port(const PortRule& one, const PortRule& other) {
    const bool protocols =
        (static_cast<unsigned>(one.protocols) & static_cast<unsigned>(other.protocols)) != 0;
    return protocols && one.vip == other.vip && one.ports.first <= other.ports.last &&
           other.ports.first <= one.ports.last;
}

// "tcp 80, vip all"
std::string scope_of(const PortRule& rule) {
    return to_string(rule.protocols) + " " + to_string(rule.ports) + ", vip " +
           (rule.vip ? to_string(*rule.vip) : "all");
}

bool is_virtual(const Cluster& cluster, const IpAddress& address) {
    return cluster.address.address == address ||
           std::any_of(cluster.virtual_addresses.begin(), cluster.virtual_addresses.end(),
                       [&](const Prefix& prefix) { return prefix.address == address; });
}

// Requires: no earlier mistake in either rule.
void validate_pair(const PortRule& earlier, const std::string& earlier_path, const PortRule& rule,
                   const std::string& path, Diagnostics& diagnostics) {
    if (rule.name == earlier.name)
        diagnostics.mistake(path + ".name", "expected a name that no other rule has, got " +
                                                in_quotes(rule.name) + " as in " + earlier_path);
    // A rule for one address beats a rule for all of them, so only equal scopes compete.
    if (!share_a_port(earlier, rule)) return;
    diagnostics.mistake(path + ".ports", "expected ports apart from those of rule " +
                                             in_quotes(earlier.name) + " (" + scope_of(earlier) +
                                             "), got " + scope_of(rule));
}

void validate_alone(const Cluster& cluster, const PortRule& rule, const std::string& path,
                    Diagnostics& diagnostics) {
    const bool addresses_read =
        !diagnostics.broken(path.substr(0, path.find(".port_rules")) + ".virtual_addresses") &&
        !diagnostics.broken(path.substr(0, path.find(".port_rules")) + ".address");
    if (rule.vip && addresses_read && !diagnostics.broken(path + ".vip") &&
        !is_virtual(cluster, *rule.vip))
        diagnostics.mistake(path + ".vip",
                            "expected all or one of the cluster's virtual addresses, got " +
                                in_quotes(to_string(*rule.vip)));
    if (diagnostics.broken(path + ".mode")) return;
    const std::string mode = to_string(rule.mode);
    if (rule.mode != RuleMode::multiple && diagnostics.holds(path + ".weight"))
        diagnostics.mistake(path + ".weight",
                            "expected no weight for a rule of mode " + mode + ", got one");
    if (rule.mode != RuleMode::multiple && rule.affinity_timeout)
        diagnostics.mistake(path + ".affinity.timeout",
                            "expected no timeout for a rule of mode " + mode + ", got one");
    if (rule.affinity == Affinity::none && rule.affinity_timeout &&
        !diagnostics.broken(path + ".affinity"))
        diagnostics.mistake(path + ".affinity.timeout",
                            "expected no timeout with affinity none, got one");
}

// A rule that every host gives weight 0 is served by nobody; that can be meant, for a while.
void warn_of_no_weight(const Cluster& cluster, const PortRule& rule, const std::string& path,
                       Diagnostics& diagnostics) {
    const bool nobody = std::all_of(cluster.hosts.begin(), cluster.hosts.end(),
                                    [&](const Host& host) { return weight_of(host, rule) == 0; });
    if (rule.mode == RuleMode::multiple && nobody && !cluster.hosts.empty() && !rule.name.empty())
        diagnostics.warning(path, "expected a host with a weight above 0 for rule " +
                                      in_quotes(rule.name) + ", got none: its traffic is lost");
}

}  // namespace

void validate_rules(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    const std::string list = path + ".port_rules";
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i) {
        const std::string at = path_of(list, i);
        const bool broken = diagnostics.broken(at);
        validate_alone(cluster, cluster.port_rules[i], at, diagnostics);
        for (std::size_t j = 0; j < i && !broken; ++j) {
            const std::string earlier = path_of(list, j);
            if (!diagnostics.broken(earlier))
                validate_pair(cluster.port_rules[j], earlier, cluster.port_rules[i], at,
                              diagnostics);
        }
        validate_health(cluster.port_rules[i], at, diagnostics);
        warn_of_no_weight(cluster, cluster.port_rules[i], at, diagnostics);
    }
}

}  // namespace nlb::config
