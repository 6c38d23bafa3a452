#include "core/cluster/lease.hpp"

#include <algorithm>

#include "core/base/mutation.hpp"

namespace nlb {

Instant Lease::end() const {
    const Duration length = mutated(Mutation::lease_long) ? params_->timing.bury_after * 102 / 100
                                                          : params_->timing.lease;
    Instant base = params_->majority ? quorum_->acknowledged_by_majority() : base_of_serve();
    if (mutated(Mutation::lease_from_send)) base = std::max(sent_->last_heartbeat(), begun_at_);
    return base == kLongAgo ? kLongAgo : base + length;
}

Lease::Renewal Lease::renew() {
    if (has_lapsed() && !mutated(Mutation::resurrect)) return Renewal::lapsed;
    const Instant until = end();
    if (listening_->now() >= until && !mutated(Mutation::resurrect)) return Renewal::unacknowledged;
    if (until == valid_until_) return Renewal::unchanged;
    valid_until_ = until;  // assigned, not maximised: a new threat shortens it
    return Renewal::changed;
}

bool Lease::close() {
    const bool was_open = valid_until_ != kLongAgo;
    valid_until_ = kLongAgo;
    return was_open;
}

void Lease::begin() {
    valid_until_ = kLongAgo;
    begun_at_ = listening_->now();
}

// Peers that may count on my silence: heard lately, and not on their way out. A member that I have
// not buried does so, proven or not: its map may have ended the silence.
bool Lease::holds_back(HostId id, const Peer& peer) const {
    const bool fellow = map_->has(id, peer.incarnation) && !peers_->is_buried(id, peer.incarnation);
    return !has_withdrawn(peer.flags) && (fellow || Peers::is_proven(peer)) &&
           listening_->since(peer.last_rx) <= params_->timing.drop_after;
}

// Its silence about me counts from the newest frame of mine that it heard, also where that was
// before I believed it: it may become a member at once, and bury me from there.
Instant Lease::base_of(HostId id, const Peer& peer) const {
    const bool first = !peer.heard || peer.acknowledged == kLongAgo;
    const Instant base = first ? peer.first_seen : peer.acknowledged;
    const Instant again = peers_->is_buried(id, peer.incarnation) ? peer.proven_again : kLongAgo;
    if (mutated(Mutation::base_from_belief)) return std::max({base, peer.first_seen, again});
    return std::max(base, again);
}

// Dropping a silent peer never renews from "now": the newest beats may all be lost to it, and it
// counts from the one before them. Those of the last n periods are taken for lost, however many
// there were. Beats after the dataplane's last sign of life may not have left at all.
Instant Lease::cap() const {
    if (mutated(Mutation::no_cap)) return listening_->now();
    const Instant left = mutated(Mutation::trust_mute)
                             ? listening_->now()
                             : std::min(listening_->now(), listening_->alive_at());
    const Instant lost_from = left - params_->timing.cap_losses * params_->timing.period;
    for (const Instant beat : sent_->beats())
        if (beat <= lost_from) return beat;
    return valid_until_ == kLongAgo ? listening_->now() : valid_until_ - params_->timing.lease;
}

// While every member is heard, what they acknowledged is all that counts. A member that fell silent
// and is not buried, or no member left to hear, brings the cap in.
Instant Lease::base_of_serve() const {
    const Instant now = listening_->now();
    Instant base = mutated(Mutation::trust_mute) ? now : std::min(now, listening_->alive_at());
    bool member_heard = false;
    bool member_dropped = false;
    for (const auto& [id, peer] : peers_->all()) {
        const bool member = map_->has(id, peer.incarnation);
        if (holds_back(id, peer)) {
            base = std::min(base, base_of(id, peer));
            member_heard = member_heard || member;
        } else if (member && !peers_->is_gone(id, peer)) {
            member_dropped = true;
        }
    }
    if (!member_heard || member_dropped) base = std::min(base, cap());
    return base;
}

}  // namespace nlb
