// R1 and R4: who speaks, and whether it is the living one. A host that starts anew must show that
// it hears me now, not in a recording.
#include "core/cluster/peers.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"

namespace nlb {

std::uint64_t Peers::acknowledged_sequence(const std::vector<PeerReport>* reports) const {
    std::uint64_t highest = 0;
    if (reports == nullptr) return highest;
    for (const PeerReport& entry : *reports)
        if (entry.id == self_->id && entry.heard == self_->incarnation &&
            (entry.flags & kReportBuried) == 0)
            highest = std::max(highest, entry.sequence);
    return highest;
}

FrameFault Peers::believe(const FrameHeader& header, const std::vector<PeerReport>* reports) {
    NLB_ASSERT(header.id != self_->id);
    const Peer* const known = find(header.id);
    if (known != nullptr && known->incarnation == header.incarnation) {
        const bool old = header.sequence <= known->sequence && !mutated(Mutation::any_order);
        return old ? FrameFault::replayed : FrameFault::none;
    }
    Instant first_seen = listening_->now();
    if (known != nullptr && known->incarnation.boot == header.incarnation.boot) {
        // The same boot is believed by its numbers alone: only its own key holder can count on.
        if (header.incarnation < known->incarnation || header.sequence <= known->sequence)
            return FrameFault::replayed;
    } else if (!mutated(Mutation::no_echo)) {
        const FrameFault fault = consider_candidate(header, reports);
        if (fault != FrameFault::none) return fault;
        first_seen = candidates_[header.id].first_seen;
    }
    if (known != nullptr) supersede(header.id, known->incarnation, header.incarnation);
    Peer fresh;
    fresh.incarnation = header.incarnation;
    fresh.last_rx = listening_->time();
    fresh.first_seen = first_seen;
    fresh.found_when_new = !listening_->has_listened();
    peers_[header.id] = std::move(fresh);
    candidates_.erase(header.id);
    outbox_->push(Report{.kind = Report::Kind::believed, .host = header.id});
    outbox_->speak_soon();
    return FrameFault::none;
}

// Believing buries the older incarnation; a whole boot that is over never comes back, whatever this
// host goes through.
void Peers::supersede(HostId id, const Incarnation& older, const Incarnation& newer) {
    buried_.insert({id, older});
    if (older.boot != newer.boot) superseded_.insert({id, older.boot});
}

FrameFault Peers::consider_candidate(const FrameHeader& header,
                                     const std::vector<PeerReport>* reports) {
    // Two guards of one kind: what a recording could still pass of the second, the first refuses.
    // The mutation takes out both.
    if (superseded_.contains({header.id, header.incarnation.boot}) && !mutated(Mutation::weak_echo))
        return FrameFault::replayed;
    // Only growing sequences count, also when several boots of one id alternate: a recording ends,
    // and then it holds nothing back.
    std::uint64_t& highest = unproven_[{header.id, header.incarnation}];
    if (header.sequence <= highest) return FrameFault::replayed;
    highest = header.sequence;
    outbox_->speak_soon();  // it needs a sequence of mine to acknowledge
    const auto known = candidates_.find(header.id);
    if (known == candidates_.end() || known->second.incarnation != header.incarnation) {
        if (is_buried(header.id, header.incarnation)) return FrameFault::buried_incarnation;
        candidates_[header.id] = {
            .incarnation = header.incarnation,
            .sequence = header.sequence,
            .my_sequence = sent_->sequence(),
            .first_seen = listening_->now(),
            .last_rx = listening_->time(),
            .found_when_new = !listening_->has_listened(),
            .may_begin = may_begin(header.flags, header.state),
            .deaf = says_deaf(header.flags),
        };
        return FrameFault::unbelieved;
    }
    Candidate& candidate = known->second;
    candidate.sequence = header.sequence;
    candidate.last_rx = listening_->time();
    candidate.may_begin = may_begin(header.flags, header.state);
    // While it was deaf it held no lease, and it listens anew.
    if (candidate.deaf && !says_deaf(header.flags)) candidate.first_seen = listening_->now();
    candidate.deaf = says_deaf(header.flags);
    const std::uint64_t needed =
        mutated(Mutation::weak_echo) ? 0 : std::max(candidate.my_sequence, sent_->first() - 1);
    return acknowledged_sequence(reports) > needed ? FrameFault::none : FrameFault::unbelieved;
}

bool Peers::note_arrival(HostId id, std::uint64_t sequence) {
    Peer& peer = peers_.at(id);
    if (is_buried(id, peer.incarnation) && peer.heard_again == kLongAgo)
        peer.heard_again = listening_->now();
    const bool after_silence = listening_->since(peer.last_rx) > timing_->answer_after;
    peer.sequence = std::max(peer.sequence, sequence);
    peer.last_rx = listening_->time();
    peer.heard = true;
    return after_silence;
}

void Peers::note_heartbeat(const Heartbeat& beat, std::uint64_t config_digest) {
    Peer& peer = peers_.at(beat.header.id);
    // What it did not acknowledge while it was deaf holds nobody back: it held no lease, and it
    // listens anew before it may hold one.
    if (says_deaf(peer.flags) && !says_deaf(beat.header.flags)) peer.first_seen = listening_->now();
    peer.stated = true;
    peer.state = beat.header.state;
    peer.flags = beat.header.flags;
    peer.epoch = beat.header.epoch;
    peer.view = beat.view;
    peer.config_digest = beat.config_digest;
    peer.generation = beat.generation;
    peer.stated_rules = beat.rules;
    peer.staged = beat.staged;
    peer.rules = rules_numbered_by(config_digest, peer);
    note_reports(peer, beat.peers);
}

void Peers::note_reports(Peer& peer, const std::vector<PeerReport>& reports) {
    peer.hears.clear();
    peer.buried_me = false;
    for (const PeerReport& entry : reports) {
        const auto [at, is_new] = peer.hears.insert({entry.id, entry});
        if (!is_new && (at->second.flags & kReportCandidate) != 0) at->second = entry;
        if (entry.id == self_->id && entry.heard == self_->incarnation &&
            (entry.flags & kReportBuried) != 0)
            peer.buried_me = true;
    }
    if (const auto sent = sent_->sent_at(acknowledged_sequence(&reports)))
        peer.acknowledged = std::max(peer.acknowledged, *sent);
}

void Peers::note_member(const MemberEntry& member) {
    const Peer* const known = find(member.id);
    if (known == nullptr || known->incarnation != member.incarnation) {
        Peer peer;
        peer.incarnation = member.incarnation;
        peer.last_rx = listening_->time();
        peer.first_seen = listening_->now();
        peer.state = MemberState::member;
        peers_[member.id] = std::move(peer);
        candidates_.erase(member.id);
    }
    peers_[member.id].heard = true;
}

void Peers::begin_incarnation() {
    buried_.clear();
    for (auto& [id, peer] : peers_) {
        // What it is known to have heard of my former term still counts: a peer that hears nothing
        // must go on holding me back.
        peer.first_seen = std::max(peer.first_seen, peer.acknowledged);
        peer.acknowledged = peer.heard_again = kLongAgo;
        peer.heard = peer.buried_me = false;
        peer.hears.clear();
    }
}

void Peers::resume(const Checkpoint& checkpoint, Instant lease_base) {
    buried_.clear();
    for (const MemberEntry& entry : checkpoint.buried)
        buried_.insert({entry.id, entry.incarnation});
    peers_.clear();
    for (const MemberEntry& entry : map_->map().members) {
        if (entry.id == self_->id) continue;
        Peer& peer = peers_[entry.id];
        peer.incarnation = entry.incarnation;
        peer.last_rx = listening_->time();
        peer.state = MemberState::member;
        peer.heard = true;
        peer.acknowledged = lease_base;
    }
    for (const PeerSequence& known : checkpoint.peers) {
        const auto peer = peers_.find(known.id);
        if (peer != peers_.end() && peer->second.incarnation == known.incarnation)
            peer->second.sequence = known.sequence;
    }
}

void Peers::renumber(std::uint64_t config_digest) {
    for (auto& [id, peer] : peers_) peer.rules = rules_numbered_by(config_digest, peer);
}

const Peer* Peers::find(HostId id) const {
    const auto peer = peers_.find(id);
    return peer == peers_.end() ? nullptr : &peer->second;
}

const Peer& Peers::at(HostId id) const {
    const Peer* const peer = find(id);
    NLB_ASSERT(peer != nullptr);
    return *peer;
}

}  // namespace nlb
