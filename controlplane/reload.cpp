#include "controlplane/reload.hpp"

#include <algorithm>
#include <vector>

#include "config/digest.hpp"
#include "config/format.hpp"

namespace nlb::controlplane {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

struct Difference {
    std::string path;
    std::string in_force;
    std::string fresh;
};

const std::string* value_at(const Lines& lines, const std::string& path) {
    const auto line = std::find_if(lines.begin(), lines.end(), [&path](const auto& one) { return one.first == path; });
    return line == lines.end() ? nullptr : &line->second;
}

std::vector<Difference> differences(const Lines& in_force, const Lines& fresh) {
    std::vector<Difference> all;
    for (const auto& [path, value] : in_force) {
        const std::string* other = value_at(fresh, path);
        if (other == nullptr || *other != value) all.push_back({path, value, other == nullptr ? "nothing" : *other});
    }
    for (const auto& [path, value] : fresh)
        if (value_at(in_force, path) == nullptr) all.push_back({path, "nothing", value});
    return all;
}

Error refusal(const std::string& where, const Difference& first, const std::string& remedy) {
    return Error{where + first.path + " is " + first.in_force + " in force and " + first.fresh + " in the file; " + remedy};
}

std::string joined(const std::vector<std::string>& texts) {
    std::string text;
    for (const std::string& one : texts) text += (text.empty() ? "" : ",") + one;
    return text.empty() ? "none" : text;
}

std::string joined(const std::vector<std::uint16_t>& numbers) {
    std::vector<std::string> texts;
    for (const std::uint16_t number : numbers) texts.push_back(std::to_string(number));
    return joined(texts);
}

// What the two programs of this host only read when they start.
Lines fixed_lines(const config::Cluster& cluster, const config::Host& host) {
    return {{"key_file", cluster.key_file},
            {"former_key_files", joined(cluster.former_key_files)},
            {"connections.max", std::to_string(cluster.connections.max)},
            {"outside", host.outside},
            {"inside", host.inside},
            {"lcores", joined(host.lcores)}};
}

Lines local_lines(const config::Cluster& cluster, const config::Host& host) {
    Lines lines{{"connections.tcp_idle", config::to_string(cluster.connections.tcp_idle)},
                {"connections.half_open", config::to_string(cluster.connections.half_open)},
                {"connections.closing", config::to_string(cluster.connections.closing)},
                {"initial_state", config::to_string(host.initial_state)}};
    for (const config::PortRule& rule : cluster.port_rules) {
        if (rule.mode == RuleMode::multiple) lines.emplace_back("weights." + rule.name, std::to_string(config::weight_of(host, rule)));
        if (rule.mode == RuleMode::single) lines.emplace_back("priorities." + rule.name, std::to_string(config::priority_of(host, rule)));
    }
    return lines;
}

const config::Host* host_named(const config::Cluster& cluster, const std::string& name) {
    const auto host =
        std::find_if(cluster.hosts.begin(), cluster.hosts.end(), [&name](const config::Host& one) { return one.name == name; });
    return host == cluster.hosts.end() ? nullptr : &*host;
}

}  // namespace

Result<std::string> local_changes(const config::Cluster& in_force, const config::Cluster& fresh, const std::string& host_name) {
    const std::string where = "cluster " + in_force.name + ": ";
    const auto agreed = differences(config::canonical_lines(in_force), config::canonical_lines(fresh));
    if (!agreed.empty())
        return refusal(where, agreed.front(), "the hosts must agree on it: stop the cluster, or restart its hosts one by one");
    if (in_force.generation != fresh.generation)
        return refusal(where, {"generation", std::to_string(in_force.generation), std::to_string(fresh.generation)},
                       "the hosts must agree on it: restart them one by one");
    const config::Host* before = host_named(in_force, host_name);
    const config::Host* after = host_named(fresh, host_name);
    if (before == nullptr || after == nullptr) return Error{where + "host " + host_name + " is not in the file"};
    const auto fixed = differences(fixed_lines(in_force, *before), fixed_lines(fresh, *after));
    if (!fixed.empty()) return refusal(where, fixed.front(), "it is read at the start: restart both programs of this host");
    std::string changes;
    for (const Difference& one : differences(local_lines(in_force, *before), local_lines(fresh, *after)))
        changes += (changes.empty() ? "" : ", ") + one.path + ": " + one.in_force + " -> " + one.fresh;
    return changes;
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
                     {"eal.main_lcore", config.eal.main_lcore ? std::to_string(*config.eal.main_lcore) : "none"}};
    };
    const auto all = differences(lines(in_force), lines(fresh));
    if (!all.empty()) return refusal("", all.front(), "it is read at the start: restart both programs of this host");
    return Done{};
}

}  // namespace nlb::controlplane
