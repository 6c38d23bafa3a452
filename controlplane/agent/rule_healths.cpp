#include "controlplane/agent/rule_healths.hpp"

#include <algorithm>
#include <utility>

#include "core/base/durations.hpp"

namespace nlb::controlplane {
namespace {

ToldHealth told_of(const HealthState& state, Instant now) {
    return {state.has_failed(), state.steps(now)};
}

}  // namespace

const RuleHealths::Rule* RuleHealths::named(const std::string& name) const {
    const auto found = std::find_if(rules_.begin(), rules_.end(),
                                    [&name](const Rule& rule) { return rule.name == name; });
    return found == rules_.end() ? nullptr : &*found;
}

// A check that is asked as before goes on, also one that is just running.
RuleHealths::Rule RuleHealths::next_of(const config::Cluster& cluster,
                                       const config::PortRule& rule) const {
    const Rule* const former = named(rule.name);
    Rule next;
    next.name = rule.name;
    if (!rule.health) return next;
    next.address = rule.health->address.value_or(rule.vip.value_or(cluster.address.address));
    next.port = rule.health->port.value_or(rule.ports.first);
    if (former == nullptr || !former->state) {
        next.state.emplace(*rule.health, former != nullptr);
        return next;
    }
    next.state = former->state;
    next.durations = former->durations;
    if (former->state->health() == *rule.health && former->address == next.address &&
        former->port == next.port)
        next.token = former->token;
    else
        next.state->redefine(*rule.health);
    return next;
}

void RuleHealths::use(const config::Cluster& cluster) {
    std::vector<Rule> next;
    for (const config::PortRule& rule : cluster.port_rules) next.push_back(next_of(cluster, rule));
    rules_ = std::move(next);
}

void RuleHealths::presume(RuleId rule) {
    if (rule < rules_.size() && rules_[rule].state) rules_[rule].state->presume();
}

std::vector<CheckOrder> RuleHealths::take_due(Instant now) {
    std::vector<CheckOrder> due;
    for (std::size_t r = 0; r < rules_.size(); ++r) {
        Rule& rule = rules_[r];
        if (!rule.state || !rule.state->is_due(now)) continue;
        rule.state->begin(now);
        rule.token = ++last_token_;
        due.push_back(
            {rule.token, static_cast<RuleId>(r), rule.state->health(), rule.address, rule.port});
    }
    return due;
}

std::optional<RuleHealths::Change> RuleHealths::on_result(Instant now, std::uint64_t token,
                                                          const CheckResult& result) {
    const auto found = std::find_if(rules_.begin(), rules_.end(), [token](const Rule& rule) {
        return rule.token == token && token != 0;
    });
    if (found == rules_.end()) return std::nullopt;
    found->token = 0;
    found->durations.observe(in_seconds(result.took));
    return Change{static_cast<RuleId>(found - rules_.begin()), found->state->finish(now, result)};
}

Instant RuleHealths::next_wake(Instant now) const {
    Instant wake = kForever;
    for (const Rule& rule : rules_)
        if (rule.state) wake = std::min(wake, rule.state->next_wake(now));
    return wake;
}

ToldHealths RuleHealths::told(Instant now) const {
    ToldHealths told{};
    for (std::size_t r = 0; r < rules_.size(); ++r)
        if (rules_[r].state) told[r] = told_of(*rules_[r].state, now);
    return told;
}

ToldHealths RuleHealths::told_under(const config::Cluster& next, Instant now) const {
    ToldHealths told{};
    for (std::size_t r = 0; r < next.port_rules.size(); ++r) {
        if (!next.port_rules[r].health) continue;
        const Rule* const former = named(next.port_rules[r].name);
        if (former == nullptr)
            told[r].failed = true;  // no check of it has passed
        else if (former->state)
            told[r] = told_of(*former->state, now);
    }
    return told;
}

std::uint64_t RuleHealths::cut() const {
    std::uint64_t rules = 0;
    for (std::size_t r = 0; r < rules_.size(); ++r) {
        const auto& state = rules_[r].state;
        if (state && state->has_failed() && state->health().on_fail == config::OnFail::stop)
            rules |= std::uint64_t{1} << r;
    }
    return rules;
}

const HealthState* RuleHealths::of(RuleId rule) const {
    return rule < rules_.size() && rules_[rule].state ? &*rules_[rule].state : nullptr;
}

}  // namespace nlb::controlplane
