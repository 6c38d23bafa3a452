// Whoever has staged the same configuration has said what it will offer; of the others the new file
// says it, with the rule states that they state now.
#include "controlplane/agent/move_forecast.hpp"

#include <algorithm>

#include "config/digest.hpp"
#include "config/plan.hpp"
#include "config/table_builder.hpp"
#include "controlplane/agent/reload.hpp"

namespace nlb::controlplane {
namespace {

using Offered = std::array<std::uint8_t, kRuleSlots>;

Offered offered_by(const DesiredRules& desired) {
    Offered offers{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        offers[slot] = effective_offer(desired[slot].offer, desired[slot].state);
    return offers;
}

HostSet members_of(const ClusterMap& map) {
    HostSet members;
    for (const MemberEntry& member : map.members) members.insert(member.id);
    return members;
}

RuleStates states_of(const Peer& peer) {
    RuleStates states{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) states[slot] = peer.rules[slot].state;
    return states;
}

const config::Host* host_with(const config::Cluster& cluster, HostId id) {
    const auto found = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                    [id](const config::Host& host) { return host.id == id; });
    return found == cluster.hosts.end() ? nullptr : &*found;
}

// What a fellow will offer under the agreed part of `fresh`.
Offered fellow_under(const ClusterSettings& in_force, const ClusterSettings& fresh,
                     std::uint64_t digest, HostId id, const Peer& peer) {
    if (peer.staged.digest == digest) return peer.staged.offers;
    const config::Host* const host = host_with(fresh.cluster, id);
    if (host == nullptr || (peer.flags & kFlagDraining) != 0) return {};
    const RuleStates states = carried_over(states_of(peer), in_force.cluster, fresh.cluster);
    return offered_by(desired_rules_of(fresh.cluster, *host, states, {}));
}

bool knows_map(const ClusterAgent& agent) {
    return agent.active() && agent.membership().epoch() != Epoch{};
}

// As each member states it now.
config::Situation present(const ClusterAgent& agent) {
    const Membership& membership = agent.membership();
    config::Situation situation{&agent.settings().cluster, members_of(membership.map()), {}};
    for (const auto& [id, peer] : membership.peers())
        if (situation.members.contains(id))
            situation.offers[id - 1U] = effective_offers(peer.rules);
    situation.offers[agent.settings().host.id - 1U] = effective_offers(membership.reports());
    return situation;
}

}  // namespace

std::optional<config::MovePlan> plan_of_host(const ClusterAgent& agent, bool takes_part) {
    if (!knows_map(agent)) return std::nullopt;
    const config::Situation before = present(agent);
    config::Situation after = before;
    const HostId self = agent.settings().host.id;
    if (takes_part) {
        after.members.insert(self);
        after.offers[self - 1U] = offered_by(
            desired_rules_of(agent.settings().cluster, agent.settings().host, agent.rule_states(),
                             agent.health_under(agent.settings().cluster)));
    } else {
        after.members.erase(self);
        after.offers[self - 1U] = {};
    }
    return config::make_plan(before, agent.membership().map().targets, after);
}

std::optional<config::MovePlan> plan_of_rules(const ClusterAgent& agent,
                                              const std::vector<RuleId>& rules, RuleState wanted) {
    if (!knows_map(agent)) return std::nullopt;
    const config::Situation before = present(agent);
    config::Situation after = before;
    RuleStates states = agent.rule_states();
    for (const RuleId rule : rules) states[rule] = wanted;
    const ClusterSettings& settings = agent.settings();
    if (agent.shown() != ShownState::draining)
        after.offers[settings.host.id - 1U] = offered_by(desired_rules_of(
            settings.cluster, settings.host, states, agent.health_under(settings.cluster)));
    return config::make_plan(before, agent.membership().map().targets, after);
}

std::optional<config::MovePlan> plan_of_reload(const ClusterAgent& agent,
                                               const ClusterSettings& fresh) {
    if (!knows_map(agent)) return std::nullopt;
    const Membership& membership = agent.membership();
    const ClusterSettings& in_force = agent.settings();
    const auto digest = config::digest_of(config::agreed_lines(fresh.cluster, fresh.hash_key));
    const bool agreed = digest != membership.config_digest();
    const config::Situation before = present(agent);
    config::Situation after{&fresh.cluster, before.members, {}};
    for (const auto& [id, peer] : membership.peers())
        if (before.members.contains(id))
            after.offers[id - 1U] =
                agreed ? fellow_under(in_force, fresh, digest, id, peer) : before.offers[id - 1U];
    const HostId self = in_force.host.id;
    const RuleStates states = carried_over(agent.rule_states(), in_force.cluster, fresh.cluster);
    if (agent.shown() != ShownState::draining)
        after.offers[self - 1U] = offered_by(
            desired_rules_of(fresh.cluster, fresh.host, states, agent.health_under(fresh.cluster)));
    return config::make_plan(before, membership.map().targets, after);
}

std::size_t moves_of_reload(const ClusterAgent& agent, const ClusterSettings& fresh) {
    const auto plan = plan_of_reload(agent, fresh);
    return plan ? plan->changed_hands() : 0;
}

std::size_t moves_of_start(const ClusterAgent& agent, Instant now) {
    if (agent.active()) return 0;
    const ClusterSettings& settings = agent.settings();
    config::Situation before{&settings.cluster, {}, {}};
    OwnerMap owners{};
    for (const auto& [id, host] : agent.overheard().hosts()) {
        if (id == settings.host.id) continue;
        const bool lives = now - host.at <= agent.params().timing.bury_after;
        if (!lives || !host.serves || host.config_digest != agent.membership().config_digest())
            continue;
        before.members.insert(id);
        before.offers[id - 1U] = effective_offers(host.rules);
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
            for (std::size_t b = 0; b < kBuckets; ++b)
                if ((host.rules[slot].own >> b & 1U) != 0) owners[slot][b] = id;
    }
    config::Situation after = before;
    after.members.insert(settings.host.id);
    after.offers[settings.host.id - 1U] =
        offered_by(desired_rules_of(settings.cluster, settings.host, agent.rule_states(),
                                    agent.health_under(settings.cluster)));
    return config::make_plan(before, owners, after).changed_hands();
}

std::string too_many_moves(const ClusterSettings& settings, std::size_t moves, std::uint64_t most) {
    return "cluster " + settings.cluster.name + ": " + std::to_string(moves) +
           " buckets would change hands, more than the " + std::to_string(most) +
           " allowed by --max-moves; nothing is changed. `nlb plan` shows which";
}

}  // namespace nlb::controlplane
