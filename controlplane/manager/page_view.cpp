// Members of `query` keep their names and places, so that the page and the command line cannot
// differ.
#include "controlplane/manager/page_view.hpp"

#include <algorithm>

#include "config/format.hpp"
#include "config/host_colours.hpp"
#include "config/plan.hpp"
#include "controlplane/api/serving.hpp"
#include "controlplane/api/view_parts.hpp"
#include "controlplane/api/views.hpp"
#include "core/packet/reasons.hpp"
#include "core/packet/verdict_name.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

// Every configured host, heard or not.
Json hosts_view(const ClusterAgent& agent) {
    Json hosts = Json::array();
    for (const config::Host& host : agent.settings().cluster.hosts)
        hosts.push_back({{"id", host.id},
                         {"name", host.name},
                         {"state", name_of(state_of_host(agent, host.id))},
                         {"colour", config::web_colour(host.id)},
                         {"digit", std::string(1, config::host_digit(host.id))}});
    return hosts;
}

// By rule: masks of the buckets in which a host holds descriptors that it does not own.
Json dirty_view(const ClusterAgent& agent) {
    const config::Cluster& cluster = agent.settings().cluster;
    const Membership& membership = agent.membership();
    Json dirty = Json::object();
    if (!agent.active()) return dirty;
    const auto reports = membership.reports();
    for (const RuleId rule : rule_ids(cluster)) {
        Json of_rule = Json::object();
        const auto add = [&of_rule](HostId id, BucketMask mask) {
            if (mask != 0) of_rule[std::to_string(id)] = hexadecimal(mask);
        };
        add(agent.settings().host.id, reports[rule].dirty);
        for (const auto& [id, peer] : membership.peers())
            if (peer.stated && membership.is_live(id)) add(id, peer.rules[rule].dirty);
        if (!of_rule.empty()) dirty[std::string{rule_name(cluster, rule)}] = std::move(of_rule);
    }
    return dirty;
}

// By rule: how many buckets somebody is meant to own. A rule that is disabled everywhere has none,
// and no orphans.
Json meant_view(const ClusterAgent& agent) {
    Json meant = Json::object();
    if (!agent.active() || agent.membership().epoch() == Epoch{}) return meant;
    for (const RuleId rule : rule_ids(agent.settings().cluster)) {
        const auto& targets = agent.membership().map().targets[rule];
        meant[std::string{rule_name(agent.settings().cluster, rule)}] =
            kBuckets -
            static_cast<std::size_t>(std::count(targets.begin(), targets.end(), kNoHost));
    }
    return meant;
}

// What this host's cores did with packets, by verdict and reason, since their dataplane started.
Json reasons_view(const ClusterAgent& agent) {
    const auto& report = agent.traffic().report;
    if (!report) return Json();
    Json reasons = Json::array();
    for (std::size_t i = 0; i < kReasonCount; ++i) {
        if (report->counters.reasons[i] == 0) continue;
        const ReasonInfo& info = info_of(static_cast<Reason>(i));
        reasons.push_back({{"name", info.name},
                           {"verdict", name_of(info.verdict)},
                           {"help", info.help},
                           {"packets", report->counters.reasons[i]}});
    }
    return reasons;
}

void mix(std::uint64_t& into, std::uint64_t value) {
    into = (into ^ value) * 0x100000001b3ULL;  // FNV-1a, by words
}

}  // namespace

Json cluster_page(const ClusterAgent& agent, Instant now) {
    Json view = cluster_view(agent, now);
    const Json params = params_view(agent);
    view["hosts"] = hosts_view(agent);
    view["dirty"] = dirty_view(agent);
    view["meant"] = meant_view(agent);
    view["reasons"] = reasons_view(agent);
    view["rule_params"] = params.value("rules", Json::array());
    view["virtual_addresses"] = Json::array({view["address"]});
    for (const config::Prefix& prefix : agent.settings().cluster.virtual_addresses)
        view["virtual_addresses"].push_back(config::to_string(prefix.address));
    view["last_to_serve"] = agent.is_last_to_serve(now);
    return view;
}

Json page_view(const ClusterAgents& agents, Instant now, const PageFacts& facts) {
    const Serving serving = serving_of(agents, now);
    Json clusters = Json::array();
    for (const auto& agent : agents) clusters.push_back(cluster_page(*agent, now));
    return {{"version", facts.version},       {"now_ms", facts.now_ms},
            {"history", facts.history},       {"may_command", facts.may_command},
            {"serves", serving.as_it_should}, {"sentence", serving.sentence},
            {"clusters", std::move(clusters)}};
}

std::uint64_t fingerprint_of(const ClusterAgent& agent, Instant now) {
    std::uint64_t print = 0xcbf29ce484222325ULL;
    const Membership& membership = agent.membership();
    mix(print, static_cast<std::uint64_t>(agent.shown()));
    mix(print, agent.serves_not_because(now).size());
    mix(print, membership.generation());
    if (agent.active()) {
        mix(print, membership.epoch().counter);
        mix(print, membership.converged());
        for (const auto& owners : membership.stated_owners())
            for (const HostId owner : owners) mix(print, owner);
    }
    for (const RuleState state : agent.rule_states()) mix(print, static_cast<std::uint64_t>(state));
    for (const config::Host& host : agent.settings().cluster.hosts)
        mix(print, static_cast<std::uint64_t>(state_of_host(agent, host.id)));
    return print;
}

Json moves_view(const std::string& cluster, const std::optional<config::MovePlan>& plan) {
    if (!plan) return {{"name", cluster}, {"known", false}};
    const config::Cluster& after = *plan->after.cluster;
    Json rules = Json::array();
    for (const config::RulePlan& rule : plan->rules) {
        std::map<std::pair<HostId, HostId>, std::size_t> pairs;
        for (const config::Move& move : rule.moves) ++pairs[{move.from, move.to}];
        if (pairs.empty()) continue;
        Json moves = Json::array();
        for (const auto& [pair, buckets] : pairs)
            moves.push_back({{"from", name_of_host(after, pair.first)},
                             {"to", name_of_host(after, pair.second)},
                             {"buckets", buckets}});
        rules.push_back({{"name", rule.rule}, {"moves", std::move(moves)}});
    }
    return {{"name", cluster},
            {"known", true},
            {"changed_hands", plan->changed_hands()},
            {"rules", std::move(rules)}};
}

}  // namespace nlb::controlplane
