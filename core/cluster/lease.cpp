// R2 and R3: how long my cores may answer. The lease runs from what the peers have shown to have
// heard, never from what I sent, so that it always ends before any of them can have buried me.
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"

namespace nlb {

Instant Membership::lease_end() const {
    const Duration length = mutated(Mutation::lease_long) ? params_.timing.bury_after * 102 / 100
                                                          : params_.timing.lease;
    Instant base = params_.majority ? lease_base_majority() : lease_base_serve();
    if (mutated(Mutation::lease_from_send)) base = std::max(last_sent_, joined_instant_);
    return base == kLongAgo ? kLongAgo : base + length;
}

// Whoever joins without this resets at once, under one term after the other.
bool Membership::could_hold_lease() const {
    return now_ < lease_end();
}

void Membership::renew_lease() {
    if (said_goodbye() || deaf_) return;
    if (valid_until_ != kLongAgo && now_ >= valid_until_ && !mutated(Mutation::resurrect)) {
        reset("the lease lapsed");
        return;
    }
    const Instant until = lease_end();
    if (now_ >= until && !mutated(Mutation::resurrect)) {
        reset("no peer acknowledges what this host sends");
        return;
    }
    if (until == valid_until_) return;
    valid_until_ = until;  // assigned, not maximised: a new threat shortens it
    actions_.push_back(SetLease{until});
}

// Peers that may count on my silence: heard lately, and not on their way out.
bool Membership::holds_back(const Peer& peer) const {
    return (peer.flags & (kFlagGoodbye | kFlagDeaf)) == 0 &&
           listened_ - peer.last_rx <= params_.timing.drop_after;
}

Instant Membership::base_of(HostId id, const Peer& peer) const {
    if (!peer.heard) return peer.first_seen;
    // One that was there before me and has shown no sign of hearing me is safe company only until
    // it may begin alone.
    const bool may_begin = (peer.flags & kFlagListened) != 0 || peer.state == MemberState::member;
    if (peer.found_when_new && peer.stated && peer.acknowledged == kLongAgo && may_begin)
        return kLongAgo;
    const Instant again = is_buried(id, peer.incarnation) ? peer.heard_again : kLongAgo;
    return std::max({peer.acknowledged, peer.first_seen, again});
}

Instant Membership::base_of(const Candidate& candidate) {
    return candidate.found_when_new && candidate.has_listened ? kLongAgo : candidate.first_seen;
}

// Dropping a silent peer never renews from "now": of the newest beats some may be lost, and the
// peer that heard only the one before them counts from there. Beats after the dataplane's last sign
// of life may not have left at all.
Instant Membership::lease_cap() const {
    if (mutated(Mutation::no_cap)) return now_;
    const bool trusting = mutated(Mutation::trust_mute);
    std::size_t newer = 0;
    while (newer < beats_count_ && beats_[newer] > alive_at_ && !trusting) ++newer;
    const std::size_t oldest = newer + params_.timing.cap_losses;
    if (oldest < beats_count_) return beats_[oldest];
    return valid_until_ == kLongAgo ? now_ : valid_until_ - params_.timing.lease;
}

// While every member is heard, what they acknowledged is all that counts. A member that fell silent
// and is not buried, or no member left to hear, brings the cap in.
Instant Membership::lease_base_serve() const {
    Instant base = mutated(Mutation::trust_mute) ? now_ : std::min(now_, alive_at_);
    bool member_heard = false;
    bool member_dropped = false;
    for (const auto& [id, peer] : peers_) {
        const bool member = is_member(id, peer.incarnation);
        if (holds_back(peer)) {
            base = std::min(base, base_of(id, peer));
            member_heard = member_heard || member;
        } else if (member && !is_gone(id, peer)) {
            member_dropped = true;
        }
    }
    if (!member_heard || member_dropped) base = std::min(base, lease_cap());
    if (mutated(Mutation::no_candidate_lease)) return base;
    // An incarnation that cannot show that it hears me may be a restarted owner that is deaf.
    for (const auto& [id, candidate] : candidates_)
        if (!candidate.deaf && listened_ - candidate.last_rx <= params_.timing.drop_after)
            base = std::min(base, base_of(candidate));
    return base;
}

// The newest time t such that a majority of the configured hosts, me included, acknowledged
// something sent at or after t.
Instant Membership::lease_base_majority() const {
    std::vector<Instant> acknowledged{now_};
    for (const auto& [id, peer] : peers_) {
        const bool counts = peer.state == MemberState::member || (peer.flags & kFlagListened) != 0;
        if (counts && (peer.flags & (kFlagGoodbye | kFlagDeaf)) == 0)
            acknowledged.push_back(std::min(peer.acknowledged, now_));
    }
    std::sort(acknowledged.rbegin(), acknowledged.rend());
    const std::size_t majority = params_.configured_hosts / 2U + 1U;
    return acknowledged.size() < majority ? kLongAgo : acknowledged[majority - 1];
}

// R2: never renew what has lapsed. The cores are fenced at once, then the map is emptied, and only
// then a new term joins.
void Membership::reset(const std::string& because) {
    if (state_ == MembershipState::reset) return;
    report(Report::Kind::reset, params_.self, because);
    give_up();
}

void Membership::give_up() {
    state_ = MembershipState::reset;
    valid_until_ = kLongAgo;
    was_converged_ = false;
    actions_.push_back(SetLease{kLongAgo});
    empty_map();
}

void Membership::empty_map() {
    if (installing_) return;  // its end calls here again
    emptying_ = true;
    install({});
}

}  // namespace nlb
