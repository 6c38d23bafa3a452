// R1 and R4: who speaks, and whether it is the living one. A host that starts anew must show that
// it hears me now, not in a recording.
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb {
namespace {

// The highest sequence of mine that the reports acknowledge; 0 for none.
std::uint64_t acknowledged_sequence(const std::vector<PeerReport>* reports, HostId self,
                                    const Incarnation& incarnation) {
    std::uint64_t highest = 0;
    if (reports == nullptr) return highest;
    for (const PeerReport& entry : *reports)
        if (entry.id == self && entry.heard == incarnation && (entry.flags & kReportBuried) == 0)
            highest = std::max(highest, entry.sequence);
    return highest;
}

// It may begin alone at any moment, or has done so.
bool has_listened(const FrameHeader& header) {
    return (header.flags & kFlagListened) != 0 || header.state == MemberState::member;
}

bool says_deaf(const FrameHeader& header) {
    return (header.flags & kFlagDeaf) != 0;
}

}  // namespace

FrameFault Membership::believe(const FrameHeader& header, const std::vector<PeerReport>* reports) {
    if (header.id == params_.self) {
        note_duplicate_id(header, reports);
        return FrameFault::own;
    }
    const auto known = peers_.find(header.id);
    if (known == peers_.end() || known->second.incarnation != header.incarnation) {
        Instant first_seen = now_;
        if (known != peers_.end() && known->second.incarnation.boot == header.incarnation.boot) {
            // The same boot is believed by its numbers alone: only its own key holder can count on.
            if (header.incarnation < known->second.incarnation ||
                header.sequence <= known->second.sequence)
                return FrameFault::replayed;
        } else if (!mutated(Mutation::no_echo)) {
            const FrameFault fault = consider_candidate(header, reports);
            if (fault != FrameFault::none) return fault;
            first_seen = candidates_[header.id].first_seen;
        }
        if (known != peers_.end())
            supersede(header.id, known->second.incarnation, header.incarnation);
        Peer fresh;
        fresh.incarnation = header.incarnation;
        fresh.last_rx = listened_;
        fresh.first_seen = first_seen;
        fresh.found_when_new = is_new();
        peers_[header.id] = std::move(fresh);
        candidates_.erase(header.id);
        report(Report::Kind::believed, header.id, "boot and term are new");
        want_to_speak_ = true;
        return FrameFault::none;
    }
    if (header.sequence <= known->second.sequence && !mutated(Mutation::any_order))
        return FrameFault::replayed;
    return FrameFault::none;
}

// Believing buries the older incarnation; a whole boot that is over never comes back, whatever this
// host goes through.
void Membership::supersede(HostId id, const Incarnation& older, const Incarnation& newer) {
    buried_.insert({id, older});
    if (older.boot == newer.boot) return;
    if (superseded_.size() >= kSupersededMax) superseded_.erase(superseded_.begin());
    superseded_.insert({id, older.boot});
}

FrameFault Membership::consider_candidate(const FrameHeader& header,
                                          const std::vector<PeerReport>* reports) {
    // Two guards of one kind: what a recording could still pass of the second, the first refuses.
    // The mutation takes out both.
    if (superseded_.contains({header.id, header.incarnation.boot}) && !mutated(Mutation::weak_echo))
        return FrameFault::replayed;
    // Only growing sequences count, also when several boots of one id alternate: a recording ends,
    // and then it holds nothing back.
    if (unproven_.size() >= kUnprovenMax) unproven_.erase(unproven_.begin());
    std::uint64_t& highest = unproven_[{header.id, header.incarnation}];
    if (header.sequence <= highest) return FrameFault::replayed;
    highest = header.sequence;
    want_to_speak_ = true;  // it needs a sequence of mine to acknowledge
    const auto known = candidates_.find(header.id);
    if (known == candidates_.end() || known->second.incarnation != header.incarnation) {
        if (is_buried(header.id, header.incarnation)) return FrameFault::buried_incarnation;
        candidates_[header.id] = {
            header.incarnation, header.sequence,      sequence_,        now_, listened_,
            is_new(),           has_listened(header), says_deaf(header)};
        return FrameFault::unbelieved;
    }
    Candidate& candidate = known->second;
    candidate.sequence = header.sequence;
    candidate.last_rx = listened_;
    candidate.has_listened = has_listened(header);
    // deaf it held no lease; it listens anew
    if (candidate.deaf && !says_deaf(header)) candidate.first_seen = now_;
    candidate.deaf = says_deaf(header);
    const std::uint64_t seen = acknowledged_sequence(reports, params_.self, incarnation_);
    const std::uint64_t needed =
        mutated(Mutation::weak_echo) ? 0 : std::max(candidate.my_sequence, first_sequence_ - 1);
    return seen > needed ? FrameFault::none : FrameFault::unbelieved;
}

void Membership::note_arrival(HostId id, Peer& peer, std::uint64_t sequence) {
    if (is_buried(id, peer.incarnation) && peer.heard_again == kLongAgo) peer.heard_again = now_;
    if (listened_ - peer.last_rx > params_.timing.answer_after || await_first_.contains(id))
        want_to_speak_ = true;
    await_first_.erase(id);
    peer.sequence = std::max(peer.sequence, sequence);
    peer.last_rx = listened_;
    peer.heard = true;
}

void Membership::accept_heartbeat(HostId id, Peer& peer, const Heartbeat& beat) {
    // What it did not acknowledge while it was deaf holds nobody back: it held no lease, and it
    // listens anew before it may hold one.
    if ((peer.flags & kFlagDeaf) != 0 && !says_deaf(beat.header)) peer.first_seen = now_;
    peer.stated = true;
    peer.state = beat.header.state;
    peer.flags = beat.header.flags;
    peer.epoch = beat.header.epoch;
    peer.view = beat.view;
    peer.config_digest = beat.config_digest;
    peer.generation = beat.generation;
    peer.stated_rules = beat.rules;
    peer.staged = beat.staged;
    peer.rules = rules_as_numbered_here(peer);
    highest_counter_ = std::max(highest_counter_, beat.header.epoch.counter);
    // A member that does not state my epoch yet may have missed its map, or could not adopt it
    // until now.
    if (map_.epoch.coordinator == params_.self && is_member(id, peer.incarnation) &&
        peer.epoch < map_.epoch)
        want_to_speak_ = true;
    note_reports(peer, beat.peers);
    // R5: the buried come back under a new term
    if (state_ == MembershipState::join && peer.buried_me) become_fresh();
}

void Membership::note_reports(Peer& peer, const std::vector<PeerReport>& reports) {
    peer.hears.clear();
    peer.buried_me = false;
    for (const PeerReport& entry : reports) {
        const auto [at, is_new] = peer.hears.insert({entry.id, entry});
        if (!is_new && (at->second.flags & kReportCandidate) != 0) at->second = entry;
        if (entry.id == params_.self && entry.heard == incarnation_ &&
            (entry.flags & kReportBuried) != 0)
            peer.buried_me = true;
    }
    const std::uint64_t seen = acknowledged_sequence(&reports, params_.self, incarnation_);
    if (seen < first_sequence_ || seen > sequence_ || sequence_ - seen >= kSentKept) return;
    peer.acknowledged = std::max(peer.acknowledged, sent_at_[seen % kSentKept]);
}

}  // namespace nlb
