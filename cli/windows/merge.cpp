#include "cli/windows/merge.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "cli/windows/interpret_addresses.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

using Readings = std::vector<const ImportedHost*>;

// One value that all say, or none and a comment that names who says what.
Merged agreed(const std::string& key, const std::vector<Value>& said, Findings& findings) {
    if (said.empty()) return {};
    const auto other = std::find_if(said.begin(), said.end(), [&](const Value& value) {
        return value.yaml != said.front().yaml;
    });
    if (other == said.end()) return {said.front().yaml, ""};
    const std::string comment =
        fmt::format("{} says {}, {} says {}", to_string(said.front().place), said.front().yaml,
                    to_string(other->place), other->yaml);
    findings.note(other->place, fmt::format("{}: the hosts differ: {}", key, comment));
    return {kToFillIn, comment};
}

Merged agreed(const std::string& key, const Readings& readings,
              std::optional<Value> ImportedHost::*member, Findings& findings) {
    std::vector<Value> said;
    for (const ImportedHost* reading : readings)
        if (reading->*member) said.push_back(*(reading->*member));
    return agreed(key, said, findings);
}

// The number that sorts hosts; those without one come last.
std::size_t order_of(const ImportedHost& host) {
    std::uint64_t id = 0;
    const bool known = host.id && config::read_decimal(host.id->yaml, id);
    return known ? id : kHostsMax + 1;
}

bool may_be_one(const std::optional<Value>& one, const std::optional<Value>& other) {
    return !one || !other || same_name(one->yaml, other->yaml);
}

bool are_one_host(const ImportedHost& one, const ImportedHost& other) {
    const bool known = (one.id && other.id) || (one.name && other.name);
    if (!known || !may_be_one(one.id, other.id) || !may_be_one(one.name, other.name)) return false;
    // Dedicated addresses tell two hosts apart that were given one id by mistake.
    return one.addresses.empty() || other.addresses.empty() ||
           std::any_of(one.addresses.begin(), one.addresses.end(),
                       [&](const config::Prefix& a) { return holds(other.addresses, a.address); });
}

// Files of one host come together.
std::vector<Readings> by_host(const Readings& readings) {
    std::vector<Readings> hosts;
    for (const ImportedHost* reading : readings) {
        const auto same = std::find_if(hosts.begin(), hosts.end(), [&](const Readings& host) {
            return std::all_of(host.begin(), host.end(), [&](const ImportedHost* one) {
                return are_one_host(*one, *reading);
            });
        });
        if (same == hosts.end())
            hosts.push_back({reading});
        else
            same->push_back(reading);
    }
    const auto first_id = [](const Readings& host) {
        std::size_t id = kHostsMax + 1;
        for (const ImportedHost* one : host) id = std::min(id, order_of(*one));
        return id;
    };
    std::stable_sort(hosts.begin(), hosts.end(), [&](const Readings& one, const Readings& other) {
        return first_id(one) < first_id(other);
    });
    return hosts;
}

const ImportedRule* rule_of(const ImportedHost& host, const RuleCover& cover) {
    const auto found = std::find_if(host.rules.begin(), host.rules.end(),
                                    [&](const ImportedRule& rule) { return rule.cover == cover; });
    return found == host.rules.end() ? nullptr : &*found;
}

class ClusterMerge {
public:
    ClusterMerge(const Readings& readings, Findings& findings)
        : readings_(readings), findings_(findings) {}

    MergedCluster run() {
        cluster_.address = readings_.front()->cluster;
        merge_values();
        for (const ImportedHost* reading : readings_) {
            cluster_.rules_said = cluster_.rules_said || reading->rules_said;
            for (const config::Prefix& one : reading->virtual_addresses) add_virtual(one);
            for (const ImportedRule& rule : reading->rules) add_rule(rule.cover);
        }
        if (cluster_.rules.size() > kRulesMax)
            findings_.mistakes.add(readings_.front()->place,
                                   fmt::format("expected at most {} port rules of all hosts "
                                               "together, got {}",
                                               kRulesMax, cluster_.rules.size()));
        for (const Readings& host : by_host(readings_)) add_host(host);
        if (cluster_.hosts.size() > kHostsMax)
            findings_.mistakes.add(
                readings_.front()->place,
                fmt::format("expected at most {} hosts, got {}", kHostsMax, cluster_.hosts.size()));
        tell_duplicates();
        return std::move(cluster_);
    }

private:
    void merge_values() {
        std::set<std::string> keys;
        for (const ImportedHost* reading : readings_)
            for (const auto& value : reading->cluster_values) keys.insert(value.first);
        for (const std::string& key : keys) {
            std::vector<Value> said;
            for (const ImportedHost* reading : readings_)
                if (const auto found = reading->cluster_values.find(key);
                    found != reading->cluster_values.end())
                    said.push_back(found->second);
            cluster_.values[key] = agreed(key, said, findings_);
        }
    }

    // An address that is known with its length beats the one that a port rule names.
    void add_virtual(const config::Prefix& one) {
        for (config::Prefix& known : cluster_.virtual_addresses) {
            if (known.address != one.address) continue;
            known.length = std::min(known.length, one.length);
            return;
        }
        const bool dedicated = std::any_of(
            readings_.begin(), readings_.end(),
            [&](const ImportedHost* reading) { return holds(reading->addresses, one.address); });
        if (!dedicated) cluster_.virtual_addresses.push_back(one);
    }

    void add_rule(const RuleCover& cover) {
        for (const MergedRule& known : cluster_.rules)
            if (known.cover == cover) return;
        MergedRule rule{name_of(cover), cover, {}, {}};
        std::vector<Value> modes;
        std::vector<Value> affinities;
        const ImportedHost* without = nullptr;
        for (const ImportedHost* reading : readings_) {
            const ImportedRule* said = rule_of(*reading, cover);
            if (said == nullptr) {
                if (reading->rules_said) without = reading;
                continue;
            }
            modes.push_back({said->mode, said->place});
            if (!said->affinity.empty()) affinities.push_back({said->affinity, said->place});
        }
        rule.mode = agreed("port rule " + rule.name + ": mode", modes, findings_);
        rule.affinity = affinities.empty() ? Merged{"", ""}
                                           : agreed("port rule " + rule.name + ": affinity",
                                                    affinities, findings_);
        if (without != nullptr) tell_missing(rule, modes.front(), *without);
        cluster_.rules.push_back(std::move(rule));
    }

    void tell_missing(MergedRule& rule, const Value& said, const ImportedHost& without) {
        const std::string sentence =
            fmt::format("{} has this rule, {} has not: fill in {}, or delete the rule",
                        to_string(said.place), to_string(without.place), said.yaml);
        findings_.note(said.place, fmt::format("port rule {}: {}", rule.name, sentence));
        rule.mode = {kToFillIn, sentence};
    }

    void add_host(const Readings& readings) {
        MergedHost host;
        host.name = agreed("host name", readings, &ImportedHost::name, findings_);
        host.id = agreed("id", readings, &ImportedHost::id, findings_);
        host.initial_state =
            agreed("initial_state", readings, &ImportedHost::initial_state, findings_);
        if (std::none_of(readings.begin(), readings.end(),
                         [](const ImportedHost* one) { return one->initial_state.has_value(); }))
            host.initial_state.yaml.clear();
        for (const ImportedHost* reading : readings) {
            host.files += (host.files.empty() ? "" : ", ") + to_string(reading->place);
            for (const config::Prefix& one : reading->addresses)
                if (!holds(host.addresses, one.address)) host.addresses.push_back(one);
            for (const ImportedRule& rule : reading->rules) {
                if (rule.weight) host.weights.emplace(name_of(rule.cover), *rule.weight);
                if (rule.priority) host.priorities.emplace(name_of(rule.cover), *rule.priority);
            }
        }
        cluster_.hosts.push_back(std::move(host));
    }

    // Windows does not converge then either (its cause 4).
    void tell_duplicates() {
        for (std::size_t i = 0; i < cluster_.hosts.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) {
                const MergedHost& one = cluster_.hosts[j];
                MergedHost& other = cluster_.hosts[i];
                if (other.id.yaml == kToFillIn || other.id.yaml != one.id.yaml) continue;
                findings_.note(readings_.front()->place,
                               fmt::format("{} and {} are two hosts with HostPriority {}: give one "
                                           "another id",
                                           one.files, other.files, one.id.yaml));
                other.id = {kToFillIn, fmt::format("{} has {} already", one.files, one.id.yaml)};
            }
    }

    const Readings& readings_;
    Findings& findings_;
    MergedCluster cluster_;
};

}  // namespace

std::vector<MergedCluster> merge(const std::vector<ImportedHost>& hosts, Findings& findings) {
    std::vector<Readings> clusters;
    for (const ImportedHost& host : hosts) {
        const auto same = std::find_if(
            clusters.begin(), clusters.end(),
            [&](const Readings& cluster) { return cluster.front()->cluster == host.cluster; });
        if (same == clusters.end())
            clusters.push_back({&host});
        else
            same->push_back(&host);
    }
    std::vector<MergedCluster> merged;
    for (const Readings& cluster : clusters)
        merged.push_back(ClusterMerge(cluster, findings).run());
    return merged;
}

}  // namespace nlb::cli::windows
