// Configurations are compared as lines of path and value, the form in which hosts compare them too:
// what a person is told names the place in the file.
#include "controlplane/agent/reload.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "config/digest.hpp"
#include "config/format.hpp"
#include "config/table_builder.hpp"

namespace nlb::controlplane {
namespace {

using Lines = config::CanonicalLines;
using config::Difference;

// What hosts must agree on and cannot change under way: leases and burials of two timings do not
// fit together, and a cluster is known by its address and mode.
constexpr std::array<std::string_view, 6> kFixedPaths{
    "name", "address", "mode", "heartbeat.period", "heartbeat.tolerance", "partition"};

Error refusal(const std::string& where, const Difference& first, const std::string& remedy) {
    return Error{where + first.path + " is " + first.mine + " in force and " + first.theirs +
                 " in the file; " + remedy};
}

std::string joined(const std::vector<std::string>& texts) {
    std::string text;
    for (const std::string& one : texts) text += (text.empty() ? "" : ",") + one;
    return text.empty() ? "none" : text;
}

Lines local_lines(const config::Cluster& cluster, const config::Host& host) {
    Lines lines{{"connections.tcp_idle", config::to_string(cluster.connections.tcp_idle)},
                {"connections.half_open", config::to_string(cluster.connections.half_open)},
                {"connections.closing", config::to_string(cluster.connections.closing)},
                {"former_key_files", joined(cluster.former_key_files)},
                {"initial_state", config::to_string(host.initial_state)}};
    for (const config::PortRule& rule : cluster.port_rules) {
        if (rule.mode == RuleMode::multiple)
            lines.emplace_back("weights." + rule.name,
                               std::to_string(config::weight_of(host, rule)));
        if (rule.mode == RuleMode::single)
            lines.emplace_back("priorities." + rule.name,
                               std::to_string(config::priority_of(host, rule)));
    }
    return lines;
}

RuleId rule_named(const config::Cluster& cluster, const std::string& name) {
    for (std::size_t r = 0; r < cluster.port_rules.size(); ++r)
        if (cluster.port_rules[r].name == name) return static_cast<RuleId>(r);
    return kNoPreviousRule;
}

}  // namespace

std::string Changes::text() const {
    std::string text;
    for (const auto* kind : {&agreed, &local})
        for (const Difference& one : *kind)
            text += (text.empty() ? "" : ", ") + one.path + ": " + one.mine + " -> " + one.theirs;
    return text;
}

Result<Changes> changes_between(const ClusterSettings& in_force, const ClusterSettings& fresh) {
    const std::string where = "cluster " + in_force.cluster.name + ": ";
    if (in_force.host.id != fresh.host.id)
        return refusal(where,
                       {"hosts[].id of " + in_force.host.name, std::to_string(in_force.host.id),
                        std::to_string(fresh.host.id)},
                       "a host is known by its id: restart both programs of this host");
    const auto fixed = config::differences(config::started_lines(in_force.cluster, in_force.host),
                                           config::started_lines(fresh.cluster, fresh.host));
    if (!fixed.empty())
        return refusal(where, fixed.front(),
                       "it is read at the start: restart both programs of this host");
    Changes changes;
    changes.agreed = config::differences(config::agreed_lines(in_force.cluster, in_force.hash_key),
                                         config::agreed_lines(fresh.cluster, fresh.hash_key));
    for (const Difference& one : changes.agreed)
        if (std::find(kFixedPaths.begin(), kFixedPaths.end(), one.path) != kFixedPaths.end())
            return refusal(where, one,
                           "no cluster can change it while it runs: stop it on every host, then "
                           "start it with the new file");
    changes.local = config::differences(local_lines(in_force.cluster, in_force.host),
                                        local_lines(fresh.cluster, fresh.host));
    return changes;
}

RuleStates carried_over(const RuleStates& states, const config::Cluster& in_force,
                        const config::Cluster& fresh) {
    RuleStates carried{};
    for (std::size_t r = 0; r < fresh.port_rules.size(); ++r)
        if (const RuleId former = rule_named(in_force, fresh.port_rules[r].name);
            former != kNoPreviousRule)
            carried[r] = states[former];
    return carried;
}

StagedConfig held_config(const ClusterSettings& in_force, const ClusterSettings& fresh,
                         const RuleStates& states) {
    StagedConfig held;
    held.digest = config::digest_of(config::agreed_lines(fresh.cluster, fresh.hash_key));
    held.slots = static_cast<std::uint8_t>(fresh.cluster.port_rules.size() + 1);
    held.single_slots = config::single_slots(fresh.cluster);
    held.sticky = config::has_sticky_rules(fresh.cluster);
    held.configured_hosts = static_cast<std::uint8_t>(fresh.cluster.hosts.size());
    held.desired = desired_rules_of(fresh.cluster, fresh.host,
                                    carried_over(states, in_force.cluster, fresh.cluster));
    held.former.fill(kNoPreviousRule);
    held.former[kDefaultRule] = kDefaultRule;
    for (std::size_t r = 0; r < fresh.cluster.port_rules.size(); ++r)
        held.former[r] = rule_named(in_force.cluster, fresh.cluster.port_rules[r].name);
    return held;
}

Status check_surroundings(const config::Config& in_force, const config::Config& fresh) {
    const auto names = [](const config::Config& config) {
        std::vector<std::string> all;
        for (const config::Cluster& cluster : config.clusters) all.push_back(cluster.name);
        return joined(all);
    };
    const auto lines = [&names](const config::Config& config) {
        return Lines{{"clusters", names(config)},
                     {"metrics.listen", config.metrics.listen},
                     {"poll", config::to_string(config.poll)},
                     {"eal.hugepages", config.eal.hugepages ? "true" : "false"},
                     {"eal.memory", std::to_string(config.eal.memory_mib)},
                     {"eal.main_lcore",
                      config.eal.main_lcore ? std::to_string(*config.eal.main_lcore) : "none"}};
    };
    const auto all = config::differences(lines(in_force), lines(fresh));
    if (!all.empty())
        return refusal("", all.front(),
                       "it is read at the start: restart both programs of this host");
    return Done{};
}

}  // namespace nlb::controlplane
