// Hosts of one cluster among themselves, and what they say about rules by name.
#include <algorithm>
#include <vector>

#include "config/format.hpp"
#include "config/nearest.hpp"
#include "config/validate.hpp"

namespace nlb::config {
namespace {

class HostChecks {
public:
    HostChecks(const Cluster& cluster, std::string path, Diagnostics& diagnostics)
        : cluster_(cluster), path_(std::move(path)), diagnostics_(diagnostics) {}

    void names_and_ids() const {
        for (std::size_t i = 0; i < cluster_.hosts.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const Host& host = cluster_.hosts[i];
                const Host& earlier = cluster_.hosts[j];
                if (both_read(i, j, ".name") && host.name == earlier.name)
                    diagnostics_.mistake(at(i) + ".name",
                                         "expected a name that no other host has, got " +
                                             in_quotes(host.name) + " as in " + at(j));
                if (both_read(i, j, ".id") && host.id == earlier.id)
                    diagnostics_.mistake(at(i) + ".id",
                                         "expected an id that no other host has, got \"" +
                                             std::to_string(host.id) + "\" as in " + at(j));
            }
        }
    }

    void rule_names(std::size_t i) const {
        for (const auto& entry : cluster_.hosts[i].weights) {
            const std::string at_entry = at(i) + ".weights." + entry.first;
            const PortRule* rule = known_rule(entry.first, at_entry);
            if (rule != nullptr && rule->mode == RuleMode::single)
                diagnostics_.mistake(at_entry,
                                     "expected a rule of mode multiple, got one of mode single: it "
                                     "takes priorities, not weights");
            if (rule != nullptr && rule->mode == RuleMode::disabled)
                diagnostics_.mistake(
                    at_entry,
                    "expected a rule of mode multiple, got one of mode disabled: it "
                    "takes no weights");
        }
        for (const auto& entry : cluster_.hosts[i].priorities) {
            const std::string at_entry = at(i) + ".priorities." + entry.first;
            const PortRule* rule = known_rule(entry.first, at_entry);
            if (rule != nullptr && rule->mode == RuleMode::multiple)
                diagnostics_.mistake(at_entry,
                                     "expected a rule of mode single, got one of mode multiple: it "
                                     "takes weights, not priorities");
            if (rule != nullptr && rule->mode == RuleMode::disabled)
                diagnostics_.mistake(at_entry,
                                     "expected a rule of mode single, got one of mode disabled: it "
                                     "takes no priorities");
        }
    }

    // Two hosts that claim the same place in the line would both be the one that handles the rule.
    void priorities(const PortRule& rule) const {
        if (rule.mode != RuleMode::single) return;
        for (std::size_t i = 0; i < cluster_.hosts.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const Host& host = cluster_.hosts[i];
                const Host& earlier = cluster_.hosts[j];
                const bool explicit_here = host.priorities.count(rule.name) != 0;
                const bool explicit_there = earlier.priorities.count(rule.name) != 0;
                if (!explicit_here && !explicit_there) continue;
                if (!both_read(i, j, ".priorities") || !both_read(i, j, ".id")) continue;
                if (priority_of(host, rule) != priority_of(earlier, rule)) continue;
                const std::size_t where = explicit_here ? i : j;
                const std::size_t other = explicit_here ? j : i;
                const bool by_id = cluster_.hosts[other].priorities.count(rule.name) == 0;
                diagnostics_.mistake(
                    at(where) + ".priorities." + rule.name,
                    "expected a priority that no other host has for this rule, got \"" +
                        std::to_string(priority_of(host, rule)) + "\" as in " + at(other) +
                        (by_id ? ", whose id stands for a priority that is not given" : ""));
            }
        }
    }

private:
    [[nodiscard]] std::string at(std::size_t i) const { return path_of(path_ + ".hosts", i); }

    [[nodiscard]] bool both_read(std::size_t i, std::size_t j, const char* key) const {
        return !diagnostics_.broken(at(i) + key) && !diagnostics_.broken(at(j) + key);
    }

    // nullptr: unknown (reported), or its own place in the file is broken.
    [[nodiscard]] const PortRule* known_rule(const std::string& name,
                                             const std::string& at_entry) const {
        const auto& rules = cluster_.port_rules;
        const auto found = std::find_if(rules.begin(), rules.end(),
                                        [&](const PortRule& rule) { return rule.name == name; });
        if (found != rules.end()) {
            const auto index = static_cast<std::size_t>(found - rules.begin());
            return diagnostics_.broken(path_of(path_ + ".port_rules", index) + ".mode") ? nullptr
                                                                                        : &*found;
        }
        if (a_rule_name_is_broken()) return nullptr;
        std::vector<std::string_view> names;
        for (const PortRule& rule : rules) names.emplace_back(rule.name);
        const std::string_view meant = nearest(name, names);
        const std::string hint =
            meant.empty() ? "" : " (did you mean \"" + std::string(meant) + "\"?)";
        diagnostics_.mistake(at_entry, "expected the name of a port rule of this cluster, got " +
                                           in_quotes(name) + hint);
        return nullptr;
    }

    [[nodiscard]] bool a_rule_name_is_broken() const {
        const std::string list = path_ + ".port_rules";
        if (cluster_.port_rules.empty() && diagnostics_.broken(list)) return true;
        for (std::size_t i = 0; i < cluster_.port_rules.size(); ++i)
            if (cluster_.port_rules[i].name.empty()) return true;
        return diagnostics_.holds(path_of(list, kRulesMax));
    }

    const Cluster& cluster_;
    std::string path_;
    Diagnostics& diagnostics_;
};

}  // namespace

void validate_hosts(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics) {
    const HostChecks checks(cluster, path, diagnostics);
    checks.names_and_ids();
    for (std::size_t i = 0; i < cluster.hosts.size(); ++i) checks.rule_names(i);
    for (const PortRule& rule : cluster.port_rules)
        if (!rule.name.empty()) checks.priorities(rule);
}

}  // namespace nlb::config
