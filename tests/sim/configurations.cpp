// The configuration files of a run; see the header.
#include "tests/sim/configurations.hpp"

#include "config/digest.hpp"
#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"

namespace nlb::sim {
namespace {

std::string rule_name(RuleId port) {
    return "port" + std::to_string(port);
}

}  // namespace

Configurations::Configurations(const Settings& settings, Prng& prng, std::uint32_t address)
    : settings_(settings), rules_(static_cast<RuleId>(settings.slots - 1U)) {
    for (const Variant variant : {Variant{0}, Variant{1}}) {
        keys_[variant] = {static_cast<std::uint16_t>(7 + variant), prng.next()};
        for (std::uint64_t& word : hash_keys_[variant]) word = prng.next();
    }
    for (Variant variant = 0; variant < kVariants; ++variant) {
        const HashKey& hash_key = hash_keys_[variant % 2U];
        clusters_[variant] = cluster_of(variant, address);
        const config::Cluster& cluster = clusters_[variant];
        tables_[variant] = config::build_tables(cluster, cluster.hosts.front(), hash_key, {});
        digests_[variant] = config::digest_of(config::agreed_lines(cluster, hash_key));
    }
    cluster_ = controlplane::cluster_number(clusters_[0]);
    for (const config::Host& host : clusters_[0].hosts)
        paired_[host.id] = config::text_of(config::paired_lines(clusters_[0], host));
}

// As often as a heartbeat, so that it speaks within the run.
config::Health Configurations::health_of(RuleId port) const {
    config::Health health;
    health.interval = settings_.timing.period;
    health.timeout = settings_.timing.period / 2;
    if ((settings_.single_slots >> port & 1U) == 0) health.slow_start = settings_.slow_start;
    if ((settings_.drop_ports >> port & 1U) != 0) health.all_failed = config::AllFailed::drop;
    if ((settings_.cut_ports >> port & 1U) != 0) health.on_fail = config::OnFail::stop;
    return health;
}

config::Cluster Configurations::cluster_of(Variant variant, std::uint32_t address) const {
    config::Cluster cluster;
    cluster.name = "at" + std::to_string(address);
    cluster.address = {IpAddress::v4(address), 24};
    cluster.heartbeat = {
        settings_.timing.period,
        static_cast<std::uint8_t>(settings_.timing.bury_after / settings_.timing.period)};
    cluster.partition =
        settings_.majority ? config::PartitionMode::majority : config::PartitionMode::serve;
    cluster.port_rules.resize(rules_);
    for (RuleId port = 0; port < rules_; ++port) {
        config::PortRule& rule = cluster.port_rules[rule_of(port, variant)];
        rule.name = rule_name(port);
        rule.ports.first = rule.ports.last = static_cast<std::uint16_t>(1000 + port);
        if ((settings_.single_slots >> port & 1U) != 0) rule.mode = RuleMode::single;
        rule.affinity = Affinity::none;
        if (settings_.is_checked(port)) rule.health = health_of(port);
        if (settings_.sticky_ms == 0 || port != settings_.sticky_port()) continue;
        rule.affinity = Affinity::single;
        rule.affinity_timeout = std::chrono::milliseconds{settings_.sticky_ms};
    }
    const auto hosts = static_cast<HostId>(settings_.hosts - (variant == kVariants - 1 ? 1 : 0));
    for (HostId id = 1; id <= hosts; ++id) {
        config::Host& host = cluster.hosts.emplace_back();
        host.name = "host" + std::to_string(id);
        host.id = id;
        host.initial_state = config::InitialState::last;
    }
    return cluster;
}

controlplane::ClusterSettings Configurations::settings_of(HostId id, Variant variant, KeyRing ring,
                                                          const Offers& offers) const {
    controlplane::ClusterSettings read{clusters_[variant], {}, hash_keys_[variant % 2U]};
    if (ring == KeyRing::former) read.hash_key = hash_keys_[(variant + 1U) % 2U];
    if (ring == KeyRing::wrong || ring == KeyRing::unknown) ++read.hash_key[0];
    config::Host& host = read.cluster.hosts[id - 1U];
    for (RuleId port = 0; port < rules_; ++port)
        if ((settings_.single_slots >> port & 1U) == 0)
            host.weights[rule_name(port)] = offers[port];
    read.host = host;
    return read;
}

std::vector<SimulatedKey> Configurations::keys_of(Variant variant, KeyRing ring) const {
    const SimulatedKey& own = keys_[variant % 2U];
    const SimulatedKey& other = keys_[(variant + 1U) % 2U];
    if (ring == KeyRing::former) return {other};
    if (ring == KeyRing::wrong) return {{own.id, own.secret + 1}};
    if (ring == KeyRing::unknown) return {{99, own.secret + 1}};
    return {own, other};
}

RuleMasks Configurations::by_port(const RuleMasks& by_rule, Variant variant) const {
    RuleMasks masks{};
    for (RuleId port = 0; port < rules_; ++port) masks[port] = by_rule[rule_of(port, variant)];
    masks[kDefaultRule] = by_rule[kDefaultRule];
    return masks;
}

}  // namespace nlb::sim
