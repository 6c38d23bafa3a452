// R5 and R9: who is alive, who is dead, and what the dead mean when they speak.
#include <algorithm>

#include "core/cluster/peers.hpp"

namespace nlb {

// Only members bury, and only members are buried. Silence counts while I listened, so that my own
// pause is not theirs.
bool Peers::bury_the_silent() {
    if (!self_->is_member()) return false;
    bool changed = false;
    for (auto& [id, peer] : peers_) {
        const bool concerns = peer.state == MemberState::member || map_->has(id, peer.incarnation);
        if (says_goodbye(peer.flags)) continue;  // it left in order
        const Duration silence = listening_->since(peer.last_rx);
        if (!peer.heard || !concerns || silence <= timing_->bury_after) continue;
        if (!buried_.insert({id, peer.incarnation})) continue;
        changed = true;
        outbox_->push(Report{.kind = Report::Kind::buried, .host = id, .silence = silence});
    }
    if (changed) outbox_->speak_soon();
    return changed;
}

std::vector<MemberEntry> Peers::buried() const {
    std::vector<MemberEntry> entries;
    for (const auto& [who, nothing] : buried_.entries()) entries.push_back({who.first, who.second});
    return entries;
}

bool Peers::is_live(HostId id) const {
    const Peer* const peer = find(id);
    return peer != nullptr && heard_within(*peer, timing_->bury_after) && !is_gone(id, *peer);
}

// Whom this term has not heard yet the last one may have.
bool Peers::has_company() const {
    return std::any_of(peers_.begin(), peers_.end(), [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return peer.stated && is_proven(peer) && !is_gone(id, peer) &&
               listening_->since(peer.last_rx) <= timing_->bury_after;
    });
}

HostSet Peers::current_members() const {
    HostSet set;
    for (const MemberEntry& entry : map_->map().members) {
        const Peer* const peer = find(entry.id);
        if (peer == nullptr || peer->incarnation == entry.incarnation) set.insert(entry.id);
    }
    return set;
}

bool Peers::all_state_epoch() const {
    const auto& members = map_->map().members;
    return std::all_of(members.begin(), members.end(), [this](const MemberEntry& member) {
        if (member.id == self_->id) return true;
        const Peer* const peer = find(member.id);
        return peer != nullptr && peer->incarnation == member.incarnation &&
               !is_gone(member.id, *peer) && peer->stated && peer->epoch == map_->epoch() &&
               (peer->flags & kFlagPrevious) == 0;
    });
}

HostId Peers::buried_by() const {
    for (const auto& [id, peer] : peers_)
        if (peer.buried_me && map_->has(id, peer.incarnation) && !is_buried(id, peer.incarnation) &&
            heard_within(peer, timing_->drop_after) && !has_withdrawn(peer.flags))
            return id;
    return kNoHost;
}

bool Peers::is_of_another_lineage(HostId id, const Peer& peer) const {
    if (peer.state != MemberState::member || !self_->is_member() || says_deaf(peer.flags))
        return false;
    if (!peer.stated || !heard_within(peer, timing_->drop_after)) return false;
    return peer.buried_me || is_buried(id, peer.incarnation) ||
           (!peer.view.contains(self_->id) && !current_members().contains(id));
}

HostId Peers::lineage_to_yield_to() const {
    for (const auto& [id, peer] : peers_) {
        if (!is_of_another_lineage(id, peer) || peer.view.empty()) continue;
        const auto mine = std::pair{current_members().lowest(), self_->id};
        const auto theirs = std::pair{peer.view.lowest(), id};
        if (mine >= theirs) return id;
    }
    return kNoHost;
}

}  // namespace nlb
