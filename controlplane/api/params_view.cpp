// What `params` answers: everything that a host goes by, from the file in force, from what it
// derived and from what the others state. Keys are named by their ids alone.
#include "config/format.hpp"
#include "config/table_builder.hpp"
#include "controlplane/api/view_parts.hpp"
#include "controlplane/api/views.hpp"
#include "core/base/durations.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

Json rule_params(const config::Host& host, const config::PortRule& rule) {
    Json view = {{"name", rule.name},
                 {"vip", rule.vip ? config::to_string(*rule.vip) : "all"},
                 {"ports", config::to_string(rule.ports)},
                 {"protocol", config::to_string(rule.protocols)},
                 {"mode", config::to_string(rule.mode)}};
    if (rule.mode == RuleMode::multiple) {
        view["affinity"] = config::to_string(rule.affinity);
        view["affinity_timeout"] =
            rule.affinity_timeout ? Json(config::to_string(*rule.affinity_timeout)) : Json();
        view["weight"] = config::weight_of(host, rule);
    }
    if (rule.mode == RuleMode::single) view["priority"] = config::priority_of(host, rule);
    return view;
}

// What the host states of its rules now; null of one that is not heard.
Json stated_offers(const ClusterAgent& agent, HostId id) {
    const config::Cluster& cluster = agent.settings().cluster;
    const Membership& membership = agent.membership();
    std::array<RuleReport, kRuleSlots> reports{};
    if (id == agent.settings().host.id) {
        reports = membership.reports();
    } else {
        const auto peer = membership.peers().find(id);
        if (!agent.active() || peer == membership.peers().end() || !peer->second.stated ||
            !membership.is_live(id))
            return Json();
        reports = peer->second.rules;
    }
    Json offers = Json::object();
    for (std::size_t r = 0; r < cluster.port_rules.size(); ++r) {
        const config::PortRule& rule = cluster.port_rules[r];
        if (rule.mode == RuleMode::multiple) offers[rule.name] = reports[r].offer;
        if (rule.mode == RuleMode::single && reports[r].offer != 0)
            offers[rule.name] = kHostsMax + 1 - reports[r].offer;
    }
    return offers;
}

Json host_params(const ClusterAgent& agent, const config::Host& host) {
    return {{"name", host.name},
            {"id", host.id},
            {"addresses", texts_of(host.addresses)},
            {"initial_state", config::to_string(host.initial_state)},
            {"stated", stated_offers(agent, host.id)}};
}

Json macs_of(const ClusterAgent& agent) {
    const config::Cluster& cluster = agent.settings().cluster;
    Json macs = {{"cluster", config::to_string(config::cluster_mac_of(cluster))}};
    if (cluster.mode == LinkMode::unicast)
        macs["masked"] =
            config::to_string(masked_mac(agent.settings().host.id, cluster.address.address));
    if (agent.ports()) {
        macs["outside"] = config::to_string(agent.ports()->outside);
        macs["inside"] = config::to_string(agent.ports()->inside);
    }
    return macs;
}

Json timing_of(const Timing& timing) {
    return {{"period_ms", in_milliseconds(timing.period)},
            {"tolerance", timing.tolerance},
            {"bury_after_ms", in_milliseconds(timing.bury_after)},
            {"lease_ms", in_milliseconds(timing.lease)},
            {"drop_after_ms", in_milliseconds(timing.drop_after)}};
}

// An authenticator answers only whether it holds a key; there are few questions to ask.
Json keys_of(const Authenticator& keys) {
    Json accepted = Json::array();
    for (std::uint32_t id = 0; id <= 0xffff; ++id)
        if (keys.holds(static_cast<std::uint16_t>(id))) accepted.push_back(id);
    return {{"sends_under", keys.sending_key()}, {"accepts", accepted}};
}

Json texts_of(const std::vector<IpAddress>& addresses) {
    Json texts = Json::array();
    for (const IpAddress& address : addresses) texts.push_back(config::to_string(address));
    return texts;
}

Json devices_of(const config::Host& host) {
    Json gateways = Json::array();
    for (const IpAddress& gateway : host.gateways) gateways.push_back(config::to_string(gateway));
    return {{"outside", host.outside},
            {"inside", host.inside},
            {"addresses_by", config::to_string(host.addresses_by)},
            {"gateways", gateways},
            {"server_mac", host.server_mac ? config::to_string(*host.server_mac) : "auto"},
            {"lcores", host.lcores}};
}

}  // namespace

Json params_view(const ClusterAgent& agent) {
    const ClusterSettings& settings = agent.settings();
    const config::Cluster& cluster = settings.cluster;
    Json rules = Json::array();
    for (const config::PortRule& rule : cluster.port_rules)
        rules.push_back(rule_params(settings.host, rule));
    Json hosts = Json::array();
    for (const config::Host& host : cluster.hosts) hosts.push_back(host_params(agent, host));
    return {{"name", cluster.name},
            {"host", settings.host.name},
            {"id", settings.host.id},
            {"address", config::to_string(cluster.address)},
            {"virtual_addresses", texts_of(cluster.virtual_addresses)},
            {"addresses", texts_of(settings.host.addresses)},
            {"mode", config::to_string(cluster.mode)},
            {"vlan", cluster.vlan == 0 ? Json() : Json(cluster.vlan)},
            {"icmp", config::to_string(cluster.icmp)},
            {"partition", config::to_string(cluster.partition)},
            {"witnesses", texts_of(cluster.witnesses)},
            {"macs", macs_of(agent)},
            {"timing", timing_of(agent.params().timing)},
            {"connections_max", cluster.connections.max},
            {"connections",
             {{"max", cluster.connections.max},
              {"tcp_idle", config::to_string(cluster.connections.tcp_idle)},
              {"half_open", config::to_string(cluster.connections.half_open)},
              {"closing", config::to_string(cluster.connections.closing)}}},
            {"ipsec",
             {{"drop_state_if_not_bucket_owner", cluster.ipsec.drop_state_if_not_bucket_owner},
              {"idle", config::to_string(cluster.ipsec.idle)}}},
            {"remote_control",
             {{"enabled", cluster.remote_control.enabled},
              {"port", cluster.remote_control.port},
              {"configure", cluster.remote_control.configure}}},
            {"devices", devices_of(settings.host)},
            {"keys", keys_of(agent.authenticator())},
            {"file", settings.source ? Json(settings.source->file) : Json()},
            {"generation", agent.membership().generation()},
            {"config_digest", hexadecimal(agent.membership().config_digest())},
            {"rules", rules},
            {"hosts", hosts}};
}

}  // namespace nlb::controlplane
