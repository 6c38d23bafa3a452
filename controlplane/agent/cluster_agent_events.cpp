// What people are told: one line per transition, and the numbers behind nlb_convergences_total and
// the orphan windows.
#include <algorithm>
#include <utility>

#include "config/table_builder.hpp"
#include "controlplane/agent/cause_words.hpp"
#include "controlplane/agent/cluster_agent.hpp"
#include "core/base/durations.hpp"

namespace nlb::controlplane {
namespace {

using Kind = Report::Kind;

std::string joined_ids(const std::vector<MemberEntry>& members) {
    std::string text;
    for (const MemberEntry& member : members)
        text += (text.empty() ? "" : ",") + std::to_string(member.id);
    return text.empty() ? "-" : text;
}

// The first of `these` that is not in `those`; kNoHost when there is none.
HostId first_missing(const std::vector<MemberEntry>& these, const std::vector<MemberEntry>& those) {
    for (const MemberEntry& entry : these)
        if (std::find(those.begin(), those.end(), entry) == those.end()) return entry.id;
    return kNoHost;
}

EventId converging_by(ConvergenceCause cause) {
    switch (cause) {
        case ConvergenceCause::lost:
        case ConvergenceCause::left:
            return EventId::converging_leaving;
        case ConvergenceCause::reload:
            return EventId::converging_rules;
        default:
            return EventId::converging;
    }
}

}  // namespace

// Every event says which cluster, which host and which epoch it is about.
void ClusterAgent::tell(EventId id, Fields fields) const {
    const Epoch& epoch = membership_.epoch();
    Fields all{{"cluster", settings_.cluster.name}, {"host", settings_.host.name}};
    if (epoch != Epoch{})
        all.emplace_back("epoch",
                         std::to_string(epoch.counter) + "." + std::to_string(epoch.coordinator));
    for (auto& field : fields) all.push_back(std::move(field));
    events_.on_event({id, std::move(all)});
}

std::string ClusterAgent::host_name(HostId id) const {
    for (const config::Host& host : settings_.cluster.hosts)
        if (host.id == id) return host.name;
    return std::to_string(id);
}

void ClusterAgent::tell_report(Instant now, const Report& report) {
    const Fields about{{"peer", host_name(report.host)}, {"because", words_of(report)}};
    switch (report.kind) {
        case Kind::proposed:
        case Kind::joined:
        case Kind::adopted:
            return tell_new_epoch(now);
        case Kind::converged:
            return;  // observe() tells it, with how long it took
        case Kind::reset:
            convergence_.begin(now, ConvergenceCause::reset);
            told_members_.clear();  // its next epoch is a join
            return tell(EventId::reset, {{"because", words_of(report)}});
        case Kind::believed:
            return tell(EventId::peer_heard, about);
        case Kind::buried:
            return tell_buried(now, report);
        case Kind::duplicate_id:
            return tell(EventId::id_in_use,
                        {{"id", std::to_string(report.host)}, {"because", words_of(report)}});
        case Kind::deaf:
            return tell(EventId::deaf, {{"because", words_of(report)}});
        case Kind::split_brain:
            return tell(EventId::duplicate_cluster, about);
        case Kind::left:
            return tell(EventId::left, {{"because", words_of(report)}});
    }
}

// Whoever said goodbye is buried in time too; nobody waits for that.
void ClusterAgent::tell_buried(Instant now, const Report& report) {
    const auto is_it = [&report](const MemberEntry& member) { return member.id == report.host; };
    const bool member = std::any_of(told_members_.begin(), told_members_.end(), is_it);
    if (member) convergence_.begin(now, ConvergenceCause::lost);
    tell(member ? EventId::peer_lost : EventId::peer_gone,
         {{"peer", host_name(report.host)}, {"because", words_of(report)}});
}

// Who is in the map no more, but still speaks and says that it is going.
void ClusterAgent::note_leavers(const std::vector<MemberEntry>& members) {
    for (const MemberEntry& former : told_members_) {
        const bool stays = std::any_of(members.begin(), members.end(),
                                       [&former](const auto& one) { return one.id == former.id; });
        const auto peer = membership_.peers().find(former.id);
        if (!stays && peer != membership_.peers().end() &&
            (peer->second.flags & (kFlagGoodbye | kFlagLeaving)) != 0)
            leavers_.insert(former.id);
    }
}

// Once for each host that left: when it speaks no more. Who is a member again has not gone.
void ClusterAgent::tell_gone() {
    for (const MemberEntry& member : told_members_) leavers_.erase(member.id);
    for (HostSet rest = leavers_; !rest.empty();) {
        const HostId id = rest.lowest();
        rest.erase(id);
        if (membership_.peers().contains(id) &&
            membership_.silence_of(id) <= params_.timing.bury_after)
            continue;
        leavers_.erase(id);
        tell(EventId::peer_gone, {{"peer", host_name(id)}, {"because", "it left, and is silent"}});
    }
}

// The cause is what changed against the last epoch that was told: who is missing first, then who is
// new, else what this host or another one changed.
void ClusterAgent::tell_new_epoch(Instant now) {
    const std::vector<MemberEntry>& members = membership_.map().members;
    const OffersByHost offers = offers_of(membership_.peers());
    const auto changed = first_changed(told_offers_, offers);
    told_offers_ = offers;
    ConvergenceCause cause = own_cause_.value_or(ConvergenceCause::weight);
    HostId by = settings_.host.id;
    if (membership_.map().next_digest != 0) {
        cause = ConvergenceCause::reload;
    } else if (!own_cause_ && changed) {
        cause = changed->cause;
        by = changed->by;
    }
    if (const HostId gone = first_missing(told_members_, members); gone != kNoHost) {
        const auto peer = membership_.peers().find(gone);
        const bool orderly = peer != membership_.peers().end() &&
                             (peer->second.flags & (kFlagGoodbye | kFlagLeaving | kFlagDeaf)) != 0;
        cause = orderly ? ConvergenceCause::left : ConvergenceCause::lost;
        by = gone;
    } else if (const HostId fresh = first_missing(members, told_members_); fresh != kNoHost) {
        cause = ConvergenceCause::joined;
        by = told_members_.empty() ? settings_.host.id : fresh;
    }
    note_leavers(members);
    told_members_ = members;
    own_cause_.reset();
    convergence_.begin(now, cause);
    tell(converging_by(cause), {{"cause", std::string{name_of(cause)}},
                                {"by", host_name(by)},
                                {"members", joined_ids(members)}});
}

void ClusterAgent::tell_converged(Instant now) {
    const bool is_default = membership_.own()[kDefaultRule] != 0;
    Fields fields{{"members", joined_ids(membership_.map().members)},
                  {"default_host", is_default ? "yes" : "no"}};
    const ConvergenceCause cause = convergence_.cause();
    if (const auto took = convergence_.finish(now)) {
        fields.emplace_back("cause", name_of(cause));
        fields.emplace_back("took_ms", std::to_string(in_milliseconds(*took)));
    }
    tell(is_default ? EventId::converged_as_default : EventId::converged, std::move(fields));
}

// Of `initial_state: last`, once in a life.
void ClusterAgent::tell_initial_state() {
    if (std::exchange(initial_told_, true)) return;
    if (settings_.host.initial_state != config::InitialState::last) return;
    if (!found_) return tell(EventId::state_not_found);
    tell(*found_ == Wanted::running ? EventId::state_started : EventId::state_stopped,
         {{"state", std::string{name_of(*found_)}}});
}

// Once when the waiting begins.
void ClusterAgent::tell_waiting() {
    const auto sign = active_ ? membership_.evidence().delaying() : std::nullopt;
    const bool waits =
        sign && membership_.unconverged_because().first == Unconverged::somebody_may_serve;
    if (waits && !told_waiting_) tell(EventId::waits_to_begin, fields_of(*sign, params_.versions));
    told_waiting_ = waits;
}

// One event for each rule, and one more when the command left all rules of the cluster alike.
void ClusterAgent::tell_rules(const std::vector<RuleId>& changed, RuleState wanted) const {
    constexpr std::array kOne{EventId::rule_enabled, EventId::rule_disabled,
                              EventId::rule_draining};
    constexpr std::array kAll{EventId::all_rules_enabled, EventId::all_rules_disabled,
                              EventId::all_rules_draining};
    const auto at = static_cast<std::size_t>(wanted);
    for (const RuleId rule : changed)
        tell(kOne[at], {{"rule", std::string{rule_name(settings_.cluster, rule)}}});
    const std::size_t rules = settings_.cluster.port_rules.size();
    const bool all =
        std::all_of(rule_states_.begin(), rule_states_.begin() + static_cast<std::ptrdiff_t>(rules),
                    [wanted](RuleState state) { return state == wanted; });
    if (all && rules > 1 && !changed.empty()) tell(kAll[at]);
}

// What this host puts in is another than before.
void ClusterAgent::tell_changed_offers(const ClusterSettings& before) const {
    const auto former = config::offers_of(before.cluster, before.host);
    const auto fresh = config::offers_of(settings_.cluster, settings_.host);
    for (std::size_t r = 0; r < settings_.cluster.port_rules.size(); ++r) {
        const config::PortRule& rule = settings_.cluster.port_rules[r];
        if (former[r] == fresh[r]) continue;
        const bool single = rule.mode == RuleMode::single;
        const auto text = [&](const config::Cluster& cluster, const config::Host& host) {
            return std::to_string(single ? config::priority_of(host, cluster.port_rules[r])
                                         : config::weight_of(host, cluster.port_rules[r]));
        };
        tell(EventId::rule_adjusted, {{"rule", rule.name},
                                      {"what", single ? "priority" : "weight"},
                                      {"from", text(before.cluster, before.host)},
                                      {"to", text(settings_.cluster, settings_.host)}});
    }
}

// The files of two hosts may differ in what each host offers: it is no part of what they agree on.
void ClusterAgent::notice_equal_priorities() {
    const auto mine = membership_.reports();
    for (std::size_t slot = 0; slot < settings_.cluster.port_rules.size(); ++slot) {
        if ((params_.single_slots >> slot & 1U) == 0 || mine[slot].offer == 0) continue;
        HostSet equal;
        for (const auto& [id, peer] : membership_.peers())
            if (peer.stated && membership_.is_live(id) &&
                peer.rules[slot].offer == mine[slot].offer)
                equal.insert(id);
        for (HostId id = 1; id <= kHostsMax; ++id)
            if (equal.contains(id) && !equal_priorities_[slot].contains(id))
                tell(EventId::duplicate_priority,
                     {{"rule", settings_.cluster.port_rules[slot].name},
                      {"priority", std::to_string(kHostsMax + 1 - mine[slot].offer)},
                      {"peer", host_name(id)}});
        equal_priorities_[slot] = equal;
    }
}

// Nothing is looked at while nothing moves: with 32 hosts that would cost more than the protocol.
void ClusterAgent::tell_starving() {
    if (!active_) told_starving_ = false;
    const bool starves = active_ && membership_.starves();
    if (starves == told_starving_) return;
    told_starving_ = starves;
    tell(starves ? EventId::clients_not_heard : EventId::clients_heard);
}

// Once when an epoch has converged, and once when it is over. What the others can speak changes
// also without an epoch, when one of them has a new control plane.
void ClusterAgent::tell_versions() {
    const bool member = active_ && membership_.state() == MembershipState::member;
    if (!active_) told_mixed_ = false;
    if (!member || convergence_.converging()) return;
    const HostSet behind = membership_.behind();
    if (behind.empty() == !told_mixed_) return;
    told_mixed_ = !behind.empty();
    Fields fields{{"version", std::to_string(membership_.version())}};
    if (!told_mixed_) return tell(EventId::versions_agree, std::move(fields));
    std::string names;
    for (HostId id = 1; id <= kHostsMax; ++id)
        if (behind.contains(id)) names += (names.empty() ? "" : ",") + host_name(id);
    fields.emplace_back("newest", std::to_string(params_.versions.newest));
    fields.emplace_back("behind", names);
    tell(EventId::mixed_versions, std::move(fields));
}

void ClusterAgent::observe(Instant now) {
    if (!active_ || membership_.state() != MembershipState::member) return;
    if (!convergence_.converging() && convergence_.orphans() == 0) return;
    convergence_.observe(now, membership_.stated_owners(), membership_.map().targets);
    if (convergence_.converging() && membership_.converged()) tell_converged(now);
}

}  // namespace nlb::controlplane
