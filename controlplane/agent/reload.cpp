// Configurations are compared as lines of path and value, the form in which hosts compare them too:
// what a person is told names the place in the file.
#include "controlplane/agent/reload.hpp"

#include "config/digest.hpp"
#include "config/keys.hpp"
#include "config/table_builder.hpp"

namespace nlb::controlplane {
namespace {

using config::Difference;
using config::Takes;

Error refusal(const std::string& where, const Difference& first, const std::string& remedy) {
    return Error{where + first.path + " is " + first.mine + " in force and " + first.theirs +
                 " in the file; " + remedy};
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
        if (config::is_fixed_while_cluster_runs(one.path))
            return refusal(where, one,
                           "no cluster can change it while it runs: stop it on every host, then "
                           "start it with the new file");
    changes.local =
        config::differences(config::host_keys(in_force.cluster, in_force.host, Takes::at_once),
                            config::host_keys(fresh.cluster, fresh.host, Takes::at_once));
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
                         const RuleStates& states, const ToldHealths& healths) {
    StagedConfig held;
    held.digest = config::digest_of(agreed_lines_of(fresh));
    held.slots = static_cast<std::uint8_t>(fresh.cluster.port_rules.size() + 1);
    held.single_slots = config::single_slots(fresh.cluster);
    held.keep_slots = config::keep_slots(fresh.cluster);
    held.sticky = config::has_sticky_rules(fresh.cluster);
    for (const config::Host& host : fresh.cluster.hosts) held.configured.insert(host.id);
    held.desired = desired_rules_of(fresh.cluster, fresh.host,
                                    carried_over(states, in_force.cluster, fresh.cluster), healths);
    held.previous.fill(kNoPreviousRule);
    held.previous[kDefaultRule] = kDefaultRule;
    for (std::size_t r = 0; r < fresh.cluster.port_rules.size(); ++r)
        held.previous[r] = rule_named(in_force.cluster, fresh.cluster.port_rules[r].name);
    return held;
}

Status check_surroundings(const config::Config& in_force, const config::Config& fresh) {
    const auto all =
        config::differences(config::program_keys(in_force), config::program_keys(fresh));
    if (!all.empty())
        return refusal("", all.front(),
                       "it is read at the start: restart both programs of this host");
    return Done{};
}

}  // namespace nlb::controlplane
