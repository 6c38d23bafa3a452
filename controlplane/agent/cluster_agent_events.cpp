// What people are told: one line per transition, and the numbers behind nlb_convergences_total and
// the orphan windows.
#include <algorithm>

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

EventNumber number_of(ConvergenceCause cause) {
    switch (cause) {
        case ConvergenceCause::joined:
        case ConvergenceCause::started:
            return EventNumber::converging_joined;
        case ConvergenceCause::lost:
        case ConvergenceCause::left:
            return EventNumber::converging_lost;
        default:
            return EventNumber::converging_changed;
    }
}

}  // namespace

// Every event says which cluster, which host and which epoch it is about.
void ClusterAgent::tell(Severity severity, EventNumber number, std::string_view name,
                        Fields fields) const {
    const Epoch& epoch = membership_.epoch();
    Fields all{{"cluster", settings_.cluster.name}, {"host", settings_.host.name}};
    if (epoch != Epoch{})
        all.emplace_back("epoch",
                         std::to_string(epoch.counter) + "." + std::to_string(epoch.coordinator));
    for (auto& field : fields) all.push_back(std::move(field));
    events_.on_event({severity, number, name, std::move(all)});
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
            return tell(Severity::warn, EventNumber::none, "reset",
                        {{"because", words_of(report)}});
        case Kind::believed:
            return tell(Severity::info, EventNumber::none, "peer_heard", about);
        case Kind::buried:
            return tell_buried(now, report);
        case Kind::duplicate_id:
            return tell(Severity::error, EventNumber::none, "id_in_use",
                        {{"id", std::to_string(report.host)}, {"because", words_of(report)}});
        case Kind::deaf:
            return tell(Severity::error, EventNumber::none, "deaf",
                        {{"because", words_of(report)}});
        case Kind::split_brain:
            return tell(Severity::error, EventNumber::duplicate_subnet, "duplicate_cluster", about);
        case Kind::left:
            return tell(Severity::info, EventNumber::none, "left", {{"because", words_of(report)}});
    }
}

// Whoever said goodbye is buried in time too; nobody waits for that.
void ClusterAgent::tell_buried(Instant now, const Report& report) {
    const auto is_it = [&report](const MemberEntry& member) { return member.id == report.host; };
    const bool member = std::any_of(told_members_.begin(), told_members_.end(), is_it);
    if (member) convergence_.begin(now, ConvergenceCause::lost);
    tell(member ? Severity::warn : Severity::info, EventNumber::none,
         member ? "peer_lost" : "peer_gone",
         {{"peer", host_name(report.host)}, {"because", words_of(report)}});
}

// The cause is what changed against the last epoch that was told: who is missing first, then who is
// new, else what this host or the coordinator changed.
void ClusterAgent::tell_new_epoch(Instant now) {
    const std::vector<MemberEntry>& members = membership_.map().members;
    ConvergenceCause cause = membership_.map().next_digest != 0
                                 ? ConvergenceCause::reload
                                 : own_cause_.value_or(ConvergenceCause::weight);
    HostId by = settings_.host.id;
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
    told_members_ = members;
    own_cause_.reset();
    convergence_.begin(now, cause);
    tell(Severity::info, number_of(cause), "converging",
         {{"cause", std::string{name_of(cause)}},
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
    tell(Severity::info, is_default ? EventNumber::converged_as_default : EventNumber::converged,
         "converged", std::move(fields));
}

// Once when the waiting begins.
void ClusterAgent::tell_waiting() {
    const auto sign = active_ ? membership_.evidence().against_beginning() : std::nullopt;
    const bool waits = sign && membership_.state() == MembershipState::join &&
                       membership_.unconverged_because().first == Unconverged::somebody_may_serve;
    if (waits && !told_waiting_)
        tell(Severity::warn, EventNumber::none, "waits_to_begin", fields_of(*sign));
    told_waiting_ = waits;
}

// Nothing is looked at while nothing moves: with 32 hosts that would cost more than the protocol.
void ClusterAgent::tell_starving() {
    if (!active_) told_starving_ = false;
    const bool starves = active_ && membership_.starves();
    if (starves == told_starving_) return;
    told_starving_ = starves;
    tell(starves ? Severity::error : Severity::info, EventNumber::none,
         starves ? "clients_not_heard" : "clients_heard");
}

void ClusterAgent::observe(Instant now) {
    if (!active_ || membership_.state() != MembershipState::member) return;
    if (!convergence_.converging() && convergence_.orphans() == 0) return;
    convergence_.observe(now, membership_.stated_owners(), membership_.map().targets);
    if (convergence_.converging() && membership_.converged()) tell_converged(now);
}

}  // namespace nlb::controlplane
