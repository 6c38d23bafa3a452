// What this host could hear, and what it concludes from hearing nothing (R12) or hearing its own
// name (R13). Listening time is the time in which the loop ran and the dataplane showed life: only
// silence in it proves anything.
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"

namespace nlb {

// How much of the last `gap` I could hear the others in: not while I was stopped, and not while the
// dataplane was.
Duration Membership::heard_through(Duration gap) const {
    const Instant mute_from =
        mutated(Mutation::trust_mute) ? now_ : alive_at_ + params_.timing.period;
    const Duration mute = std::max(now_ - mute_from, Duration::zero());
    return std::max(std::min(gap - mute, 2 * params_.timing.tick), Duration::zero());
}

void Membership::on_dataplane_alive(Instant now, Instant last_rx) {
    alive_at_ = std::max(alive_at_, now);
    if (last_rx <= last_rx_) return;
    last_rx_ = last_rx;
    note_reception();
}

void Membership::note_reception() {
    heard_any_at_ = listened_;
    heard_anything_ = true;
}

// Somebody whose silence could be my own deafness. Whom this term has not heard yet the last one
// may have.
bool Membership::has_company() const {
    return std::any_of(peers_.begin(), peers_.end(), [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return peer.stated && !is_gone(id, peer) &&
               listened_ - peer.last_rx <= params_.timing.bury_after;
    });
}

// R12. What I send still arrives: unless I say that I hear nothing, everybody waits for my
// acknowledgements until their leases end. The cores are fenced before it is said, and stay so
// until something is heard. Silence of a quiet wire looks the same: whoever begins in it takes the
// map but no lease, until the first frame comes; from then on silence without company proves
// nothing.
void Membership::notice_deafness() {
    const bool member = state_ == MembershipState::member;
    if (!member && state_ != MembershipState::join) return;
    if (listened_ - heard_any_at_ <= params_.timing.drop_after) {
        if (!deaf_) return;
        deaf_ = false;
        joined_at_ = listened_;
        want_to_speak_ = true;
        if (member) reset("frames arrive again: this host listens anew");
        return;
    }
    const bool begins_in_silence = !member && !heard_anything_ && params_.configured_hosts > 1;
    if (deaf_ || !(begins_in_silence || has_company()) || mutated(Mutation::deaf_blind)) return;
    deaf_ = want_to_speak_ = true;
    report(Report::Kind::deaf, params_.self, "no frame of any kind arrives");
    if (member) reset("no frame of any kind arrives: this host is deaf");
}

// A frame under my id from another boot: a recording, or a second host with my name. It is told
// what I heard of it; only a living one can tell me the same.
void Membership::note_duplicate_id(const FrameHeader& header,
                                   const std::vector<PeerReport>* reports) {
    if (header.incarnation.boot == incarnation_.boot) return;
    if (unproven_.size() >= kUnprovenMax) unproven_.erase(unproven_.begin());
    std::uint64_t& highest = unproven_[{header.id, header.incarnation}];
    if (header.sequence <= highest) return;
    highest = header.sequence;
    if (!duplicate_ || duplicate_->incarnation != header.incarnation)
        duplicate_ = Candidate{header.incarnation, header.sequence, sequence_, now_,
                               listened_,          false,           false,     false};
    duplicate_->sequence = header.sequence;
    duplicate_->last_rx = listened_;
    want_to_speak_ = true;
    if (reports == nullptr) return;
    const bool hears_me =
        std::any_of(reports->begin(), reports->end(), [this](const PeerReport& entry) {
            return entry.id == params_.self && entry.heard == incarnation_ &&
                   entry.sequence >= first_sequence_;
        });
    if (!hears_me || yields_to_duplicate_) return;
    // Of two that begin at once the lower boot goes on.
    const bool it_was_first =
        header.state == MemberState::member || (header.flags & kFlagListened) != 0;
    const bool i_was_first =
        state_ == MembershipState::member || listened_ - joined_at_ > params_.timing.bury_after;
    const bool i_yield =
        it_was_first != i_was_first ? it_was_first : header.incarnation.boot < incarnation_.boot;
    report(Report::Kind::duplicate_id, params_.self,
           i_yield ? "this one waits until the other is silent" : "the other one has to wait");
    if (!i_yield || state_ != MembershipState::join) return;
    yields_to_duplicate_ = true;
    last_words_left_ = 2;  // the other one shall know
}

// While the other one is heard this one says nothing; when it fell silent this one knocks anew.
void Membership::yield_to_duplicate() {
    if (!duplicate_ || listened_ - duplicate_->last_rx <= params_.timing.bury_after) return;
    duplicate_.reset();
    if (!yields_to_duplicate_) return;
    yields_to_duplicate_ = false;
    knock_until_ = listened_ + params_.timing.knock_for;
    joined_at_ = listened_;
    want_to_speak_ = true;
}

// The first frames of a boot ask only whether its id is free: nobody can believe them, as they
// acknowledge nothing.
bool Membership::knocks() const {
    return listened_ < knock_until_;
}

}  // namespace nlb
