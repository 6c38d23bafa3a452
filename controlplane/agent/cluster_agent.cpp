// From an event to the steps that follow: facts are gathered, host_state names the next step, the
// step is taken, and again until none follows. Actions of the membership are carried out at once
// and in their order; nothing is postponed to a later call.
#include "controlplane/agent/cluster_agent.hpp"

#include <algorithm>
#include <utility>

#include "config/table_builder.hpp"
#include "controlplane/agent/cause_words.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "controlplane/agent/reload.hpp"
#include "core/base/assert.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {
namespace {

// next_step never circles, but a mistake there must not hang the loop.
constexpr int kStepsMax = 8;
// A descriptor that is just being made may be missed by one report, not by the next one too.
constexpr std::uint8_t kEmptyReportsNeeded = 2;

// Rules of the file that were disabled or draining when the program ended; others are enabled.
RuleStates initial_rules(const ClusterSettings& settings, const StoredCluster& stored) {
    RuleStates states{};
    if (settings.host.initial_state != config::InitialState::last) return states;
    for (std::size_t r = 0; r < settings.cluster.port_rules.size(); ++r) {
        const auto kept = stored.rules.find(settings.cluster.port_rules[r].name);
        if (kept != stored.rules.end()) states[r] = kept->second;
    }
    return states;
}

}  // namespace

ClusterAgent::ClusterAgent(ClusterSettings settings,
                           std::unique_ptr<const Authenticator> authenticator,
                           MessageSink& messages, EventSink& events, const StoredCluster& stored,
                           std::uint32_t boot)
    : settings_(std::move(settings)),
      params_(params_of(settings_)),
      authenticator_(std::move(authenticator)),
      events_(events),
      rule_states_(initial_rules(settings_, stored)),
      healths_(settings_.cluster),
      told_health_(healths_.told(kLongAgo)),
      membership_(params_, desired()),
      channel_(messages),
      commands_(
          settings_, rule_states_, *authenticator_, channel_,
          [this](const UseConfig& action) { use_next(action); },
          [this](Instant now) { ask_witnesses(now); }),
      witnesses_(settings_, channel_),
      addresses_(settings_, channel_),
      igmp_(settings_, channel_, boot),
      boot_(boot),
      wanted_(initial_wanted(settings_.host.initial_state, stored.wanted)),
      found_(stored.wanted) {
    NLB_ASSERT(boot_ != 0);
}

Facts ClusterAgent::facts() const {
    Facts facts;
    facts.dataplane = dataplane_;
    facts.memory_alive = memory_.has_value() && now_ < memory_until_;
    facts.inside_ready = !inside_ || inside_->state == ipc::InsideState::ready;
    facts.active = active_;
    facts.told_draining = told_draining_;
    facts.drained = empty_reports_ >= kEmptyReportsNeeded;
    facts.leaving = leaving_;
    facts.has_left = membership_.has_left();
    facts.departing = departing_;
    return facts;
}

void ClusterAgent::on_dataplane_lost(Instant now) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_dataplane_lost(now);
    }};
    lose_dataplane(now);
}

void ClusterAgent::lose_dataplane(Instant now) {
    now_ = now;
    if (!dataplane_) return;
    dataplane_ = link_up_ = false;
    workers_move_ = true;
    memory_.reset();
    status_.reset();
    inside_.reset();
    commands_.forget();
    channel_.close();
    igmp_.lose();
    port_watch_.forget();
    opening_watch_.forget();
    if (active_) membership_.on_dataplane_lost();
    active_ = leaving_ = told_draining_ = unknown_tables_ = taken_in_ = false;
    empty_reports_ = 0;
    convergence_.forget();
    // The flows that the drain waited for went with it.
    if (wanted_ == Wanted::draining) wanted_ = Wanted::stopped;
}

void ClusterAgent::on_tick(Instant now) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_tick(now);
    }};
    now_ = now;
    tell_initial_state();
    taken_in_ = false;
    if (active_) run(now, membership_.on_tick(now));
    tell_waiting();
    tell_starving();
    if (!leavers_.empty()) tell_gone();
    // Once a tick is enough: a core lets the next 64 sequences pass.
    if (dataplane_) commands_.tell_verified(membership_.peers());
    refresh_health(now);
    compare_configurations(now);
    if (active_) notice_equal_priorities();
    tell_versions();
    if (dataplane_ && link_up_) igmp_.on_tick(now);
    guard_addresses(now);
    poll(now);
    reconcile(now);
}

Instant ClusterAgent::next_wake() const {
    const Instant check = healths_.next_wake(now_);
    if (!dataplane_) return std::min(check, now_ + kPollEvery);
    const Instant due =
        std::min(check, link_up_ ? std::min(next_poll_, igmp_.next_wake()) : next_poll_);
    if (!active_) return due;
    if (taken_in_) return now_;
    return std::min(
        {membership_.next_wake(), now_ + params_.timing.tick, due, addresses_.next_wake()});
}

void ClusterAgent::poll(Instant now) {
    if (!dataplane_) return;
    // A dataplane that does not answer hears nobody; see Membership::on_dataplane_alive. At every
    // second tick, which is two fifths of a period: a pulse of its own would wake both programs
    // once more.
    if (active_ && now >= next_pulse_) {
        next_pulse_ = now + params_.timing.tick * 3 / 2;
        commands_.request_status();
    }
    if (now < next_poll_) return;
    // For people and metrics: rarely enough to cost nothing.
    next_poll_ = now + kPollEvery;
    commands_.request_status();
    commands_.request_counters();
}

void ClusterAgent::run(Instant now, const Actions& actions) {
    const std::vector<Report> reports = commands_.carry_out(now, actions);
    for (const Report& report : reports) tell_report(now, report);
    observe(now);
}

CommandResult ClusterAgent::command_host(Instant now, HostCommand command) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_host_command(now, command);
    }};
    now_ = now;
    const Transition transition = apply(wanted_, command);
    wanted_ = transition.next;
    if (transition.result.value == ReturnValue::ok ||
        transition.result.value == ReturnValue::drain_stopped) {
        if (transition.result.value == ReturnValue::drain_stopped) tell(EventId::drain_interrupted);
        if (wanted_ == Wanted::draining) {
            own_cause_ = ConvergenceCause::drain;
            tell(EventId::draining);
        }
        if (wanted_ == Wanted::suspended) tell(EventId::suspended);
        if (command == HostCommand::resume) tell(EventId::resumed);
    }
    if (transition.result.value == ReturnValue::already && wanted_ == Wanted::stopped)
        tell(EventId::already_stopped);
    reconcile(now);
    return transition.result;
}

void ClusterAgent::note_unknown_rule(Instant now, const std::string& text) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_unknown_rule(now, text);
    }};
    now_ = now;
    tell(EventId::rule_not_found, {{"rule", text}});
}

CommandResult ClusterAgent::begin_alone(Instant now) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_begin_alone(now);
    }};
    now_ = now;
    if (!active_ || membership_.state() != MembershipState::join)
        return {ReturnValue::already,
                "this host is not about to begin: there is nothing to wait for"};
    run(now, membership_.on_begin_alone(now));
    tell(EventId::begins_alone, {});
    return {ReturnValue::ok, "this host begins without waiting for signs of others"};
}

std::string ClusterAgent::serves_not_because(Instant now) const {
    if (wanted_ != Wanted::running) return {};
    if (!dataplane_) return "the dataplane is not connected";
    if (inside_ && inside_->state != ipc::InsideState::ready) return words_of(*inside_);
    if (std::string device = port_watch_.unusable_because(); !device.empty()) return device;
    if (!link_up_) return "the link is down";
    if (!workers_move_) return "a worker of the dataplane does not move";
    if (!active_) return "it has not begun yet";
    if (membership_.valid_until() <= now)
        return std::string{words_of(membership_.unconverged_because().first)};
    if (membership_.starves())
        return "no client's frame arrives here, and other hosts hear them: look at the switch port "
               "and at the receive queues";
    return {};
}

bool ClusterAgent::is_last_to_serve(Instant now) const {
    if (settings_.cluster.hosts.size() < 2 || wanted_ != Wanted::running || !active_ || leaving_ ||
        membership_.state() != MembershipState::member || membership_.valid_until() <= now)
        return false;
    const auto serves = [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return peer.stated && peer.state == MemberState::member && membership_.is_live(id) &&
               !takes_no_bucket(peer.flags) && (peer.flags & kFlagDraining) == 0;
    };
    const auto& peers = membership_.peers();
    return std::none_of(peers.begin(), peers.end(), serves);
}

CommandResult ClusterAgent::command_rules(Instant now, const std::vector<RuleId>& rules,
                                          RuleState wanted) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_rule_command(now, rules, wanted);
    }};
    now_ = now;
    if (wanted_ == Wanted::suspended)
        return {ReturnValue::refused, "the host is suspended: it answers only query and resume"};
    const RuleStates before = rule_states_;
    CommandResult result = change_rules(settings_.cluster, rule_states_, rules, wanted);
    std::vector<RuleId> changed;
    for (const RuleId rule : rules)
        if (before[rule] != wanted) changed.push_back(rule);
    for (const RuleId rule : changed) drained_told_[rule] = 0;
    tell_rules(changed, wanted);
    if (before == rule_states_) return result;
    own_cause_ = ConvergenceCause::rule;
    refresh_health(now);
    tell_desired(now);
    if (disabled_rules(before) != disabled_rules(rule_states_)) commands_.reinstall();
    return result;
}

void ClusterAgent::apply_local(Instant now, const ClusterSettings& fresh) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_local(now, fresh);
    }};
    now_ = now;
    const ClusterSettings before = settings_;
    settings_.cluster = fresh.cluster;
    settings_.host = fresh.host;
    settings_.source = fresh.source;
    tell_changed_offers(before);
    own_cause_ = ConvergenceCause::reload;
    tell_desired(now);
    commands_.reinstall();
}

void ClusterAgent::use_neighbours(std::vector<IpAddress> neighbours) {
    if (neighbours == witnesses_.neighbours()) return;
    witnesses_.use_neighbours(std::move(neighbours));
    if (observer_ != nullptr) observer_->on_neighbours(witnesses_.neighbours());
}

void ClusterAgent::depart(Instant now) {
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_depart(now);
    }};
    now_ = now;
    departing_ = true;
    reconcile(now);
}

void ClusterAgent::reconcile(Instant now) {
    for (int i = 0; i < kStepsMax; ++i) {
        const Step step = next_step(wanted_, facts());
        if (step == Step::none) return;
        take_step(now, step);
    }
}

void ClusterAgent::take_step(Instant now, Step step) {
    switch (step) {
        case Step::none:
            return;
        case Step::begin:
            return begin(now);
        case Step::tell_desired:
            return tell_desired(now);
        case Step::finish_drain:
            wanted_ = Wanted::stopped;
            return tell(EventId::drained);
        case Step::leave:
            leaving_ = true;
            return run(now, membership_.on_leave(now));
        case Step::retire:
            return retire();
    }
}

// The wishes come before the start, so that the first heartbeat states them; the real state of the
// link comes last, as a start without a link would be a loss.
void ClusterAgent::begin(Instant now) {
    std::optional<DataplaneMemory> memory = std::exchange(memory_, std::nullopt);
    const std::uint64_t remembered_under = params_.config_digest;
    active_ = true;
    overheard_.forget();
    empty_reports_ = 0;
    told_draining_ = wanted_ == Wanted::draining;
    // What served until now has passed its checks for the control plane before this one.
    if (memory)
        for (std::size_t r = 0; r < settings_.cluster.port_rules.size(); ++r)
            if (memory->own[r] != 0) healths_.presume(static_cast<RuleId>(r));
    told_health_ = healths_.told(now);
    // A beginner may change over at once: by the states of today.
    if (next_) run(now, membership_.on_staged(now, held()));
    run(now, membership_.on_desired(now, desired(), told_draining_));
    if (params_.config_digest != remembered_under && memory) {
        memory.reset();  // it would be misread
        unknown_tables_ = true;
    }
    run(now, membership_.on_link(now, true));
    run(now, membership_.on_start(now, boot_, memory, std::exchange(unknown_tables_, false)));
    const bool warm = memory && membership_.state() == MembershipState::member;
    convergence_.begin(now, warm ? ConvergenceCause::restarted : ConvergenceCause::started);
    told_members_ = warm ? membership_.map().members : std::vector<MemberEntry>{};
    tell(EventId::started,
         {{"warm", warm ? "yes" : "no"}, {"term", std::to_string(membership_.incarnation().term)}});
    run(now, membership_.on_link(now, link_up_ && workers_move_));
    if (link_up_) igmp_.join(now);
}

// The membership has said goodbye and owns nothing.
void ClusterAgent::retire() {
    igmp_.leave(now_);
    active_ = leaving_ = told_draining_ = false;
    empty_reports_ = 0;
    told_members_.clear();
    told_offers_.clear();
    convergence_.forget();
    tell(EventId::stopped);
}

// What is staged is told anew too: its rules carry the states of today.
void ClusterAgent::tell_desired(Instant now) {
    if (!active_) return;
    told_draining_ = wanted_ == Wanted::draining;
    empty_reports_ = 0;
    run(now, membership_.on_desired(now, desired(), told_draining_));
    if (next_) run(now, membership_.on_staged(now, held()));
}

StoredCluster ClusterAgent::stored() const {
    StoredCluster stored{wanted_, {}};
    for (std::size_t r = 0; r < settings_.cluster.port_rules.size(); ++r)
        if (rule_states_[r] != RuleState::enabled)
            stored.rules[settings_.cluster.port_rules[r].name] = rule_states_[r];
    return stored;
}

}  // namespace nlb::controlplane
