// What is said, and when: each period, and at once when something changed (at most one frame a
// millisecond, repeated twice).
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/map_parts.hpp"

namespace nlb {

void Membership::speak() {
    if (!link_up_ || (yields_to_duplicate_ && last_words_left_ == 0)) return;
    if (!await_first_.empty() && listened_ < speak_by_) return;  // R10
    await_first_ = HostSet{};
    const Timing& timing = params_.timing;
    const bool silent_so_far = last_sent_ == kLongAgo;
    const Duration since = silent_so_far ? timing.period : now_ - last_sent_;
    const bool changed = want_to_speak_ && since >= timing.rate_limit;
    const bool repeat = repeats_left_ != 0 && since >= timing.repeat_after;
    if (since < timing.period && !changed && !repeat) return;
    if (want_to_speak_)
        repeats_left_ = 2;
    else if (repeats_left_ != 0)
        --repeats_left_;
    want_to_speak_ = false;
    if (last_words_left_ != 0) --last_words_left_;
    last_sent_ = now_;
    if (beats_count_ == 0 || now_ - beats_[0] >= timing.period * 9 / 10) {
        std::copy_backward(beats_.begin(), beats_.end() - 1, beats_.end());
        beats_[0] = now_;
        beats_count_ = std::min(beats_count_ + 1, kBeatsKept);
    }
    std::vector<ClusterFrame> frames;
    const bool coordinator =
        state_ == MembershipState::member && map_.epoch.coordinator == params_.self;
    if (coordinator && !all_state_my_epoch())
        for (MapPart& part : split_map(map_, compose_header()))
            frames.emplace_back(std::move(part));
    frames.emplace_back(compose());
    send(std::move(frames));
    if (goodbyes_left_ != 0 && said_goodbye()) --goodbyes_left_;
}

void Membership::send(std::vector<ClusterFrame> frames) {
    for (ClusterFrame& frame : frames) {
        std::visit([this](auto& body) { body.header.sequence = ++sequence_; }, frame);
        sent_at_[sequence_ % kSentKept] = now_;
    }
    store();  // the sequences are written down before they are used
    for (ClusterFrame& frame : frames) actions_.push_back(SendFrame{std::move(frame)});
}

FrameHeader Membership::compose_header() const {
    FrameHeader header;
    header.cluster = params_.cluster;
    header.id = params_.self;
    header.state = state_ == MembershipState::member ? MemberState::member : MemberState::join;
    header.slots = params_.slots;
    header.incarnation = incarnation_;
    header.sequence = sequence_;
    header.epoch = map_.epoch;
    if (leaving_) header.flags |= kFlagLeaving;
    if (said_goodbye()) header.flags |= kFlagGoodbye;
    if (previous_guests_ && !mutated(Mutation::grant_linger)) header.flags |= kFlagPrevious;
    if (draining_) header.flags |= kFlagDraining;
    if (deaf_) header.flags |= kFlagDeaf;
    if (state_ == MembershipState::join && !could_hold_lease()) header.flags |= kFlagUnready;
    if (listened_ - joined_at_ > params_.timing.bury_after) header.flags |= kFlagListened;
    return header;
}

bool Membership::said_goodbye() const {
    BucketMask all = 0;
    for (const BucketMask mask : own_) all |= mask;
    return leaving_ && all == 0 && !installing_;
}

Heartbeat Membership::compose() const {
    Heartbeat beat;
    beat.header = compose_header();
    beat.view = members();
    beat.config_digest = params_.config_digest;
    beat.generation = params_.generation;
    beat.map_digest = map_digest_;
    beat.rules = compose_rules();
    beat.peers = compose_reports();
    beat.staged = compose_staged();
    return beat;
}

std::array<RuleReport, kRuleSlots> Membership::compose_rules() const {
    std::array<RuleReport, kRuleSlots> rules{};
    const bool offers_nothing = draining_ || leave_by_ != Duration::zero();
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        if (slot + 1U >= params_.slots && slot != kDefaultRule) continue;
        rules[slot] = {own_[slot], dirty_[slot],
                       offers_nothing ? std::uint8_t{0} : desired_[slot].offer,
                       desired_[slot].state};
    }
    return rules;
}

std::vector<PeerReport> Membership::compose_reports() const {
    std::vector<PeerReport> reports;
    if (duplicate_)
        reports.push_back(
            {params_.self, kReportCandidate, duplicate_->incarnation, duplicate_->sequence});
    if (knocks()) return reports;
    for (const auto& [id, peer] : peers_) {
        if (!peer.heard || peer.sequence == 0) continue;
        const bool buried = is_buried(id, peer.incarnation);
        PeerReport entry{id, 0, peer.incarnation,
                         buried && !mutated(Mutation::ack_buried) ? 0 : peer.sequence};
        if (buried) entry.flags |= kReportBuried;
        if (listened_ - peer.last_rx > params_.timing.bury_after) entry.flags |= kReportSilent;
        reports.push_back(entry);
    }
    for (const auto& [id, candidate] : candidates_)
        if (reports.size() < kPeerReportsMax)
            reports.push_back({id, kReportCandidate, candidate.incarnation, candidate.sequence});
    return reports;
}

void Membership::schedule() {
    const Timing& timing = params_.timing;
    next_wake_ = now_ + timing.tick;
    if (last_sent_ == kLongAgo || state_ == MembershipState::off ||
        state_ == MembershipState::reset)
        return;
    next_wake_ = std::min(next_wake_, last_sent_ + timing.period);
    if (want_to_speak_) next_wake_ = std::min(next_wake_, last_sent_ + timing.rate_limit);
    if (repeats_left_ != 0) next_wake_ = std::min(next_wake_, last_sent_ + timing.repeat_after);
    // a death is noticed when it is due, not at the next tick
    for (const auto& [id, peer] : peers_) {
        const Duration left = timing.bury_after - (listened_ - peer.last_rx);
        if (peer.heard && left >= Duration::zero() && !is_gone(id, peer))
            next_wake_ = std::min(next_wake_, now_ + left + std::chrono::microseconds{1});
    }
    next_wake_ = std::max(next_wake_, now_ + std::chrono::microseconds{50});
}

}  // namespace nlb
