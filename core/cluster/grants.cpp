#include "core/cluster/grants.hpp"

#include <utility>

#include "core/base/mutation.hpp"

namespace nlb {

// What the cores were given for the former epoch they drop with the next install; until that is
// over this host does not count as having stated the new one (kFlagPrevious).
void Grants::note_new_epoch() {
    previous_guests_ = previous_guests_ || guests_;
    guests_ = settled_ = false;
}

void Grants::resume() {
    guests_ = previous_guests_ = params_->sticky;
    settled_ = installed_settled_ = false;
    installed_era_ = 0;
}

void Grants::note_install(std::uint64_t era) {
    installed_era_ = era;
    installed_settled_ = settled_;
}

bool Grants::note_installed() {
    if (installed_era_ != map_->digest() || !previous_guests_) return false;
    previous_guests_ = false;
    return true;
}

bool Grants::install_is_stale() const {
    return (params_->sticky || previous_guests_) &&
           (installed_era_ != map_->digest() || installed_settled_ != settled_);
}

// The cores wait for kGrantPatience longer than the time-out, so an older request could outlive
// their commitment; and what they decided by the tables of another epoch binds nobody in this one.
bool Grants::may_pass_on(const GrantRequest& request) const {
    if (request.era != map_->digest() ||
        listening_->now() - Instant{Duration{request.decided_ns}} > kGrantPatience)
        return false;
    if (request.rule + 1U >= params_->slots ||
        map_->map().targets[request.rule][request.bucket] != self_->id)
        return false;
    const Peer* const peer = peers_->find(request.host);
    return peer != nullptr && map_->has(request.host, peer->incarnation) &&
           !peers_->is_gone(request.host, *peer) && peer->sequence != 0;
}

std::vector<GrantList> Grants::pass_on(std::span<const GrantRequest> requests, bool may_speak,
                                       const FrameHeader& header) {
    std::vector<GrantList> lists;
    for (const GrantRequest& request : requests) {
        if (!may_speak || !may_pass_on(request)) {
            ++counts_.stale;
            continue;
        }
        if (lists.empty() || lists.back().grants.size() == kGrantsPerFrame)
            lists.push_back({header, {}});
        const Peer& peer = peers_->at(request.host);
        lists.back().grants.push_back({request.host, request.rule, request.bucket, peer.incarnation,
                                       peer.sequence, request.client, request.timeout_ms});
        ++counts_.sent;
    }
    return lists;
}

// Kept in the clock that the lease is kept in, and like it from a frame of mine that the other host
// has shown to have heard.
Instant Grants::end_of(const Grant& grant) const {
    const std::chrono::milliseconds timeout{grant.timeout_ms};
    if (mutated(Mutation::grant_late_base)) return listening_->now() + timeout;
    const auto sent = sent_->sent_at(grant.sequence);
    return sent ? *sent + timeout : kLongAgo;
}

std::optional<GiveGrants> Grants::accept(const GrantList& list, bool leaving) {
    const HostId id = list.header.id;
    const bool of_my_epoch = self_->is_member() && list.header.epoch == map_->epoch() && !leaving &&
                             map_->has(id, list.header.incarnation) &&
                             !peers_->is_gone(id, peers_->at(id));
    GiveGrants given{map_->digest(), {}};
    for (const Grant& grant : list.grants) {
        if (grant.host != self_->id) continue;
        const bool is_owners = of_my_epoch && map_->map().targets[grant.rule][grant.bucket] == id;
        const Instant until = end_of(grant);
        const bool usable = (is_owners || mutated(Mutation::grant_any_epoch)) &&
                            grant.incarnation == self_->incarnation && until > listening_->now();
        if (!usable) {
            ++counts_.refused;
            continue;
        }
        ++counts_.received;
        given.grants.push_back(
            {grant.client, until.time_since_epoch().count(), grant.rule, grant.bucket, {}});
    }
    if (given.grants.empty()) return std::nullopt;
    guests_ = true;
    return given;
}

}  // namespace nlb
