// The events of the cluster protocol: each advances the clocks, lets the rules speak in a fixed
// order and hands out their desired.
#include "core/cluster/membership.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb {

Membership::Membership(const MembershipParams& params, const DesiredRules& desired)
    : params_(params), desired_(desired) {
    NLB_ASSERT(params.self >= 1 && params.self <= kHostsMax && params.slots >= 1 &&
               params.slots <= kRuleSlots);
    NLB_ASSERT(params.timing.period > Duration::zero() && params.timing.cap_losses < kBeatsKept);
}

Actions Membership::on_start(Instant now, std::uint32_t boot,
                             const std::optional<DataplaneMemory>& memory, bool foreign_tables) {
    // what came in before is no sign that anything does
    now_ = last_run_ = alive_at_ = last_rx_ = now;
    heard_any_at_ = listened_;
    heard_anything_ = false;
    leaving_ = has_left_ = installing_ = emptying_ = was_converged_ = deaf_ = yields_to_duplicate_ =
        false;
    duplicate_.reset();
    knock_until_ = listened_;
    leave_by_ = {};
    next_wake_ = now;
    ever_sticky_ = ever_sticky_ || params_.sticky;
    if (memory) {
        resume_from(*memory);
    } else {
        if (incarnation_.boot == 0) {
            incarnation_ = {boot, 0};
            knock_until_ = listened_ + params_.timing.knock_for;
        }
        own_ = dirty_ = {};
        state_ = MembershipState::off;
        if (foreign_tables)
            reset("the dataplane serves by tables of unknown origin");
        else if (ever_sticky_)
            // R14: what cores were granted in an earlier life is dropped before a lease opens
            give_up();
        else
            become_fresh();
    }
    step();
    return take_actions();
}

void Membership::resume_from(const DataplaneMemory& memory) {
    const Checkpoint& block = memory.block;
    incarnation_ = block.incarnation;
    sequence_ = block.sequence;
    first_sequence_ = sequence_ + 1;
    highest_counter_ = block.highest_counter;
    set_map(block.map);
    own_ = memory.own;
    dirty_ = memory.dirty;
    if (block.member) params_.generation = block.map.generation;
    valid_until_ = memory.valid_until;
    joined_at_ = listened_;
    guests_ = previous_guests_ = params_.sticky;  // my predecessor may have given some
    settled_ = installed_settled_ = false;
    installed_era_ = 0;
    beats_count_ = block.beats.size();
    std::copy(block.beats.begin(), block.beats.end(), beats_.begin());
    buried_.clear();
    for (const MemberEntry& entry : block.buried) buried_.insert({entry.id, entry.incarnation});
    peers_.clear();
    for (const MemberEntry& entry : map_.members) {
        if (entry.id == params_.self) continue;
        Peer& peer = peers_[entry.id];
        peer.incarnation = entry.incarnation;
        peer.last_rx = listened_;
        peer.state = MemberState::member;
        peer.heard = true;
        peer.acknowledged =
            valid_until_ == kLongAgo ? kLongAgo : valid_until_ - params_.timing.lease;
        await_first_.insert(entry.id);
    }
    for (const PeerSequence& known : block.peers) {
        const auto peer = peers_.find(known.id);
        if (peer != peers_.end() && peer->second.incarnation == known.incarnation)
            peer->second.sequence = known.sequence;
    }
    if (mutated(Mutation::warm_talk)) await_first_ = HostSet{};
    speak_by_ = listened_ + params_.timing.answer_after;
    state_ = MembershipState::member;
    if (mutated(Mutation::warm_forget) && block.member) valid_until_ = now_ + params_.timing.lease;
    if (!block.member || now_ >= valid_until_)
        reset("the lease lapsed while the control plane was away");
}

Actions Membership::on_tick(Instant now) {
    advance(now);
    if (state_ == MembershipState::member) {
        renew_lease();
        bury_the_silent();
    }
    step();
    return take_actions();
}

Actions Membership::on_frame(Instant now, const ClusterFrame& frame, FrameFault* fault) {
    advance(now);
    note_reception();
    *fault = FrameFault::none;
    if (state_ == MembershipState::off || state_ == MembershipState::reset) return take_actions();
    const auto* beat = std::get_if<Heartbeat>(&frame);
    const FrameHeader& header = header_of(frame);
    *fault = believe(header, beat != nullptr ? &beat->peers : nullptr);
    if (*fault == FrameFault::none) {
        Peer& peer = peers_[header.id];
        note_arrival(header.id, peer, header.sequence);
        if (beat != nullptr)
            accept_heartbeat(header.id, peer, *beat);
        else if (const auto* part = std::get_if<MapPart>(&frame))
            *fault = accept_map_part(*part);
        else if (const auto* list = std::get_if<GrantList>(&frame))
            accept_grants(header.id, *list);
    }
    step();
    return take_actions();
}

Actions Membership::on_installed(Instant now, std::uint64_t token, const RuleMasks& dirty) {
    advance(now);
    if (!installing_ || token != install_token_) return take_actions();
    installing_ = false;
    note_installed_era();
    if (dirty_ != dirty) want_to_speak_ = true;
    dirty_ = dirty;
    dirty_is_previous_ = false;
    if (state_ == MembershipState::reset) {
        if (emptying_) {
            emptying_ = false;
            own_ = {};
            become_fresh();
        } else {
            empty_map();
        }
    } else {
        if (own_ != installing_own_) want_to_speak_ = true;
        own_ = installing_own_;
    }
    step();
    return take_actions();
}

Actions Membership::on_dirty(Instant now, const RuleMasks& dirty) {
    advance(now);
    // its answer will be newer than any status
    if (installing_ || dirty_is_previous_) return take_actions();
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        // the owners must know before they answer for me
        if ((dirty[slot] & ~dirty_[slot]) != 0) want_to_speak_ = true;
    dirty_ = dirty;
    step();
    return take_actions();
}

Actions Membership::on_desired(Instant now, const DesiredRules& desired, bool draining) {
    advance(now);
    desired_ = desired;
    draining_ = draining;
    want_to_speak_ = true;
    step();
    return take_actions();
}

Actions Membership::on_leave(Instant now) {
    advance(now);
    if (state_ == MembershipState::off || leave_by_ != Duration::zero()) return take_actions();
    leave_by_ = listened_ + params_.timing.bury_after;
    want_to_speak_ = true;
    step();
    return take_actions();
}

Actions Membership::on_link(Instant now, bool up) {
    advance(now);
    if (link_up_ == up) return take_actions();
    link_up_ = up;
    joined_at_ = listened_;  // whoever could not listen begins to listen now
    if (!up && state_ == MembershipState::member) reset("the link is down");
    step();
    return take_actions();
}

void Membership::on_dataplane_lost() {
    state_ = MembershipState::off;
    own_ = dirty_ = {};
    valid_until_ = kLongAgo;
    installing_ = emptying_ = false;
    actions_.clear();
}

void Membership::advance(Instant now) {
    const Duration gap = now > last_run_ ? now - last_run_ : Duration::zero();
    now_ = last_run_ + gap;
    last_run_ = now_;
    const Duration heard = mutated(Mutation::no_listening_time) ? gap : heard_through(gap);
    listened_ += heard;
    // it begins to listen anew
    if (state_ == MembershipState::join && gap - heard > params_.timing.drop_after)
        joined_at_ = listened_;
    // R2: whatever the event, a lapsed lease comes first.
    const bool lapsed =
        state_ == MembershipState::member && valid_until_ != kLongAgo && now_ >= valid_until_;
    if (lapsed && !mutated(Mutation::resurrect)) reset("the lease lapsed");
}

void Membership::step() {
    notice_deafness();
    yield_to_duplicate();
    follow_the_members();
    if (state_ == MembershipState::member) renew_lease();
    if (state_ == MembershipState::member) resolve_split_brain();
    if (state_ == MembershipState::join || state_ == MembershipState::member) {
        finish_leaving();
        coordinate();
        move_buckets();
        note_convergence();
        speak();
    }
    schedule();
}

// A new term: nothing owned, no epoch, no burials. Requires: no core of mine can accept anything.
void Membership::become_fresh() {
    ++incarnation_.term;
    state_ = MembershipState::join;
    set_map({});
    settled_ = guests_ = previous_guests_ = false;
    buried_.clear();
    joined_at_ = listened_;
    first_sequence_ = sequence_ + 1;
    beats_count_ = 0;
    await_first_ = HostSet{};
    partial_have_ = 0;
    valid_until_ = kLongAgo;
    for (auto& [id, peer] : peers_) {
        // What it is known to have heard of my former term still counts: a peer that hears nothing
        // must go on holding me back.
        peer.first_seen = std::max(peer.first_seen, peer.acknowledged);
        peer.acknowledged = peer.heard_again = kLongAgo;
        peer.heard = peer.buried_me = false;
        peer.hears.clear();
    }
    store();
    want_to_speak_ = true;
}

Actions Membership::take_actions() {
    Actions actions;
    actions.swap(actions_);
    return actions;
}

void Membership::report(Report::Kind kind, HostId host, std::string detail) {
    actions_.push_back(Report{kind, host, std::move(detail)});
}

void Membership::store() {
    Checkpoint block;
    block.member = state_ == MembershipState::member;
    block.incarnation = incarnation_;
    block.sequence = sequence_;
    block.highest_counter = highest_counter_;
    block.map = map_;
    block.config_digest = params_.config_digest;
    block.beats.assign(beats_.begin(), beats_.begin() + static_cast<std::ptrdiff_t>(beats_count_));
    for (const auto& [id, incarnation] : buried_)
        if (block.buried.size() < kBuriedMax) block.buried.push_back({id, incarnation});
    for (const auto& [id, peer] : peers_)
        block.peers.push_back({id, peer.incarnation, peer.sequence});
    actions_.push_back(StoreCheckpoint{std::move(block)});
}

bool Membership::heard_within(const Peer& peer, Duration silence) const {
    return peer.heard && listened_ - peer.last_rx <= silence;
}

bool Membership::is_buried(HostId id, const Incarnation& incarnation) const {
    return buried_.contains({id, incarnation});
}

bool Membership::is_gone(HostId id, const Peer& peer) const {
    return (peer.flags & (kFlagGoodbye | kFlagDeaf)) != 0 || is_buried(id, peer.incarnation);
}

bool Membership::is_member(HostId id, const Incarnation& incarnation) const {
    return std::find(map_.members.begin(), map_.members.end(), MemberEntry{id, incarnation}) !=
           map_.members.end();
}

Membership::Incarnations Membership::member_incarnations() const {
    Incarnations members;
    for (const MemberEntry& entry : map_.members) members[entry.id] = entry.incarnation;
    return members;
}

HostSet Membership::members() const {
    HostSet set;
    for (const MemberEntry& entry : map_.members) {
        const auto peer = peers_.find(entry.id);
        if (peer == peers_.end() || peer->second.incarnation == entry.incarnation)
            set.insert(entry.id);
    }
    return set;
}

Duration Membership::silence_of(HostId peer) const {
    const auto known = peers_.find(peer);
    NLB_ASSERT(known != peers_.end());
    return listened_ - known->second.last_rx;
}

bool Membership::is_live(HostId id) const {
    const auto peer = peers_.find(id);
    return peer != peers_.end() && heard_within(peer->second, params_.timing.bury_after) &&
           !is_gone(id, peer->second);
}

}  // namespace nlb
