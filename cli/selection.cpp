// Look-ups by name; lists are short (32 hosts, 32 rules), so they are walked.
#include "cli/selection.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

#include "config/format.hpp"
#include "config/nearest.hpp"

namespace nlb::cli {
namespace {

template <class Named>
std::vector<std::string_view> names_in(const std::vector<Named>& things) {
    std::vector<std::string_view> names;
    for (const Named& thing : things) names.push_back(thing.name);
    return names;
}

Error no_such(const char* kind, const std::string& name,
              const std::vector<std::string_view>& known) {
    return Error{
        fmt::format("no {} {}; expected {}", kind, config::in_quotes(name), config::one_of(known))};
}

}  // namespace

Result<const config::Cluster*> choose_cluster(const config::Config& config,
                                              const std::string& name) {
    const auto names = names_in(config.clusters);
    if (name.empty() && config.clusters.size() == 1) return &config.clusters.front();
    if (name.empty())
        return Error{fmt::format("{} has several clusters: name one with --cluster ({})",
                                 config.file, config::one_of(names))};
    for (const config::Cluster& cluster : config.clusters)
        if (cluster.name == name) return &cluster;
    return no_such("cluster", name, names);
}

const config::Host* find_host(const config::Cluster& cluster, const std::string& name) {
    const auto found = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                    [&](const config::Host& host) { return host.name == name; });
    return found == cluster.hosts.end() ? nullptr : &*found;
}

Result<const config::Host*> choose_host(const config::Cluster& cluster, const std::string& name) {
    if (const config::Host* host = find_host(cluster, name)) return host;
    return no_such(("host of cluster " + cluster.name).c_str(), name, names_in(cluster.hosts));
}

std::vector<std::string> split_names(const std::string& names) {
    std::vector<std::string> parts;
    if (names.empty()) return parts;
    std::size_t at = 0;
    for (std::size_t comma = names.find(','); comma != std::string::npos;
         comma = names.find(',', at)) {
        parts.push_back(names.substr(at, comma - at));
        at = comma + 1;
    }
    parts.push_back(names.substr(at));
    return parts;
}

Result<HostSet> choose_members(const config::Cluster& cluster, const std::string& names) {
    if (names.empty()) return all_hosts(cluster);
    HostSet members;
    for (const std::string& name : split_names(names)) {
        const auto host = choose_host(cluster, name);
        if (!host) return Error{"--members: " + host.error().message};
        if (members.contains(host.value()->id))
            return Error{fmt::format("--members: {} is named twice", config::in_quotes(name))};
        members.insert(host.value()->id);
    }
    return members;
}

std::vector<const config::Host*> hosts_by_id(const config::Cluster& cluster, HostSet set) {
    std::vector<const config::Host*> hosts;
    for (const config::Host& host : cluster.hosts)
        if (set.contains(host.id)) hosts.push_back(&host);
    std::sort(hosts.begin(), hosts.end(),
              [](const auto* a, const auto* b) { return a->id < b->id; });
    return hosts;
}

std::string name_of_host(const config::Cluster& cluster, HostId id) {
    for (const config::Host& host : cluster.hosts)
        if (host.id == id) return host.name;
    return fmt::format("host {}", id);
}

HostSet all_hosts(const config::Cluster& cluster) {
    HostSet set;
    for (const config::Host& host : cluster.hosts) set.insert(host.id);
    return set;
}

std::string this_machine() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

const config::Host* host_of_this_machine(const config::Cluster& cluster) {
    const std::string name = this_machine();
    if (const config::Host* host = find_host(cluster, name)) return host;
    return find_host(cluster, name.substr(0, name.find('.')));
}

}  // namespace nlb::cli
