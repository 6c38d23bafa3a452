// R14: clients of rules with a time-out. The owner of a bucket leaves a client to its former host
// by a grant, which that host may use in this epoch only, and only for the time-out since a frame
// of its own that the grant acknowledges; how long the grant was under way does not matter. Who is
// left what is decided on the cores (core/clients/client_record.hpp); here it is only passed on, or
// not.
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"

namespace nlb {

// What the cores were given for the former epoch they drop with the next install; until that is
// over I do not count as having stated this one (kFlagPrevious).
void Membership::note_new_era() {
    previous_guests_ = previous_guests_ || guests_;
    guests_ = settled_ = false;
}

void Membership::note_installed_era() {
    if (installed_era_ != map_digest_ || !previous_guests_) return;
    previous_guests_ = false;
    want_to_speak_ = true;
}

bool Membership::era_is_stale() const {
    return (params_.sticky || previous_guests_) &&
           (installed_era_ != map_digest_ || installed_settled_ != settled_);
}

// The cores wait for kGrantPatience longer than the time-out, so an older request could outlive
// their commitment; and what they decided by the tables of another epoch binds nobody in this one.
bool Membership::may_pass_on(const GrantRequest& request) const {
    if (request.era != map_digest_ || now_ - Instant{Duration{request.decided_ns}} > kGrantPatience)
        return false;
    if (request.rule + 1U >= params_.slots ||
        map_.targets[request.rule][request.bucket] != params_.self)
        return false;
    const auto peer = peers_.find(request.host);
    return peer != peers_.end() && is_member(request.host, peer->second.incarnation) &&
           !is_gone(request.host, peer->second) && peer->second.sequence != 0;
}

Actions Membership::on_grant_requests(Instant now, std::span<const GrantRequest> requests) {
    advance(now);
    std::vector<ClusterFrame> frames;
    GrantList list;
    const auto finish = [&] {
        if (list.grants.empty()) return;
        list.header = compose_header();
        frames.emplace_back(std::exchange(list, {}));
    };
    for (const GrantRequest& request : requests) {
        const bool may_speak = state_ == MembershipState::member && link_up_ &&
                               await_first_.empty() && !leaving_ && now_ < valid_until_;
        if (!may_speak || !may_pass_on(request)) {
            ++grant_counts_.stale;
            continue;
        }
        const Peer& peer = peers_.at(request.host);
        list.grants.push_back({request.host, request.rule, request.bucket, peer.incarnation,
                               peer.sequence, request.client, request.timeout_ms});
        ++grant_counts_.sent;
        if (list.grants.size() == kGrantsPerFrame) finish();
    }
    finish();
    if (!frames.empty()) send(std::move(frames));
    step();
    return take_actions();
}

// Kept in the clock that the lease is kept in, and like it from a frame of mine that the other host
// has shown to have heard.
Instant Membership::end_of(const Grant& grant) const {
    if (mutated(Mutation::grant_late_base))
        return now_ + std::chrono::milliseconds{grant.timeout_ms};
    if (grant.sequence < first_sequence_ || grant.sequence > sequence_ ||
        sequence_ - grant.sequence >= kSentKept)
        return kLongAgo;
    return sent_at_[grant.sequence % kSentKept] + std::chrono::milliseconds{grant.timeout_ms};
}

void Membership::accept_grants(HostId id, const GrantList& list) {
    const bool of_my_epoch = state_ == MembershipState::member && list.header.epoch == map_.epoch &&
                             !leaving_ && is_member(id, list.header.incarnation) &&
                             !is_gone(id, peers_.at(id));
    GiveGrants given{map_digest_, {}};
    for (const Grant& grant : list.grants) {
        if (grant.host != params_.self) continue;
        const bool is_owners = of_my_epoch && map_.targets[grant.rule][grant.bucket] == id;
        const Instant until = end_of(grant);
        const bool usable = (is_owners || mutated(Mutation::grant_any_epoch)) &&
                            grant.incarnation == incarnation_ && until > now_;
        if (!usable) {
            ++grant_counts_.refused;
            continue;
        }
        ++grant_counts_.received;
        given.grants.push_back(
            {grant.client, until.time_since_epoch().count(), grant.rule, grant.bucket, {}});
    }
    if (given.grants.empty()) return;
    guests_ = true;
    actions_.push_back(std::move(given));
}

}  // namespace nlb
