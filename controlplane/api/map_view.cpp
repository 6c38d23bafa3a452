// The map as its coordinator published it, what each host states of itself, and what the cores of
// this one were told last.
#include "controlplane/api/map_view.hpp"

#include "config/format.hpp"
#include "controlplane/api/view_parts.hpp"
#include "controlplane/api/views.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

bool takes_part(const ClusterAgent& agent) {
    return agent.active() && agent.membership().epoch() != Epoch{};
}

bool is_single(const config::Cluster& cluster, RuleId rule) {
    return rule == kDefaultRule || cluster.port_rules[rule].mode == RuleMode::single;
}

// As heartbeats carry it: a weight, or how far above the worst priority.
void add_offer(Json& view, const config::Cluster& cluster, RuleId rule, std::uint8_t offer) {
    if (!is_single(cluster, rule))
        view["weight"] = offer;
    else
        view["priority"] = offer == 0 ? Json() : Json(kHostsMax + 1 - offer);
}

Json stated_rules(const config::Cluster& cluster,
                  const std::array<RuleReport, kRuleSlots>& reports) {
    Json rules = Json::array();
    for (const RuleId rule : rule_ids(cluster)) {
        const RuleReport& report = reports[rule];
        Json view = {{"name", rule_name(cluster, rule)},
                     {"state", name_of(report.state)},
                     {"own", hexadecimal(report.own)},
                     {"dirty", hexadecimal(report.dirty)}};
        add_offer(view, cluster, rule, report.offer);
        rules.push_back(std::move(view));
    }
    return rules;
}

// `rules` is null of a host that has stated nothing that counts now.
Json host_view(const ClusterAgent& agent, HostId id, const std::string& name) {
    const Membership& membership = agent.membership();
    const bool self = id == agent.settings().host.id;
    const auto peer = membership.peers().find(id);
    const bool known = agent.active() && peer != membership.peers().end() && peer->second.stated;
    const bool counts = known && (membership.is_live(id) || membership.members().contains(id));
    Json rules;
    if (self) rules = stated_rules(agent.settings().cluster, membership.reports());
    if (counts) rules = stated_rules(agent.settings().cluster, peer->second.rules);
    return {{"id", id},
            {"name", name},
            {"state", name_of(state_of_host(agent, id))},
            {"member", agent.active() && membership.members().contains(id)},
            {"rules", rules}};
}

Json hosts_view(const ClusterAgent& agent) {
    Json hosts = Json::array();
    for (const config::Host& host : agent.settings().cluster.hosts)
        hosts.push_back(host_view(agent, host.id, host.name));
    return hosts;
}

Json rules_view(const ClusterAgent& agent) {
    const config::Cluster& cluster = agent.settings().cluster;
    const OwnerMap stated = agent.active() ? agent.membership().stated_owners() : OwnerMap{};
    const OwnerMap targets = takes_part(agent) ? agent.membership().map().targets : OwnerMap{};
    Json rules = Json::array();
    for (const RuleId rule : rule_ids(cluster))
        rules.push_back({{"name", rule_name(cluster, rule)},
                         {"owners", stated[rule]},
                         {"targets", targets[rule]},
                         {"connections", agent.status() ? agent.status()->connections[rule] : 0}});
    return rules;
}

// What the cores of this host go by.
Json installed_view(const ClusterAgent& agent) {
    const auto& installed = agent.last_install();
    if (!installed || !agent.active()) return Json();
    Json rules = Json::array();
    for (const RuleId rule : rule_ids(agent.settings().cluster))
        rules.push_back({{"name", rule_name(agent.settings().cluster, rule)},
                         {"own", hexadecimal(installed->own[rule])},
                         {"dirty_elsewhere", hexadecimal(installed->dirty_elsewhere[rule])}});
    return {{"epoch", installed->epoch}, {"rules", rules}};
}

Json configuration_view(const ClusterSettings& settings) {
    if (!settings.source) return Json();
    const bool fits = settings.source->text.size() <= kSourceTextMax;
    return {{"file", settings.source->file},
            {"own_file", settings.source->own_file},
            {"key_file", settings.cluster.key_file},
            {"text", fits ? Json(settings.source->text) : Json()}};
}

}  // namespace

Json map_view(const ClusterAgent& agent, Instant now) {
    const ClusterSettings& settings = agent.settings();
    const Membership& membership = agent.membership();
    const bool part = takes_part(agent);
    const Epoch epoch = part ? membership.epoch() : Epoch{};
    Json members = Json::array();
    for (HostId id = 1; part && id <= kHostsMax; ++id)
        if (membership.map().members.end() !=
            std::find_if(membership.map().members.begin(), membership.map().members.end(),
                         [id](const MemberEntry& member) { return member.id == id; }))
            members.push_back(id);
    return {{"name", settings.cluster.name},
            {"host", settings.host.name},
            {"id", settings.host.id},
            {"state", name_of(agent.shown())},
            {"takes_part", part},
            {"serves", agent.active() && membership.valid_until() > now},
            {"epoch", {{"counter", epoch.counter}, {"coordinator", epoch.coordinator}}},
            {"generation", membership.generation()},
            {"config_digest", hexadecimal(membership.config_digest())},
            {"configuration", configuration_view(settings)},
            {"members", members},
            {"rules", rules_view(agent)},
            {"hosts", hosts_view(agent)},
            {"installed", installed_view(agent)}};
}

}  // namespace nlb::controlplane
