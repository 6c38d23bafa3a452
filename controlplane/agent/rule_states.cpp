// What a text means is decided as packets are: a rule for one address before one for all.
#include "controlplane/agent/rule_states.hpp"

#include <algorithm>

#include "config/format.hpp"
#include "config/table_builder.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

// That a rule has failed is nobody's wish: only the others may be asked for.
constexpr std::array<std::string_view, 4> kNames = {"enabled", "disabled", "draining", "failed"};
constexpr std::size_t kWishes = 3;

struct Selector {
    std::optional<IpAddress> vip;
    std::optional<std::uint16_t> port;  // empty: all
};

std::optional<Selector> parse_selector(std::string_view text) {
    Selector selector;
    std::string_view port = text;
    if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        std::string_view vip = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (vip.size() > 2 && vip.front() == '[' && vip.back() == ']')
            vip = vip.substr(1, vip.size() - 2);
        const auto address = config::parse_ip(vip);
        if (!address && vip != "all") return std::nullopt;
        if (address) selector.vip = address.value();
    }
    if (port == "all") return selector;
    std::uint64_t number = 0;
    if (!config::read_decimal(port, number) || number > 65535) return std::nullopt;
    selector.port = static_cast<std::uint16_t>(number);
    return selector;
}

bool covers(const config::PortRule& rule, const std::optional<std::uint16_t>& port) {
    return !port || (rule.ports.first <= *port && *port <= rule.ports.last);
}

bool is_virtual(const config::Cluster& cluster, const IpAddress& address) {
    return cluster.address.address == address ||
           std::any_of(cluster.virtual_addresses.begin(), cluster.virtual_addresses.end(),
                       [&](const config::Prefix& one) { return one.address == address; });
}

std::string addresses_of(const config::Cluster& cluster) {
    std::string text = config::to_string(cluster.address.address);
    for (const config::Prefix& one : cluster.virtual_addresses)
        text += ", " + config::to_string(one.address);
    return text;
}

std::vector<RuleId> matching(const config::Cluster& cluster, const Selector& selector,
                             const std::optional<IpAddress>& vip, bool any_vip) {
    std::vector<RuleId> rules;
    for (std::size_t r = 0; r < cluster.port_rules.size(); ++r) {
        const config::PortRule& rule = cluster.port_rules[r];
        if (covers(rule, selector.port) && (any_vip || rule.vip == vip))
            rules.push_back(static_cast<RuleId>(r));
    }
    return rules;
}

bool is_weighted(const config::Cluster& cluster, RuleId rule) {
    return rule != kDefaultRule && cluster.port_rules[rule].mode == RuleMode::multiple;
}

// A server that takes part at all is offered something.
std::uint8_t slowed(std::uint8_t weight, std::uint8_t steps) {
    return static_cast<std::uint8_t>((weight * steps + kSlowStartSteps - 1) / kSlowStartSteps);
}

}  // namespace

Result<std::vector<RuleId>> select_rules(const config::Cluster& cluster, std::string_view text) {
    for (std::size_t r = 0; r < cluster.port_rules.size(); ++r)
        if (cluster.port_rules[r].name == text) return std::vector<RuleId>{static_cast<RuleId>(r)};
    const auto selector = parse_selector(text);
    std::vector<RuleId> rules;
    if (selector) {
        if (selector->vip && !is_virtual(cluster, *selector->vip))
            return Error{"cluster " + cluster.name + " has no virtual address " +
                         config::to_string(*selector->vip) + "; it has: " + addresses_of(cluster)};
        rules = matching(cluster, *selector, selector->vip, !selector->vip);
        if (rules.empty() && selector->vip && selector->port)
            rules = matching(cluster, *selector, std::nullopt, false);
    }
    if (!rules.empty()) return rules;
    return Error{"cluster " + cluster.name + " has no port rule " + config::in_quotes(text) +
                 ": give a rule's name, [VIP:]PORT or all; `nlb params` lists the rules"};
}

CommandResult change_rules(const config::Cluster& cluster, RuleStates& states,
                           const std::vector<RuleId>& rules, RuleState wanted) {
    CommandResult result;
    std::string asked;
    for (const RuleId rule : rules) {
        NLB_ASSERT(rule < states.size());
        const std::string name{rule_name(cluster, rule)};
        asked += (asked.empty() ? "" : ", ") + name;
        if (states[rule] == wanted) continue;
        states[rule] = wanted;
        result.message += (result.message.empty() ? "" : ", ") + name;
        result.rules.push_back(name);
    }
    const std::string word{name_of(wanted)};
    if (result.rules.empty()) return {ReturnValue::already, "already " + word + ": " + asked};
    result.message += (result.rules.size() == 1 ? " is " : " are ") + word + " on this host";
    if (wanted == RuleState::disabled) result.message += "; connections are cut";
    if (wanted == RuleState::draining) result.message += "; connections go on";
    return result;
}

std::uint64_t disabled_rules(const RuleStates& states) {
    std::uint64_t rules = 0;
    for (std::size_t r = 0; r < kRulesMax; ++r)
        if (states[r] == RuleState::disabled) rules |= std::uint64_t{1} << r;
    return rules;
}

DesiredRules desired_rules_of(const config::Cluster& cluster, const config::Host& host,
                              const RuleStates& states, const ToldHealths& healths) {
    const auto offers = config::offers_of(cluster, host);
    DesiredRules desired{};
    for (const RuleId rule : rule_ids(cluster)) {
        desired[rule] = {offers[rule], states[rule]};
        if (states[rule] == RuleState::enabled && healths[rule].failed)
            desired[rule].state = RuleState::failed;
        else if (is_weighted(cluster, rule))
            desired[rule].offer = slowed(offers[rule], healths[rule].steps);
    }
    return desired;
}

std::string_view name_of(RuleState state) {
    return kNames[static_cast<std::size_t>(state)];
}

std::optional<RuleState> rule_state_from(std::string_view name) {
    for (std::size_t i = 0; i < kWishes; ++i)
        if (kNames[i] == name) return static_cast<RuleState>(i);
    return std::nullopt;
}

std::string_view rule_name(const config::Cluster& cluster, RuleId rule) {
    return rule < cluster.port_rules.size() ? std::string_view{cluster.port_rules[rule].name}
                                            : std::string_view{"default"};
}

std::vector<RuleId> rule_ids(const config::Cluster& cluster) {
    std::vector<RuleId> rules;
    for (std::size_t r = 0; r < cluster.port_rules.size(); ++r)
        rules.push_back(static_cast<RuleId>(r));
    rules.push_back(kDefaultRule);
    return rules;
}

}  // namespace nlb::controlplane
