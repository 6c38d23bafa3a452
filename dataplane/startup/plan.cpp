// Both ways to a plan end in the same checks: a device is opened once, and the protocol's limits
// hold.
#include "dataplane/startup/plan.hpp"

#include <algorithm>
#include <set>

#include "config/digest.hpp"
#include "config/inside_device.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"
#include "config/table_builder.hpp"
#include "core/base/limits.hpp"
#include "core/cluster/timing.hpp"

namespace nlb::dataplane {
namespace {

std::string in_cluster(const std::string& name) {
    return "cluster \"" + name + "\": ";
}

Status set_devices(ClusterPlan& plan, const std::string& outside, const std::string& inside) {
    auto out = parse_device(outside, in_cluster(plan.name) + "outside");
    if (!out) return out.error();
    auto in = parse_device(inside, in_cluster(plan.name) + "inside");
    if (!in) return in.error();
    plan.outside = out.value();
    plan.inside = in.value();
    return Done{};
}

void set_cpus(ClusterPlan& plan, std::vector<std::uint16_t> cpus) {
    std::sort(cpus.begin(), cpus.end());
    cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
    // No lcores given: one worker on the second CPU, where a small machine has one to spare.
    plan.cpus = cpus.empty() ? std::vector<std::uint16_t>{1} : std::move(cpus);
}

// Left of T*P when a lease has run, by clocks that are as far off as the protocol bears. What a
// counter shows that runs a little faster after a migration is no freeze.
constexpr Duration kStandsLeast = std::chrono::milliseconds{4};
Duration slack_of(const config::Heartbeat& heartbeat) {
    const Timing timing = Timing::from(heartbeat.period, heartbeat.tolerance);
    return std::max(timing.bury_after * 99 / 100 - timing.lease * 101 / 100, kStandsLeast);
}

InsidePlan inside_plan_of(const config::Host& host) {
    const bool kernel = config::ends_in_this_kernel(host.inside);
    return {kernel && host.addresses_by == config::AddressesBy::managed,
            !host.inside_kernel.empty(),
            kernel,
            !host.server_mac && config::ends_in_others(host.inside),
            host.gateways,
            kernel ? std::nullopt : host.server_mac};
}

PortWish port_wish_of(const config::Host& host) {
    return {host.mtu, host.rx_ring, host.tx_ring, false};
}

Result<StartupPlan> checked(StartupPlan plan) {
    if (plan.clusters.empty())
        return Error{"nothing to run: host \"" + plan.host + "\" is in no cluster"};
    if (plan.clusters.size() > kClustersMax)
        return Error{"one dataplane serves at most " + std::to_string(kClustersMax) +
                     " clusters, got " + std::to_string(plan.clusters.size())};
    for (ClusterPlan& cluster : plan.clusters) {
        cluster.port.sleeps = plan.poll == config::PollMode::adaptive;
        cluster.outside = with_packet_buffers(std::move(cluster.outside), cluster.port);
        cluster.inside = with_packet_buffers(std::move(cluster.inside), cluster.port);
    }
    std::set<std::string> names;
    for (const ClusterPlan& cluster : plan.clusters)
        for (const Device* device : {&cluster.outside, &cluster.inside})
            if (!names.insert(device->name).second)
                return Error{
                    in_cluster(cluster.name) + "device \"" + device->name +
                    "\" is used by two ports; give each its own name (net_tap0, net_tap1)"};
    return plan;
}

}  // namespace

Result<StartupPlan> plan_from_config(const config::Config& config, const std::string& host) {
    const auto members = config::memberships_of(config, host);
    if (!members) return members.error();
    StartupPlan plan{host, "", {}, config.poll, config.eal, false};
    for (const config::Member& member : members.value()) {
        const auto key = config::read_key(member.cluster->key_file);
        if (!key)
            return Error{in_cluster(member.cluster->name) + "key_file: " + key.error().message};
        ClusterPlan cluster;
        cluster.name = member.cluster->name;
        cluster.connections_max = member.cluster->connections.max;
        cluster.settings = config::text_of(config::paired_lines(*member.cluster, *member.host));
        cluster.tables = config::build_tables(*member.cluster, *member.host,
                                              config::derive_hash_key(key.value()), {});
        set_cpus(cluster, member.host->lcores);
        cluster.port = port_wish_of(*member.host);
        if (auto set = set_devices(cluster, member.host->outside, member.host->inside); !set)
            return set.error();
        cluster.inside_plan = inside_plan_of(*member.host);
        cluster.stands_most = slack_of(member.cluster->heartbeat);
        cluster.quiet_wait =
            Timing::from(member.cluster->heartbeat.period, member.cluster->heartbeat.tolerance)
                .quiet_wait;
        plan.clusters.push_back(std::move(cluster));
    }
    return checked(std::move(plan));
}

Result<StartupPlan> plan_from_tables(const std::vector<FixedTables>& fixed,
                                     const config::Config* config, const std::string& host) {
    StartupPlan plan{host, "", {}, config::PollMode::adaptive, {}, true};
    std::vector<config::Member> members;
    if (config != nullptr) {
        auto found = config::memberships_of(*config, host);
        if (!found) return found.error();
        members = found.value();
        plan.poll = config->poll;
        plan.eal = config->eal;
    }
    for (const FixedTables& from : fixed) {
        ClusterPlan cluster;
        cluster.name = from.cluster_name;
        cluster.tables = from.tables;
        const auto member = std::find_if(members.begin(), members.end(), [&](const auto& m) {
            return m.cluster->name == from.cluster_name;
        });
        const bool overridden = member != members.end();
        cluster.connections_max =
            overridden ? member->cluster->connections.max : from.connections_max;
        set_cpus(cluster, overridden ? member->host->lcores : from.lcores);
        if (overridden) cluster.port = port_wish_of(*member->host);
        const auto set = overridden
                             ? set_devices(cluster, member->host->outside, member->host->inside)
                             : set_devices(cluster, from.outside, from.inside);
        if (!set) return set.error();
        plan.clusters.push_back(std::move(cluster));
    }
    return checked(std::move(plan));
}

}  // namespace nlb::dataplane
