// The next configuration of a two-phase reload, and hosts that have another one: both sides name
// the first difference.
#include <utility>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/agent/reload.hpp"
#include "core/base/assert.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// Both keys are accepted from now on: another host may change over first.
void ClusterAgent::hold(Instant now, NextConfiguration next) {
    NLB_ASSERT(!reload_is_under_way());
    // They may be in force, and gone from here, before this returns.
    const ClusterSettings held_settings = next.settings;
    const std::uint16_t until_then = next.until_then->sending_key();
    const std::uint16_t from_then = next.from_then->sending_key();
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_hold(now, held_settings, until_then, from_then);
    }};
    now_ = now;
    next_ = std::move(next);
    take_keys(std::move(next_->until_then));
    tell(EventId::configuration_held);
    run(now, membership_.on_staged(now, held()));
}

void ClusterAgent::drop_staged(Instant now) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_drop_staged(now);
    }};
    NLB_ASSERT(!reload_is_under_way());
    now_ = now;
    next_.reset();
    tell(EventId::configuration_given_up);
    run(now, membership_.on_staged(now, std::nullopt));
}

void ClusterAgent::use_keys(std::unique_ptr<const Authenticator> authenticator) {
    take_keys(std::move(authenticator));
    if (observer_ != nullptr) observer_->on_keys(authenticator_->sending_key());
}

// The commands point to the old keys until they are told; only then may those go.
void ClusterAgent::take_keys(std::unique_ptr<const Authenticator> authenticator) {
    commands_.use_keys(*authenticator);
    authenticator_ = std::move(authenticator);
}

// In the middle of a list of actions: what follows in it is numbered by the next configuration and
// sent under its key.
void ClusterAgent::use_next(const UseConfig& action) {
    NLB_ASSERT(next_.has_value());
    rule_states_ = carried_over(rule_states_, settings_.cluster, next_->settings.cluster);
    settings_ = std::move(next_->settings);
    healths_.use(settings_.cluster);
    told_health_ = healths_.told(now_);
    take_keys(std::move(next_->from_then));
    next_.reset();
    params_ = params_of(settings_);
    drained_told_ = {};
    equal_priorities_ = {};
    commands_.end_failed(failed_rules());
    own_cause_ = ConvergenceCause::reload;
    tell(EventId::configuration_in_use, {{"generation", std::to_string(action.generation)}});
}

// By what each host read last, whether it uses it already or not.
void ClusterAgent::compare_configurations(Instant now) {
    if (!active_) return mismatches_.clear();
    const ClusterSettings& newest = newest_settings();
    const auto mine =
        membership_.staged() ? membership_.staged()->digest : membership_.config_digest();
    bool somebody_differs = false;
    for (const auto& [id, peer] : membership_.peers()) {
        const auto theirs = peer.staged.digest != 0 ? peer.staged.digest : peer.config_digest;
        const bool counts = peer.stated && membership_.silence_of(id) <= params_.timing.bury_after;
        if (!counts || theirs == mine) {
            if (mismatches_.erase(id) != 0 && counts)
                tell(EventId::config_agrees, {{"peer", host_name(id)}});
            continue;
        }
        somebody_differs = true;
        const auto [known, is_new] = mismatches_.try_emplace(id);
        if (!is_new && known->second) continue;
        known->second = exchange_.first_difference(id, theirs, agreed_lines_of(newest));
        if (is_new || known->second) tell_mismatch(id, known->second);
    }
    if (!somebody_differs || !exchange_.due(now)) return;
    run(now, membership_.on_config_asked(now, mine, config::text_of(agreed_lines_of(newest))));
}

ConfigurationAge ClusterAgent::age_beside(HostId host) const {
    const auto peer = membership_.peers().find(host);
    const bool known = peer != membership_.peers().end();
    const bool settled = known && !membership_.staged() && peer->second.staged.digest == 0;
    return age_of_configuration(settings_.cluster, settings_.host.id, membership_.generation(),
                                host, known ? peer->second.generation : 0, settled);
}

void ClusterAgent::tell_mismatch(HostId host,
                                 const std::optional<config::Difference>& difference) const {
    Fields fields{{"peer", host_name(host)}};
    if (difference) {
        fields.emplace_back("path", difference->path);
        fields.emplace_back("here", difference->mine);
        fields.emplace_back("there", difference->theirs);
    }
    const ConfigurationAge age = age_beside(host);
    fields.emplace_back("generation", std::to_string(age.here));
    fields.emplace_back("generation_there", std::to_string(age.there));
    if (!age.mend.empty()) fields.emplace_back("mend", age.mend);
    tell(event_of(host, difference), std::move(fields));
}

// NLB tells three kinds of such differences apart.
EventId ClusterAgent::event_of(HostId host,
                               const std::optional<config::Difference>& difference) const {
    const auto peer = membership_.peers().find(host);
    const std::size_t slots = newest_settings().cluster.port_rules.size() + 1;
    if (peer != membership_.peers().end()) {
        const StagedReport& staged = peer->second.staged;
        const std::size_t theirs = staged.digest != 0 ? staged.slots : peer->second.slots;
        if (theirs != 0 && theirs != slots) return EventId::rule_count_differs;
    }
    if (!difference || difference->path.find("port_rules") == std::string::npos)
        return EventId::config_mismatch;
    return difference->path.find("affinity.timeout") != std::string::npos
               ? EventId::stickiness_differs
               : EventId::rules_differ;
}

}  // namespace nlb::controlplane
