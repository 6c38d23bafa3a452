// What was observed as JSON, metrics and YAML.
#include <bit>
#include <fmt/format.h>

#include "cli/windows/interpret_addresses.hpp"
#include "cli/windows/merge.hpp"
#include "cli/windows/observed_view.hpp"
#include "cli/windows/write_yaml.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

double seconds_of(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

void add_membership(Json& host, const MembershipBody& body) {
    host["my_host_id"] = body.host_id;
    host["default_host_id"] = body.default_host_id;
    host["convergence_state"] = body.convergence_state;
    host["port_rules"] = body.port_rules;
    host["host_code"] = body.host_code;
    host["packets_handled"] = body.packets_handled;
    host["teaming"] = body.teaming;
    host["rule_codes"] = body.rule_codes;
    host["current_map"] = body.current_map;
    host["new_map"] = body.new_map;
    host["idle_map"] = body.idle_map;
    host["ready_map"] = body.ready_map;
    host["load_weights"] = body.load_weights;
}

// A label's value, quoted as Prometheus wants it.
std::string label(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

class Exposition {
public:
    void family(const char* name, const char* type, const char* help) {
        name_ = name;
        text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }
    void sample(const std::string& labels, double value) {
        text += fmt::format("{}{} {}\n", name_, labels.empty() ? "" : "{" + labels + "}", value);
    }
    std::string text;

private:
    const char* name_ = "";
};

template <class Value>
void add_per_host(Exposition& out, const Observation& seen, Value&& value) {
    for (const auto& [address, cluster] : seen.clusters())
        for (const auto& [id, host] : cluster.hosts)
            value(fmt::format("cluster=\"{}\",host=\"{}\",name=\"{}\"", config::to_string(address),
                              id, label(host.name)),
                  host, out);
}

// The next of Prometheus' lists that needs a membership heartbeat.
template <class Member>
void add_membership_metric(Exposition& out, const Observation& seen, Member member) {
    add_per_host(out, seen,
                 [&](const std::string& labels, const ObservedHost& host, Exposition& to) {
                     if (host.membership)
                         to.sample(labels, static_cast<double>((*host.membership).*member));
                 });
}

ImportedHost imported_from(const ObservedCluster& cluster, std::uint32_t id,
                           const ObservedHost& host) {
    ImportedHost imported;
    imported.place = {"the heartbeats of host", id};
    imported.cluster = cluster.address;
    imported.cluster_values["address"] = {config::to_string(cluster.address), imported.place};
    imported.cluster_values["mode"] = {config::to_string(mode_of(cluster)), imported.place};
    imported.id = Value{std::to_string(id), imported.place};
    // Anybody may send such a frame: a name is made usable before it becomes YAML.
    if (const std::string name = usable_name(host.name); !name.empty())
        imported.name = Value{name, imported.place};
    const std::uint8_t whole = host.address.is_v4() ? 32 : 128;
    if (host.address != IpAddress::v4(0)) imported.addresses.push_back({host.address, whole});
    return imported;
}

}  // namespace

Json json_of(const Observation& seen) {
    Json clusters = Json::array();
    for (const auto& known : seen.clusters()) {
        const ObservedCluster& cluster = known.second;
        Json hosts = Json::array();
        for (const auto& [id, host] : cluster.hosts) {
            Json entry{{"id", id},
                       {"name", host.name},
                       {"address", config::to_string(host.address)},
                       {"source", config::to_string(host.source)},
                       {"version", host.version},
                       {"heartbeats", host.heartbeats},
                       {"heard", seconds_of(host.heard)}};
            if (host.membership) add_membership(entry, *host.membership);
            hosts.push_back(std::move(entry));
        }
        clusters.push_back({{"address", config::to_string(cluster.address)},
                            {"mode", config::to_string(mode_of(cluster))},
                            {"destination", config::to_string(cluster.destination)},
                            {"heartbeats", cluster.heartbeats},
                            {"bad_ids", cluster.bad_ids},
                            {"hosts", std::move(hosts)}});
    }
    return {{"frames", seen.frames()},
            {"damaged", seen.damaged()},
            {"unlisted", seen.unlisted()},
            {"clusters", std::move(clusters)}};
}

std::string metrics_of(const Observation& seen) {
    Exposition out;
    out.family("nlb_observed_hosts", "gauge", "Windows NLB hosts that were heard.");
    for (const auto& [address, cluster] : seen.clusters())
        out.sample(fmt::format("cluster=\"{}\"", config::to_string(address)),
                   static_cast<double>(cluster.hosts.size()));
    out.family("nlb_observed_heartbeats_total", "counter", "Heartbeats of a Windows NLB host.");
    add_per_host(out, seen,
                 [](const std::string& labels, const ObservedHost& host, Exposition& to) {
                     to.sample(labels, static_cast<double>(host.heartbeats));
                 });
    out.family("nlb_observed_last_heartbeat_seconds", "gauge",
               "When a Windows NLB host was heard last, since 1970.");
    add_per_host(out, seen,
                 [](const std::string& labels, const ObservedHost& host, Exposition& to) {
                     to.text += fmt::format("nlb_observed_last_heartbeat_seconds{{{}}} {:.3f}\n",
                                            labels, seconds_of(host.heard));
                 });
    out.family("nlb_observed_convergence_state", "gauge",
               "The state that the host tells; its numbers are not public.");
    add_membership_metric(out, seen, &MembershipBody::convergence_state);
    out.family("nlb_observed_default_host", "gauge", "The default host as the host sees it.");
    add_membership_metric(out, seen, &MembershipBody::default_host_id);
    out.family("nlb_observed_packets_handled", "gauge", "The count that the host tells.");
    add_membership_metric(out, seen, &MembershipBody::packets_handled);
    out.family("nlb_observed_buckets", "gauge", "Buckets that the host has in a rule's slot.");
    for (const auto& [address, cluster] : seen.clusters())
        for (std::size_t slot = 0; slot < slots_used(cluster); ++slot)
            for (const auto& [id, host] : cluster.hosts)
                if (host.membership)
                    out.sample(fmt::format("cluster=\"{}\",host=\"{}\",slot=\"{}\"",
                                           config::to_string(address), id, slot + 1),
                               std::popcount(host.membership->current_map[slot] & kAllBuckets));
    out.family("nlb_observed_damaged_total", "counter", "Heartbeats that were cut short.");
    out.sample("", static_cast<double>(seen.damaged()));
    return out.text;
}

std::string yaml_of(const Observation& seen) {
    std::vector<ImportedHost> hosts;
    for (const auto& known : seen.clusters())
        for (const auto& [id, host] : known.second.hosts)
            hosts.push_back(imported_from(known.second, id, host));
    Findings findings;
    return yaml_of(merge(hosts, findings),
                   "`nlb observe`: heartbeats tell no masks, periods or port rules");
}

}  // namespace nlb::cli::windows
