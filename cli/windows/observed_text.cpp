// What was observed as tables and sentences for people.
#include <algorithm>
#include <fmt/format.h>

#include "cli/bucket_picture.hpp"
#include "cli/text_table.hpp"
#include "cli/windows/observed_view.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

std::string version_text(std::uint32_t version) {
    return fmt::format("{}.{}", version >> 8 & 0xffU, version & 0xffU);
}

std::string silence_text(const Observation& seen, const ObservedHost& host) {
    const auto silence = seen.latest() - host.heard;
    return fmt::format("{:.1f} s before", std::chrono::duration<double>(silence).count());
}

std::string hosts_table(const Observation& seen, const ObservedCluster& cluster, bool colour) {
    TextTable table({{"id", Align::right},
                     {"name"},
                     {"address"},
                     {"last heard"},
                     {"heartbeats", Align::right},
                     {"state", Align::right},
                     {"default", Align::right},
                     {"rules", Align::right},
                     {"packets", Align::right}});
    for (const auto& [id, host] : cluster.hosts) {
        std::vector<Cell> row{std::to_string(id), host.name.empty() ? "-" : host.name,
                              config::to_string(host.address), silence_text(seen, host),
                              std::to_string(host.heartbeats)};
        if (host.membership) {
            row.emplace_back(std::to_string(host.membership->convergence_state));
            row.emplace_back(std::to_string(host.membership->default_host_id));
            row.emplace_back(std::to_string(host.membership->port_rules));
            row.emplace_back(std::to_string(host.membership->packets_handled));
        }
        table.add(std::move(row));
    }
    return table.render(colour);
}

std::vector<LegendEntry> legend_of(const ObservedCluster& cluster) {
    std::vector<LegendEntry> legend;
    for (const auto& [id, host] : cluster.hosts)
        legend.push_back({static_cast<HostId>(id),
                          host.name.empty() ? config::to_string(host.address) : host.name});
    return legend;
}

// The rule's code as most hosts have it would be a vote; the first host's is shown, differences are
// warned of.
std::string slots_table(const ObservedCluster& cluster, bool colour) {
    TextTable table({{"slot", Align::right}, {"code"}, {"weights"}, {"buckets"}});
    for (std::size_t slot = 0; slot < slots_used(cluster); ++slot) {
        std::string code;
        std::string weights;
        for (const auto& [id, host] : cluster.hosts) {
            if (!host.membership) continue;
            if (code.empty()) code = fmt::format("{:08x}", host.membership->rule_codes[slot]);
            weights += fmt::format("{}{}: {}", weights.empty() ? "" : ", ", id,
                                   host.membership->load_weights[slot]);
        }
        table.add({std::to_string(slot + 1), code, weights,
                   bucket_strip(owners_seen(cluster, slot).owners, colour)});
    }
    return table.render(colour);
}

// Both hosts and what they differ in, or nothing.
void add_differences(const ObservedCluster& cluster, std::vector<std::string>& warnings) {
    const std::string name = "cluster " + config::to_string(cluster.address);
    const ObservedHost* first = nullptr;
    for (const auto& known : cluster.hosts) {
        const ObservedHost& host = known.second;
        if (!host.membership) continue;
        if (first == nullptr) {
            first = &host;
            continue;
        }
        const auto pair = fmt::format("{}: {} and {}", name, config::to_string(first->address),
                                      config::to_string(host.address));
        if (host.membership->port_rules != first->membership->port_rules)
            warnings.push_back(fmt::format("{} have {} and {} port rules: they do not converge",
                                           pair, first->membership->port_rules,
                                           host.membership->port_rules));
        else if (host.membership->rule_codes != first->membership->rule_codes)
            warnings.push_back(pair + " differ in a port rule's code: they do not converge");
        if (host.membership->default_host_id != first->membership->default_host_id)
            warnings.push_back(pair + " name different default hosts");
    }
    for (std::size_t slot = 0; slot < slots_used(cluster); ++slot)
        if (const auto twice = owners_seen(cluster, slot).claimed_twice)
            warnings.push_back(fmt::format("{}: {} buckets of slot {} are claimed by two hosts",
                                           name, twice, slot + 1));
    if (cluster.bad_ids != 0)
        warnings.push_back(
            fmt::format("{}: {} heartbeats with an id beyond 1 to 32", name, cluster.bad_ids));
}

void add_use(const std::string& what, const IpAddress& address, const ObservedCluster& cluster,
             std::vector<std::string>& warnings) {
    const std::string of = "the Windows cluster " + config::to_string(cluster.address);
    if (address == cluster.address)
        warnings.push_back(fmt::format("{} {} is the primary address of {}: stop one of them", what,
                                       config::to_string(address), of));
    for (const auto& [id, host] : cluster.hosts)
        if (address == host.address)
            warnings.push_back(fmt::format("{} {} is also host {} of {}: give one another address",
                                           what, config::to_string(address), id, of));
}

}  // namespace

std::string text_of(const Observation& seen, bool colour) {
    std::string text;
    for (const auto& known : seen.clusters()) {
        const ObservedCluster& cluster = known.second;
        std::string versions;
        for (const auto& one : cluster.hosts) {
            const std::string version = version_text(one.second.version);
            if (versions.find(version) == std::string::npos)
                versions += (versions.empty() ? "" : ", ") + version;
        }
        text += fmt::format(
            "{}, {}, version {}: {}, {}\n{}\n",
            painted("cluster " + config::to_string(cluster.address), Paint::bold, colour),
            config::to_string(mode_of(cluster)), versions.empty() ? "-" : versions,
            counted(cluster.hosts.size(), "host"), counted(cluster.heartbeats, "heartbeat"),
            hosts_table(seen, cluster, colour));
        if (slots_used(cluster) != 0)
            text += "\n" + slots_table(cluster, colour) + "\n" +
                    bucket_legend(owners_seen(cluster, 0).owners, legend_of(cluster), colour) +
                    "\n";
        text += "\n";
    }
    text += fmt::format("{} looked at, {} damaged, {}", counted(seen.frames(), "frame"),
                        seen.damaged(), counted(seen.clusters().size(), "Windows cluster"));
    if (seen.unlisted() != 0)
        text += fmt::format("; {} of further clusters", counted(seen.unlisted(), "heartbeat"));
    return text;
}

std::vector<std::string> warnings_of(const Observation& seen, const config::Config* ours) {
    std::vector<std::string> warnings;
    for (const auto& known : seen.clusters()) {
        add_differences(known.second, warnings);
        if (ours == nullptr) continue;
        for (const config::Cluster& cluster : ours->clusters) {
            add_use("our address", cluster.address.address, known.second, warnings);
            for (const config::Prefix& one : cluster.virtual_addresses)
                add_use("our virtual address", one.address, known.second, warnings);
            for (const config::Host& host : cluster.hosts)
                for (const config::Prefix& one : host.addresses)
                    add_use("our host " + host.name + "'s", one.address, known.second, warnings);
        }
    }
    return warnings;
}

}  // namespace nlb::cli::windows
