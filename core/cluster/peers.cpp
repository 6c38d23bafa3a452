// R1 and R4: who speaks, and whether it is the living one. A host that starts anew must show that
// it hears me now, not in a recording.
#include "core/cluster/peers.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"

namespace nlb {

namespace {

// But for the sequences, which grow.
bool hears_alike(const HostMap<PeerReport>& a, const HostMap<PeerReport>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& two) {
        return one.first == two.first && one.second.flags == two.second.flags &&
               one.second.heard == two.second.heard;
    });
}

}  // namespace

std::uint64_t Peers::heard_sequence(const std::vector<PeerReport>* reports) const {
    std::uint64_t highest = 0;
    if (reports == nullptr) return highest;
    for (const PeerReport& entry : *reports)
        if (entry.id == self_->id && entry.heard == self_->incarnation)
            highest = std::max(highest, entry.sequence);
    return highest;
}

std::uint64_t Peers::acknowledged_sequence(const std::vector<PeerReport>* reports) const {
    if (reports == nullptr) return 0;
    const bool buried = std::any_of(reports->begin(), reports->end(), [this](const auto& entry) {
        return entry.id == self_->id && entry.heard == self_->incarnation &&
               (entry.flags & kReportBuried) != 0;
    });
    return buried ? 0 : heard_sequence(reports);
}

bool Peers::is_fresh(std::uint64_t sequence) const {
    const auto sent = sent_->sent_at(sequence);
    return sent &&
           (listening_->now() - *sent <= timing_->drop_after || mutated(Mutation::stale_proof));
}

// A heartbeat is news when it is newer than the last heartbeat: a frame of another kind that
// overtook it takes nothing from it.
FrameFault Peers::believe(const FrameHeader& header, const std::vector<PeerReport>* reports) {
    NLB_ASSERT(header.id != self_->id);
    const Peer* const known = find(header.id);
    const bool is_beat = reports != nullptr;
    if (known != nullptr && known->incarnation == header.incarnation) {
        const std::uint64_t newest = is_beat ? known->sequence : known->other_sequence;
        const bool old = header.sequence <= newest && !mutated(Mutation::any_order);
        return old ? FrameFault::replayed : FrameFault::none;
    }
    Peer fresh;
    fresh.incarnation = header.incarnation;
    fresh.last_rx = listening_->time();
    fresh.first_seen = listening_->now();
    if (known != nullptr && known->incarnation.boot == header.incarnation.boot) {
        // The same boot is believed by its numbers alone: only its own key holder can count on.
        // Whether it is alive is another question: its silence goes on.
        if (header.incarnation < known->incarnation || header.sequence <= known->sequence)
            return FrameFault::replayed;
        fresh.last_rx = known->last_rx;
        fresh.must_acknowledge_above = known->must_acknowledge_above;
    } else if (!mutated(Mutation::no_echo)) {
        const FrameFault fault = consider_candidate(header, reports);
        if (fault != FrameFault::none) return fault;
    }
    if (known != nullptr) supersede(header.id, known->incarnation, header.incarnation);
    peers_[header.id] = std::move(fresh);
    candidates_.erase(header.id);
    if (const auto other = passed_over_.find(header.id);
        other != passed_over_.end() && other->second.incarnation == header.incarnation)
        passed_over_.erase(other);
    outbox_->push(Report{.kind = Report::Kind::believed, .host = header.id});
    outbox_->speak_soon();
    return FrameFault::none;
}

// Believing buries the older incarnation.
void Peers::supersede(HostId id, const Incarnation& older, const Incarnation& newer) {
    buried_.insert({id, older});
    if (older.boot != newer.boot) superseded_.insert({id, older.boot});
}

// While the former life of an id may still serve, no new boot is believed: its host may only have
// been stopped for a moment, and what starts may be another machine with the same id.
bool Peers::former_life_is_over(HostId id) const {
    const Peer* const known = find(id);
    return known == nullptr || is_gone(id, *known) || mutated(Mutation::believe_early) ||
           listening_->since(known->last_rx) > timing_->bury_after;
}

// Recordings of several lives must not keep the living one from being heard out.
bool Peers::may_take_place_of(const Candidate& known, bool hears_me) const {
    return hears_me || !known.hears_me || listening_->since(known.last_rx) > timing_->drop_after;
}

FrameFault Peers::consider_candidate(const FrameHeader& header,
                                     const std::vector<PeerReport>* reports) {
    // Also from a host that has buried me: whether it is alive is all that is asked here.
    const std::uint64_t heard = heard_sequence(reports);
    const bool hears_me = heard >= sent_->first() && is_fresh(heard);
    // What is over is answered no more, unless it shows that it is not.
    if (superseded_.contains({header.id, header.incarnation.boot}) && !hears_me &&
        !mutated(Mutation::weak_echo))
        return FrameFault::replayed;
    // Only growing sequences count, also when several boots of one id alternate.
    std::uint64_t& highest = unproven_[{header.id, header.incarnation}];
    if (header.sequence <= highest) return FrameFault::replayed;
    highest = header.sequence;
    const auto known = candidates_.find(header.id);
    if (known == candidates_.end() || known->second.incarnation != header.incarnation) {
        // One that hears me lives: it has to be told that it is buried, to come under a new term.
        if (is_buried(header.id, header.incarnation) && !hears_me)
            return FrameFault::buried_incarnation;
        const Candidate candidate{
            .incarnation = header.incarnation,
            .sequence = header.sequence,
            .my_sequence = sent_->sequence(),
            .last_rx = listening_->time(),
            .hears_me = hears_me,
            .deaf = says_deaf(header.flags),
        };
        if (known != candidates_.end() && !may_take_place_of(known->second, hears_me)) {
            passed_over_[header.id] = candidate;
            return FrameFault::unbelieved;
        }
        if (known != candidates_.end()) passed_over_[header.id] = known->second;
        // It needs a sequence of mine to acknowledge, and later ones come with the beats: many
        // hosts that begin at once must not answer one another's answers.
        outbox_->speak_soon();
        candidates_[header.id] = candidate;
        return FrameFault::unbelieved;
    }
    Candidate& candidate = known->second;
    candidate.sequence = header.sequence;
    candidate.last_rx = listening_->time();
    candidate.deaf = says_deaf(header.flags);
    if (reports != nullptr) candidate.hears_me = hears_me;
    if (mutated(Mutation::weak_echo) && heard > 0) return FrameFault::none;
    const std::uint64_t needed = std::max(candidate.my_sequence, sent_->first() - 1);
    const bool proven = heard > needed && hears_me;
    return proven && former_life_is_over(header.id) ? FrameFault::none : FrameFault::unbelieved;
}

void Peers::note_other_frame(HostId id, std::uint64_t sequence) {
    Peer& peer = peers_.at(id);
    peer.other_sequence = std::max(peer.other_sequence, sequence);
}

bool Peers::note_arrival(HostId id, std::uint64_t sequence) {
    Peer& peer = peers_.at(id);
    const Duration silence = listening_->since(peer.last_rx);
    if (silence > timing_->bury_after) peer.must_acknowledge_above = sent_->sequence();
    peer.sequence = std::max(peer.sequence, sequence);
    peer.last_rx = listening_->time();
    peer.heard = true;
    peer.forgotten = false;
    return silence > timing_->answer_after;
}

bool Peers::note_heartbeat(const Heartbeat& beat, std::uint64_t config_digest) {
    Peer& peer = peers_.at(beat.header.id);
    const bool same = peer.stated && peer.state == beat.header.state &&
                      peer.flags == beat.header.flags && peer.spoken == beat.header.spoken &&
                      peer.epoch == beat.header.epoch && peer.view == beat.view &&
                      peer.config_digest == beat.config_digest && peer.slots == beat.header.slots &&
                      peer.generation == beat.generation && peer.stated_rules == beat.rules &&
                      peer.staged == beat.staged;
    const bool was_proven = is_proven(peer);
    // What it did not acknowledge while it was deaf holds nobody back: it held no lease, and it
    // listens anew before it may hold one. It acknowledges what it has heard since.
    if (says_deaf(peer.flags) && !says_deaf(beat.header.flags)) {
        peer.first_seen = listening_->now();
        peer.acknowledged = kLongAgo;
    }
    peer.stated = true;
    peer.state = beat.header.state;
    peer.flags = beat.header.flags;
    peer.spoken = beat.header.spoken;
    peer.epoch = beat.header.epoch;
    peer.view = beat.view;
    peer.config_digest = beat.config_digest;
    peer.slots = beat.header.slots;
    peer.generation = beat.generation;
    peer.stated_rules = beat.rules;
    peer.staged = beat.staged;
    peer.rules = rules_numbered_by(config_digest, peer);
    const bool reports_news = note_reports(peer, beat.peers);
    return !same || reports_news || was_proven != is_proven(peer);
}

bool Peers::note_reports(Peer& peer, const std::vector<PeerReport>& reports) {
    const bool had_buried_me = std::exchange(peer.buried_me, false);
    const auto before = peer.hears;
    peer.hears.clear();
    for (const PeerReport& entry : reports) {
        const bool is_new = !peer.hears.contains(entry.id);
        PeerReport& known = peer.hears[entry.id];
        if (is_new || (known.flags & kReportCandidate) != 0) known = entry;
        if (entry.id == self_->id && entry.heard == self_->incarnation &&
            (entry.flags & kReportBuried) != 0)
            peer.buried_me = true;
    }
    const bool first_word = peer.acknowledged == kLongAgo;
    if (const auto sent = sent_->sent_at(acknowledged_sequence(&reports)))
        peer.acknowledged = std::max(peer.acknowledged, *sent);
    const std::uint64_t heard = heard_sequence(&reports);
    if (peer.must_acknowledge_above && heard > *peer.must_acknowledge_above && is_fresh(heard)) {
        peer.must_acknowledge_above.reset();
        peer.proven_again = listening_->now();
    }
    return first_word || peer.buried_me != had_buried_me || !hears_alike(before, peer.hears);
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

void Peers::forget_hearing() {
    for (auto& [id, peer] : peers_) peer.forgotten = true;
}

void Peers::begin_incarnation() {
    buried_.clear();
    for (auto& [id, peer] : peers_) {
        // What it is known to have heard of my former term still counts: a peer that hears nothing
        // must go on holding me back.
        peer.first_seen = std::max(peer.first_seen, peer.acknowledged);
        peer.acknowledged = peer.proven_again = kLongAgo;
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
            peer->second.sequence = peer->second.other_sequence = known.sequence;
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
