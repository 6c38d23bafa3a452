// The health of this host's servers on its way into what the host tells: a rule that fails is told
// as failed, one that came back offers its weight step by step.
#include <utility>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/agent/reload.hpp"

namespace nlb::controlplane {

DesiredRules ClusterAgent::desired() const {
    return desired_rules_of(settings_.cluster, settings_.host, rule_states_, told_health_);
}

// Requires: next_.
StagedConfig ClusterAgent::held() const {
    return held_config(settings_, next_->settings, rule_states_,
                       health_under(next_->settings.cluster));
}

std::vector<CheckOrder> ClusterAgent::take_due_checks(Instant now) {
    std::vector<CheckOrder> due = healths_.take_due(now);
    if (!due.empty() && observer_ != nullptr) observer_->on_checks_taken(now);
    return due;
}

void ClusterAgent::on_check(Instant now, std::uint64_t token, const CheckResult& result) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_check(now, token, result);
    }};
    now_ = now;
    const auto change = healths_.on_result(now, token, result);
    if (!change) return;
    if (change->word) tell_health(change->rule);
    refresh_health(now);
}

// Tells the cluster only what changed: each telling may be an epoch.
void ClusterAgent::refresh_health(Instant now) {
    commands_.end_failed(failed_rules());
    const ToldHealths told = healths_.told(now);
    if (std::exchange(told_health_, told) == told) return;
    own_cause_ = ConvergenceCause::health;
    tell_desired(now);
}

// Of what the operator drains flows may end, whatever a check says.
std::uint64_t ClusterAgent::failed_rules() const {
    std::uint64_t rules = healths_.cut();
    for (std::size_t r = 0; r < settings_.cluster.port_rules.size(); ++r)
        if (rule_states_[r] == RuleState::draining) rules &= ~(std::uint64_t{1} << r);
    return rules;
}

void ClusterAgent::tell_health(RuleId rule) const {
    const HealthState& state = *healths_.of(rule);
    const std::string name{rule_name(settings_.cluster, rule)};
    if (state.word() == HealthWord::up) return tell(EventId::health_up, {{"rule", name}});
    const bool down = state.word() == HealthWord::down;
    tell(down ? EventId::health_down : EventId::health_unknown,
         {{"rule", name}, {"because", state.because()}});
}

}  // namespace nlb::controlplane
