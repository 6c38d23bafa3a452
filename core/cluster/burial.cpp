// R5 and R9: who is dead, and what to do when the dead speak or two clusters meet.
#include "core/cluster/membership.hpp"

namespace nlb {

// Only members bury, and only members are buried. Silence counts while I listened, so that my own
// pause is not theirs.
void Membership::bury_the_silent() {
    if (state_ != MembershipState::member) return;
    bool changed = false;
    for (auto& [id, peer] : peers_) {
        const bool concerns = peer.state == MemberState::member || is_member(id, peer.incarnation);
        if ((peer.flags & kFlagGoodbye) != 0) continue;  // it left in order
        if (!peer.heard || !concerns || listened_ - peer.last_rx <= params_.timing.bury_after)
            continue;
        if (!buried_.insert({id, peer.incarnation}).second) continue;
        peer.heard_again = kLongAgo;
        changed = true;
        report(Report::Kind::buried, id,
               "not heard for " +
                   std::to_string((listened_ - peer.last_rx) / std::chrono::milliseconds{1}) +
                   " ms");
    }
    if (!changed) return;
    store();
    want_to_speak_ = true;
}

// A member of another lineage: we buried one another, or neither counts the other in.
bool Membership::is_split_brain(HostId id, const Peer& peer) const {
    if (peer.state != MemberState::member || state_ != MembershipState::member ||
        (peer.flags & kFlagDeaf) != 0)
        return false;
    if (!peer.stated || !heard_within(peer, params_.timing.drop_after)) return false;
    return peer.buried_me || is_buried(id, peer.incarnation) ||
           (!peer.view.contains(params_.self) && !members().contains(id));
}

// The side with the greater (lowest id of its view, own id) gives way; the other goes on.
void Membership::resolve_split_brain() {
    for (const auto& [id, peer] : peers_) {
        if (!is_split_brain(id, peer) || peer.view.empty()) continue;
        const auto mine = std::pair{members().lowest(), params_.self};
        const auto theirs = std::pair{peer.view.lowest(), id};
        if (mine < theirs) continue;
        report(Report::Kind::split_brain, id,
               "another cluster of the same name; this host gives way");
        reset("two clusters met");
        return;
    }
}

}  // namespace nlb
