#include "config/keys.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <type_traits>

#include "config/format.hpp"

namespace nlb::config {
namespace {

template <class Owner>
struct Key {
    std::string_view path;
    Share share;
    Takes takes;
    std::optional<std::string> (*value)(const Owner&);  // nothing: the key says nothing here
};

// Sorted: the order in which addresses are written has no meaning.
std::string joined(const std::vector<Prefix>& prefixes) {
    std::vector<std::string> texts;
    for (const Prefix& prefix : prefixes) texts.push_back(to_string(prefix));
    std::sort(texts.begin(), texts.end());
    std::string text;
    for (const std::string& one : texts) text += (text.empty() ? "" : ",") + one;
    return text;
}

template <class List, class Text>
std::string listed(const List& list, Text&& text_of) {
    std::string text;
    for (const auto& one : list) text += (text.empty() ? "" : ",") + text_of(one);
    return text.empty() ? "none" : text;
}

std::string words(const std::vector<std::string>& program) {
    return listed(program, [](const std::string& word) { return word; });
}

std::string flag(bool on) {
    return on ? "true" : "false";
}

std::string vlan_text(std::uint16_t vlan) {
    return vlan == 0 ? "untagged" : std::to_string(vlan);
}

using Text = std::optional<std::string>;
constexpr auto kAgreed = Share::agreed;
constexpr auto kOwn = Share::own;
constexpr auto kTold = Share::told;
constexpr auto kAtOnce = Takes::at_once;
constexpr auto kWhenHeld = Takes::when_held;
constexpr auto kAtStart = Takes::at_start;
constexpr auto kWithCluster = Takes::with_cluster;

// `remote_control` is agreed but for who may use it: a port that only some hosts consume is
// answered by the others' servers. Time-outs of connections are own: dirty buckets are told, so how
// long a flow is remembered changes nothing for anybody else.
constexpr Key<Cluster> kClusterKeys[] = {
    {"name", kAgreed, kWithCluster, [](const Cluster& c) { return Text{c.name}; }},
    {"address", kAgreed, kWithCluster, [](const Cluster& c) { return Text{to_string(c.address)}; }},
    {"virtual_addresses", kAgreed, kWhenHeld,
     [](const Cluster& c) { return Text{joined(c.virtual_addresses)}; }},
    {"mode", kAgreed, kWithCluster, [](const Cluster& c) { return Text{to_string(c.mode)}; }},
    {"vlan", kAgreed, kWithCluster, [](const Cluster& c) { return Text{vlan_text(c.vlan)}; }},
    {"mac", kAgreed, kWithCluster,
     [](const Cluster& c) { return c.mac ? Text{to_string(*c.mac)} : std::nullopt; }},
    {"mask_source_mac", kAgreed, kWhenHeld,
     [](const Cluster& c) { return Text{flag(c.mask_source_mac)}; }},
    // Compared by a fingerprint of what is in the file (config/digest.hpp), not by its path.
    {"key_file", kAgreed, kWhenHeld, [](const Cluster&) { return Text{}; }},
    {"former_key_files", kOwn, kAtOnce,
     [](const Cluster& c) {
         return Text{listed(c.former_key_files, [](const std::string& file) { return file; })};
     }},
    {"heartbeat.period", kAgreed, kWithCluster,
     [](const Cluster& c) { return Text{to_string(c.heartbeat.period)}; }},
    {"heartbeat.tolerance", kAgreed, kWithCluster,
     [](const Cluster& c) { return Text{std::to_string(c.heartbeat.tolerance)}; }},
    {"partition", kAgreed, kWithCluster,
     [](const Cluster& c) { return Text{to_string(c.partition)}; }},
    {"witnesses", kOwn, kAtOnce,
     [](const Cluster& c) {
         return Text{listed(c.witnesses, [](const IpAddress& ip) { return to_string(ip); })};
     }},
    {"icmp", kAgreed, kWhenHeld, [](const Cluster& c) { return Text{to_string(c.icmp)}; }},
    {"connections.max", kOwn, kAtStart,
     [](const Cluster& c) { return Text{std::to_string(c.connections.max)}; }},
    {"connections.tcp_idle", kOwn, kAtOnce,
     [](const Cluster& c) { return Text{to_string(c.connections.tcp_idle)}; }},
    {"connections.half_open", kOwn, kAtOnce,
     [](const Cluster& c) { return Text{to_string(c.connections.half_open)}; }},
    {"connections.closing", kOwn, kAtOnce,
     [](const Cluster& c) { return Text{to_string(c.connections.closing)}; }},
    {"ipsec.drop_state_if_not_bucket_owner", kAgreed, kWhenHeld,
     [](const Cluster& c) { return Text{flag(c.ipsec.drop_state_if_not_bucket_owner)}; }},
    {"ipsec.idle", kOwn, kAtOnce, [](const Cluster& c) { return Text{to_string(c.ipsec.idle)}; }},
    {"remote_control.enabled", kAgreed, kWhenHeld,
     [](const Cluster& c) { return Text{flag(c.remote_control.enabled)}; }},
    {"remote_control.port", kAgreed, kWhenHeld,
     [](const Cluster& c) { return Text{std::to_string(c.remote_control.port)}; }},
    {"remote_control.key_file", kOwn, kAtOnce,
     [](const Cluster& c) {
         return c.remote_control.key_file.empty() ? Text{} : Text{c.remote_control.key_file};
     }},
    {"remote_control.configure", kOwn, kAtOnce,
     [](const Cluster& c) { return Text{flag(c.remote_control.configure)}; }},
    // Programs are one machine's: which of them is told of an event changes nobody's share.
    {"notify", kOwn, kAtOnce, [](const Cluster& c) { return Text{words(c.notify)}; }},
    // A number that grows with each reload; it is compared on its own.
    {"generation", kTold, kAtStart, [](const Cluster&) { return Text{}; }},
};

Text of_multiple(const PortRule& rule, std::string value) {
    return rule.mode == RuleMode::multiple ? Text{std::move(value)} : std::nullopt;
}

std::string text(const std::string& value) {
    return value;
}
std::string text(bool value) {
    return flag(value);
}
std::string text(std::uint8_t value) {
    return std::to_string(value);
}
std::string text(const std::vector<std::string>& value) {
    return words(value);
}
std::string text(const auto& value) {
    return to_string(value);
}

// A rule without a check has no such line.
template <auto kMember>
Text of_health(const PortRule& rule) {
    return rule.health ? Text{text(*rule.health.*kMember)} : std::nullopt;
}
template <std::string Health::*kMember>
Text of_health_or_none(const PortRule& rule) {
    const Text value = of_health<kMember>(rule);
    return value && value->empty() ? Text{"none"} : value;
}

// All of a health check is agreed. Who serves follows from what hosts tell of their checks, so a
// failed server must mean the same on each host; `all_failed` is read by whichever host
// coordinates.
constexpr Key<PortRule> kRuleKeys[] = {
    {"name", kAgreed, kWhenHeld, [](const PortRule& r) { return Text{r.name}; }},
    {"vip", kAgreed, kWhenHeld,
     [](const PortRule& r) { return Text{r.vip ? to_string(*r.vip) : "all"}; }},
    {"ports", kAgreed, kWhenHeld, [](const PortRule& r) { return Text{to_string(r.ports)}; }},
    {"protocol", kAgreed, kWhenHeld,
     [](const PortRule& r) { return Text{to_string(r.protocols)}; }},
    {"mode", kAgreed, kWhenHeld, [](const PortRule& r) { return Text{to_string(r.mode)}; }},
    {"affinity.kind", kAgreed, kWhenHeld,
     [](const PortRule& r) { return of_multiple(r, to_string(r.affinity)); }},
    {"affinity.timeout", kAgreed, kWhenHeld,
     [](const PortRule& r) {
         return of_multiple(r, r.affinity_timeout ? to_string(*r.affinity_timeout) : "none");
     }},
    // What hosts offer that say nothing of their own; each host's offer is told in its heartbeats.
    {"weight", kAgreed, kWhenHeld,
     [](const PortRule& r) { return of_multiple(r, std::to_string(r.weight)); }},
    {"health.check", kAgreed, kWhenHeld, of_health<&Health::check>},
    {"health.port", kAgreed, kWhenHeld,
     [](const PortRule& r) {
         if (!r.health) return Text{};
         return Text{r.health->port ? std::to_string(*r.health->port) : "the first of the rule"};
     }},
    {"health.address", kAgreed, kWhenHeld,
     [](const PortRule& r) {
         if (!r.health) return Text{};
         return Text{r.health->address ? to_string(*r.health->address) : "virtual"};
     }},
    {"health.path", kAgreed, kWhenHeld, of_health<&Health::path>},
    {"health.host", kAgreed, kWhenHeld, of_health_or_none<&Health::host>},
    {"health.status", kAgreed, kWhenHeld, of_health<&Health::status>},
    {"health.body", kAgreed, kWhenHeld, of_health_or_none<&Health::body>},
    {"health.sni", kAgreed, kWhenHeld, of_health_or_none<&Health::sni>},
    {"health.verify", kAgreed, kWhenHeld, of_health<&Health::verify>},
    {"health.program", kAgreed, kWhenHeld, of_health<&Health::program>},
    {"health.unit", kAgreed, kWhenHeld, of_health_or_none<&Health::unit>},
    {"health.interval", kAgreed, kWhenHeld, of_health<&Health::interval>},
    {"health.timeout", kAgreed, kWhenHeld, of_health<&Health::timeout>},
    {"health.rise", kAgreed, kWhenHeld, of_health<&Health::rise>},
    {"health.fall", kAgreed, kWhenHeld, of_health<&Health::fall>},
    {"health.slow_start", kAgreed, kWhenHeld, of_health<&Health::slow_start>},
    {"health.on_fail", kAgreed, kWhenHeld, of_health<&Health::on_fail>},
    {"health.all_failed", kAgreed, kWhenHeld, of_health<&Health::all_failed>},
};

constexpr Key<Host> kHostKeys[] = {
    {"name", kAgreed, kWhenHeld, [](const Host& h) { return Text{h.name}; }},
    {"id", kAgreed, kWhenHeld, [](const Host& h) { return Text{std::to_string(h.id)}; }},
    {"addresses", kAgreed, kWhenHeld, [](const Host& h) { return Text{joined(h.addresses)}; }},
    // A line for each rule: see offers_of().
    {"weights", kTold, kAtOnce, [](const Host&) { return Text{}; }},
    {"priorities", kTold, kAtOnce, [](const Host&) { return Text{}; }},
    {"initial_state", kOwn, kAtOnce,
     [](const Host& h) { return Text{to_string(h.initial_state)}; }},
    {"outside", kOwn, kAtStart, [](const Host& h) { return Text{h.outside}; }},
    // The device that a kernel's name becomes is numbered by its place in the file, which may
    // change.
    {"inside", kOwn, kAtStart,
     [](const Host& h) {
         return Text{h.inside_kernel.empty() ? h.inside : "kernel " + h.inside_kernel};
     }},
    {"lcores", kOwn, kAtStart,
     [](const Host& h) {
         // Sorted and without repetitions, as the dataplane takes them.
         const std::set<std::uint16_t> lcores(h.lcores.begin(), h.lcores.end());
         return Text{listed(lcores, [](std::uint16_t core) { return std::to_string(core); })};
     }},
    {"addresses_by", kOwn, kAtStart, [](const Host& h) { return Text{to_string(h.addresses_by)}; }},
    {"gateway", kOwn, kAtStart,
     [](const Host& h) {
         return Text{listed(h.gateways, [](const IpAddress& ip) { return to_string(ip); })};
     }},
    {"server_mac", kOwn, kAtStart,
     [](const Host& h) { return Text{h.server_mac ? to_string(*h.server_mac) : "auto"}; }},
    {"mtu", kOwn, kAtStart, [](const Host& h) { return Text{std::to_string(h.mtu)}; }},
    {"rx_ring", kOwn, kAtStart, [](const Host& h) { return Text{std::to_string(h.rx_ring)}; }},
    {"tx_ring", kOwn, kAtStart, [](const Host& h) { return Text{std::to_string(h.tx_ring)}; }},
    {"metrics.listen", kOwn, kAtStart,
     [](const Host& h) { return h.metrics ? Text{words(h.metrics->listen)} : std::nullopt; }},
};

constexpr Key<Config> kProgramKeys[] = {
    {"metrics.listen", kOwn, kAtStart,
     [](const Config& c) { return Text{words(c.metrics.listen)}; }},
    {"manager.listen", kOwn, kAtStart, [](const Config& c) { return Text{c.manager.listen}; }},
    {"manager.token_file", kOwn, kAtStart,
     [](const Config& c) { return Text{c.manager.token_file}; }},
    {"manager.read_token", kOwn, kAtStart,
     [](const Config& c) { return Text{flag(c.manager.read_token)}; }},
    {"manager.names", kOwn, kAtStart,
     [](const Config& c) {
         return Text{listed(c.manager.names, [](const std::string& name) { return name; })};
     }},
    {"state_dir", kOwn, kAtStart,
     [](const Config& c) { return Text{c.state_dir.empty() ? "default" : c.state_dir}; }},
    {"poll", kOwn, kAtStart, [](const Config& c) { return Text{to_string(c.poll)}; }},
    {"eal.hugepages", kOwn, kAtStart, [](const Config& c) { return Text{flag(c.eal.hugepages)}; }},
    {"eal.memory", kOwn, kAtStart,
     [](const Config& c) { return Text{std::to_string(c.eal.memory_mib)}; }},
    {"eal.main_lcore", kOwn, kAtStart,
     [](const Config& c) {
         return Text{c.eal.main_lcore ? std::to_string(*c.eal.main_lcore) : "none"};
     }},
};

template <class Owner, std::size_t kCount, class Wanted>
void add(KeyLines& lines, const Key<Owner> (&keys)[kCount], const std::string& prefix,
         const Owner& owner, Wanted&& wanted) {
    for (const Key<Owner>& key : keys)
        if (wanted(key))
            if (Text value = key.value(owner))
                lines.emplace_back(prefix + std::string{key.path}, std::move(*value));
}

bool is_agreed(const auto& key) {
    return key.share == Share::agreed;
}

constexpr std::string_view kCheck = "health.check";

// The key's value in a file that does not write it. A check is written by its kind.
template <class Owner>
Text default_of(const Key<Owner>& key) {
    Owner owner;
    if constexpr (std::is_same_v<Owner, PortRule>)
        if (key.path.starts_with("health.") && key.path != kCheck) owner.health.emplace();
    return key.value(owner);
}

template <class Owner, std::size_t kCount>
void add_agreed(KeyLines& lines, const Key<Owner> (&keys)[kCount], const std::string& prefix,
                const Owner& owner) {
    add(lines, keys, prefix, owner, [&owner](const Key<Owner>& key) {
        return is_agreed(key) && key.value(owner) != default_of(key);
    });
}

template <class Owner, std::size_t kCount>
Text default_at(const Key<Owner> (&keys)[kCount], std::string_view path) {
    for (const Key<Owner>& key : keys)
        if (key.path == path && is_agreed(key)) return default_of(key);
    return std::nullopt;
}

bool holds(const KeyLines& lines, const std::string& path) {
    return std::any_of(lines.begin(), lines.end(),
                       [&path](const auto& line) { return line.first == path; });
}

// What this host puts in, rule by rule.
void add_offers(KeyLines& lines, const Cluster& cluster, const Host& host) {
    for (const PortRule& rule : cluster.port_rules) {
        if (rule.mode == RuleMode::multiple)
            lines.emplace_back("weights." + rule.name, std::to_string(weight_of(host, rule)));
        if (rule.mode == RuleMode::single)
            lines.emplace_back("priorities." + rule.name, std::to_string(priority_of(host, rule)));
    }
}

template <class Owner, std::size_t kCount>
void declare(std::vector<KeyDeclaration>& all, const Key<Owner> (&keys)[kCount]) {
    for (const Key<Owner>& key : keys) all.push_back({key.path, key.share, key.takes});
}

}  // namespace

KeyLines agreed_keys(const Cluster& cluster) {
    KeyLines lines;
    add_agreed(lines, kClusterKeys, "", cluster);
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i)
        add_agreed(lines, kRuleKeys, "port_rules[" + std::to_string(i) + "].",
                   cluster.port_rules[i]);
    std::vector<const Host*> hosts;
    for (const Host& host : cluster.hosts) hosts.push_back(&host);
    std::sort(hosts.begin(), hosts.end(),
              [](const Host* one, const Host* other) { return one->id < other->id; });
    for (const Host* const host : hosts)
        add_agreed(lines, kHostKeys, "hosts[id " + std::to_string(host->id) + "].", *host);
    return lines;
}

std::optional<std::string> meant_by(const KeyLines& lines, std::string_view path) {
    const std::size_t bracket = path.find("].");
    if (bracket == std::string_view::npos) return default_at(kClusterKeys, path);
    const std::string entry{path.substr(0, bracket + 2)};
    const std::string_view key = path.substr(bracket + 2);
    if (!holds(lines, entry + "name")) return std::nullopt;
    if (entry.starts_with("hosts")) return default_at(kHostKeys, key);
    if (key.starts_with("health.") && !holds(lines, entry + std::string{kCheck}))
        return std::nullopt;
    return default_at(kRuleKeys, key);
}

KeyLines host_keys(const Cluster& cluster, const Host& host, Takes takes) {
    KeyLines lines;
    const auto wanted = [takes](const auto& key) { return !is_agreed(key) && key.takes == takes; };
    add(lines, kClusterKeys, "", cluster, wanted);
    add(lines, kHostKeys, "", host, wanted);
    if (takes == Takes::at_once) add_offers(lines, cluster, host);
    return lines;
}

KeyLines program_keys(const Config& config) {
    KeyLines lines;
    std::string names;
    for (const Cluster& cluster : config.clusters)
        names += (names.empty() ? "" : ",") + cluster.name;
    lines.emplace_back("clusters", names);
    add(lines, kProgramKeys, "", config, [](const auto&) { return true; });
    return lines;
}

bool is_fixed_while_cluster_runs(std::string_view path) {
    return std::any_of(std::begin(kClusterKeys), std::end(kClusterKeys),
                       [path](const Key<Cluster>& key) {
                           return key.path == path && key.takes == Takes::with_cluster;
                       });
}

std::vector<KeyDeclaration> all_keys() {
    std::vector<KeyDeclaration> all;
    declare(all, kProgramKeys);
    declare(all, kClusterKeys);
    declare(all, kRuleKeys);
    declare(all, kHostKeys);
    return all;
}

}  // namespace nlb::config
