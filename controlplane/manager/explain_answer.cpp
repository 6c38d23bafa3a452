// Of this host what its cores were told last, of the others what they state, as `nlb explain` takes
// it from the map (docs/control-socket.md).
#include "controlplane/manager/explain_answer.hpp"

#include <algorithm>

#include "config/targets.hpp"
#include "core/base/rule_masks.hpp"
#include "core/packet/reasons.hpp"
#include "core/packet/verdict_name.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

// A form asks about a single packet: no client is remembered from an earlier one.
constexpr std::uint32_t kClients = 64;
constexpr std::size_t kWordMax = 64;  // longer than any address

config::Ownership own_ownership(const ClusterAgent& agent) {
    config::Ownership ownership;
    ownership.owner = agent.membership().map().targets;
    ownership.epoch = agent.membership().epoch().counter;
    ownership.ended_rules = disabled_rules(agent.rule_states());
    if (const auto& installed = agent.last_install()) {
        ownership.epoch = installed->epoch;
        ownership.own = installed->own;
        ownership.dirty_elsewhere = installed->dirty_elsewhere;
    }
    return ownership;
}

config::Ownership stated_ownership(const ClusterAgent& agent, HostId id, const Peer& peer) {
    config::Ownership ownership;
    ownership.owner = agent.membership().map().targets;
    ownership.epoch = agent.membership().epoch().counter;
    for (RuleId rule = 0; rule < kRuleSlots; ++rule) {
        ownership.own[rule] = peer.rules[rule].own;
        if (rule < kRulesMax && peer.rules[rule].state == RuleState::disabled)
            ownership.ended_rules |= std::uint64_t{1} << rule;
    }
    const auto add_dirty = [&ownership](const std::array<RuleReport, kRuleSlots>& rules) {
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
            ownership.dirty_elsewhere[slot] |= rules[slot].dirty & ownership.own[slot];
    };
    const Membership& membership = agent.membership();
    for (const auto& [other, its] : membership.peers()) {
        const bool counts = membership.is_live(other) || membership.members().contains(other);
        if (other != id && its.stated && counts) add_dirty(its.rules);
    }
    add_dirty(agent.membership().reports());
    return ownership;
}

Result<std::string> endpoint_in(const Json& body, const char* address, const char* port) {
    const auto text = body.find(address);
    if (text == body.end() || !text->is_string())
        return Error{std::string{address} + ": expected an address"};
    std::string word = text->get<std::string>();
    if (word.size() > kWordMax) return Error{std::string{address} + ": expected an address"};
    const auto number = body.find(port);
    if (number == body.end() || number->is_null()) return word;
    const auto whole = number->is_number_integer() ? number->get<std::int64_t>() : -1;
    if (whole < 0 || whole > 65535)
        return Error{std::string{port} + ": expected a whole number in 0-65535"};
    if (word.find(':') != std::string::npos && word.front() != '[') word = "[" + word + "]";
    return word + ":" + std::to_string(whole);
}

Json decision_view(const config::Cluster& cluster, const config::Host& host,
                   const Explanation& explanation) {
    const ReasonInfo& info = info_of(explanation.reason);
    const bool ruled = explanation.rule != kNoRule;
    const auto named = [&cluster](HostId id) {
        const auto found = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                        [id](const auto& one) { return one.id == id; });
        return found == cluster.hosts.end() ? Json("id " + std::to_string(id)) : Json(found->name);
    };
    return {{"host", host.name},
            {"verdict", name_of(info.verdict)},
            {"reason", info.name},
            {"help", info.help},
            {"rule", ruled ? Json(config::name_of_rule(cluster, explanation.rule)) : Json()},
            {"bucket", ruled ? Json(explanation.bucket) : Json()},
            {"owner", explanation.owner == kNoHost ? Json() : named(explanation.owner)}};
}

}  // namespace

Result<ExplainScene> explain_scene(const ClusterAgent& agent, Instant now) {
    const ClusterSettings& settings = agent.settings();
    const Membership& membership = agent.membership();
    if (!agent.active() || membership.epoch() == Epoch{})
        return Error{settings.host.name + " takes no part in cluster " + settings.cluster.name +
                     " now, so it knows no map"};
    ExplainScene scene{settings.cluster, settings.hash_key, membership.epoch().counter, {}};
    for (const config::Host& host : settings.cluster.hosts) {
        const auto peer = membership.peers().find(host.id);
        if (host.id == settings.host.id)
            scene.hosts.push_back({host.id, own_ownership(agent), membership.valid_until() > now});
        else if (membership.members().contains(host.id) && peer != membership.peers().end())
            scene.hosts.push_back({host.id, stated_ownership(agent, host.id, peer->second), true});
    }
    std::sort(scene.hosts.begin(), scene.hosts.end(),
              [](const auto& one, const auto& other) { return one.id < other.id; });
    return scene;
}

Result<config::PacketWish> packet_wish(const Json& body) {
    const auto protocol = body.find("protocol");
    if (protocol == body.end() || !protocol->is_string())
        return Error{"protocol: expected tcp, udp or icmp"};
    const auto source = endpoint_in(body, "client", "client_port");
    if (!source) return source.error();
    const auto destination = endpoint_in(body, "vip", "port");
    if (!destination) return destination.error();
    return config::PacketWish{protocol->get<std::string>().substr(0, kWordMax), source.value(),
                              destination.value(), ""};
}

Result<Json> explain_answer(const ExplainScene& scene, const config::PacketWish& wish) {
    std::vector<config::HostScene> hosts;
    for (const ExplainScene::Host& host : scene.hosts) {
        const auto found = std::find_if(scene.cluster.hosts.begin(), scene.cluster.hosts.end(),
                                        [&host](const auto& one) { return one.id == host.id; });
        if (found != scene.cluster.hosts.end())
            hosts.push_back({&*found, host.ownership, host.serves});
    }
    if (hosts.empty()) return Error{"no host takes part"};
    config::Explainer explainer(scene.cluster, hosts, scene.hash_key, kClients);
    const auto frame = config::frame_of(wish, explainer.hosts().front().tables.cluster_mac);
    if (!frame) return frame.error();
    const auto explanations = explainer.explain_packet(frame.value(), {});
    Json decisions = Json::array();
    for (std::size_t i = 0; i < explanations.size(); ++i)
        decisions.push_back(
            decision_view(scene.cluster, *explainer.hosts()[i].host, explanations[i]));
    return Json{{"ok", true}, {"epoch", scene.epoch}, {"hosts", std::move(decisions)}};
}

}  // namespace nlb::controlplane
