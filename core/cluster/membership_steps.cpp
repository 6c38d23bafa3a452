// What follows from an event, in a fixed order, and the few steps that concern several objects at
// once.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"

namespace nlb {

void Membership::advance(Instant now) {
    const Duration missed = listening_.advance(now);
    const Duration stood = std::max(missed, listening_.mute_for());
    if (stood > params_.timing.drop_after && self_.is_joiner()) listening_.listen_anew();
    if (listening_.stood_still() && !mutated(Mutation::stale_words)) hear_others_first();
    // R2: whatever the event, a lapsed lease comes first.
    if (self_.is_member() && lease_.has_lapsed() && !mutated(Mutation::resurrect))
        reset(ResetCause::lease_lapsed);
}

// What I acknowledge now is what I heard before I stood still: the others would count from there,
// and fence themselves. They wait for a joiner, too.
void Membership::hear_others_first() {
    HostSet others;
    for (const auto& [id, peer] : peers_.all()) {
        const bool counts = self_.is_joiner() ? peer.heard : map_.has(id, peer.incarnation);
        if (counts && !peers_.is_gone(id, peer)) others.insert(id);
    }
    if (self_.is_joiner() || self_.is_member())
        sender_.wait_for(others, listening_.time() + params_.timing.answer_after);
}

void Membership::step() {
    news_ = false;
    notice_deafness();
    if (duplicate_.outlived_other()) listening_.listen_anew();
    follow_reload();
    notice_signs();
    if (starvation_.pass()) outbox_.speak_soon();
    self_.starves = starvation_.starves();
    if (self_.is_member()) renew_lease();
    if (self_.is_member() && peers_.buried_by() != kNoHost && !mutated(Mutation::frozen_blind))
        reset(ResetCause::buried);
    if (self_.is_member()) {
        const HostId other = peers_.lineage_to_yield_to();
        if (other != kNoHost && !mutated(Mutation::no_meeting)) {
            outbox_.push(Report{.kind = Report::Kind::split_brain, .host = other});
            reset(ResetCause::split_brain);
        }
    }
    if (self_.is_member() && coordinator_.reload_is_stuck()) reset(ResetCause::reload_stuck);
    if (self_.is_joiner() || self_.is_member()) {
        leave();
        if (const auto map = coordinator_.next_map()) adopt(*map, true);
        if (self_.is_member()) handover_.move_buckets();
        note_convergence();
        if (sender_.take_turn()) speak();
    }
    next_wake_ = sender_.next_wake();
}

void Membership::speak() {
    duplicate_.has_spoken();
    sent_.note_heartbeat(listening_.now(), params_.timing.period);
    send(sender_.frames());
    handover_.note_goodbye_sent();
}

Actions Membership::finish() {
    step();
    return outbox_.take();
}

// A new term: nothing owned, no epoch, no burials. Requires: no core of mine can accept anything.
void Membership::become_fresh() {
    NLB_ASSERT(handover_.is_empty());
    ++self_.incarnation.term;
    self_.state = MembershipState::join;
    map_.set({}, params_.slots);
    map_.forget_parts();
    grants_.begin_incarnation();
    listening_.listen_anew();
    sent_.begin_incarnation();
    sender_.wait_for_nobody();
    lease_.close();
    peers_.begin_incarnation();
    evidence_.begin();
    store();
    outbox_.speak_soon();
}

void Membership::store() {
    Checkpoint checkpoint;
    checkpoint.member = self_.is_member();
    checkpoint.incarnation = self_.incarnation;
    checkpoint.sequence = sent_.sequence();
    checkpoint.highest_counter = coordinator_.highest_counter();
    checkpoint.map = map_.map();
    checkpoint.config_digest = params_.config_digest;
    checkpoint.beats.assign(sent_.beats().begin(), sent_.beats().end());
    checkpoint.buried = peers_.buried();
    for (const auto& [id, peer] : peers_.all())
        checkpoint.peers.push_back({id, peer.incarnation, peer.sequence});
    outbox_.push(StoreCheckpoint{std::move(checkpoint)});
}

void Membership::send(std::vector<ClusterFrame> frames) {
    for (ClusterFrame& frame : frames)
        std::visit([this](auto& body) { body.header.sequence = sent_.next(listening_.now()); },
                   frame);
    store();  // the sequences are written down before they are used
    for (ClusterFrame& frame : frames) outbox_.push(SendFrame{std::move(frame)});
}

// R12: the cores are fenced before deafness is said, and stay so until something is heard.
void Membership::notice_deafness() {
    if (!self_.is_member() && !self_.is_joiner()) return;
    switch (listening_.judge_deafness(self_.is_joiner(), peers_.has_company(),
                                      params_.configured.size() > 1)) {
        case Listening::Deafness::unchanged:
            return;
        case Listening::Deafness::asks:
            if (!mutated(Mutation::no_witness)) outbox_.push(AskWitnesses{});
            return;
        case Listening::Deafness::ends:
            outbox_.speak_soon();
            // It began alone on a silent wire and has no lease yet; whoever lives speaks up.
            listening_.hear_out();
            return;
        case Listening::Deafness::begins:
            outbox_.speak_soon();
            outbox_.push(Report{.kind = Report::Kind::deaf, .host = self_.id});
            if (self_.is_member())
                reset(ResetCause::deaf);
            else
                peers_.forget_hearing();
            return;
    }
}

// Whoever has said that nobody needs to wait for it comes back under a new term. It listens to the
// others' beginnings anew before it may begin itself, and no map that was made for it before
// counts: it would bury whom it has not heard for so long, while their leases begin again with its
// first word.
void Membership::notice_signs() {
    if (!evidence_.pass()) return;
    outbox_.speak_soon();
    if (evidence_.stands_aside() || !self_.is_joiner()) return;
    const Evidence so_far = evidence_;  // its patience goes on
    become_fresh();
    evidence_ = so_far;
}

// Joiners change over under a new term, so that no map made for the former configuration waits for
// them.
void Membership::follow_reload() {
    const auto generation = reload_.generation_to_follow();
    if (!generation) return;
    use_staged(*generation);
    if (self_.is_joiner()) become_fresh();
}

// Requires: nothing is owned.
void Membership::use_staged(std::uint64_t generation) {
    const StagedConfig next = reload_.take();
    grants_.note_configuration();
    params_.config_digest = next.digest;
    params_.slots = next.slots;
    params_.single_slots = next.single_slots;
    params_.keep_slots = next.keep_slots;
    params_.configured = next.configured;
    params_.sticky = next.sticky;
    params_.generation = generation;
    self_.desired = next.desired;
    handover_.renumber();
    peers_.renumber(params_.config_digest);
    outbox_.push(UseConfig{next.digest, generation});
}

void Membership::renew_lease() {
    if (handover_.said_goodbye() || listening_.deaf()) return;
    if (listening_.hears_out(evidence_.newest().has_value())) return;
    listening_.has_heard_out();
    switch (lease_.renew()) {
        case Lease::Renewal::unchanged:
            return;
        case Lease::Renewal::changed:
            outbox_.push(SetLease{lease_.valid_until()});
            return;
        case Lease::Renewal::lapsed:
            return reset(ResetCause::lease_lapsed);
        case Lease::Renewal::unacknowledged:
            return reset(ResetCause::unacknowledged);
    }
}

// R2: never renew what has lapsed. The cores are fenced at once, then the map is emptied, and only
// then a new term joins.
void Membership::reset(ResetCause cause) {
    if (self_.state == MembershipState::reset) return;
    outbox_.push(Report{.kind = Report::Kind::reset, .host = self_.id, .cause = cause});
    give_up();
}

void Membership::give_up() {
    self_.state = MembershipState::reset;
    lease_.close();
    was_converged_ = false;
    outbox_.push(SetLease{kLongAgo});
    handover_.empty();
}

// R11: give everything back first, for at most T*P; then leave, and say goodbye when nothing is
// owned.
void Membership::leave() {
    if (!handover_.asked_to_leave()) return;
    handover_.say_goodbye_when_empty();
    if (!handover_.said_goodbye()) return;
    // No descriptor is served once the goodbye makes others forget my dirty buckets.
    if (lease_.close()) outbox_.push(SetLease{kLongAgo});
    if (handover_.goodbyes_left() != 0) return;
    self_.state = MembershipState::off;
    handover_.finish_leaving();
    outbox_.push(Report{.kind = Report::Kind::left, .host = self_.id});
}

void Membership::adopt(const ClusterMap& map, bool mine) {
    if (evidence_.stands_aside() || !coordinator_.may_adopt(map, mine)) return;
    if (map.config_digest != params_.config_digest) use_staged(map.generation);
    params_.generation = map.generation;
    if (map.next_digest != 0 && !map_.makes_way_for_reload())
        reload_.note_targets(map_.map().targets);
    if (map.next_digest != 0) reload_.begin_joint();
    map_.set(map, params_.slots);
    grants_.note_new_epoch();
    coordinator_.note_counter(map.epoch.counter);
    for (const MemberEntry& member : map.members)
        if (member.id != self_.id) peers_.note_member(member);
    const bool first = self_.is_joiner();
    self_.state = MembershipState::member;
    if (first) lease_.begin();
    store();  // before it is stated
    outbox_.push(Report{.kind = mine    ? Report::Kind::proposed
                                : first ? Report::Kind::joined
                                        : Report::Kind::adopted,
                        .host = map.epoch.coordinator,
                        .members = map.members.size()});
    outbox_.speak_soon();
    if (first) renew_lease();
}

OwnerMap Membership::stated_owners() const {
    OwnerMap owners{};
    const auto paint = [&owners](const RuleMasks& own, HostId host) {
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
            for (std::size_t b = 0; b < kBuckets; ++b)
                if ((own[slot] >> b & 1U) != 0) owners[slot][b] = host;
    };
    for (const auto& [id, peer] : peers_.all())
        if (peers_.is_live(id)) paint(own_of(peer), id);
    paint(handover_.own(), self_.id);
    return owners;
}

HostSet Membership::behind() const {
    HostSet behind;
    bool could_rise = false;
    const auto look_at = [&](HostId id, const FrameVersions& spoken) {
        if (spoken.newest == version()) behind.insert(id);
        could_rise = could_rise || spoken.newest > version();
    };
    if (!self_.is_member()) return behind;
    look_at(self_.id, params_.versions);
    for (const auto& [id, peer] : peers_.all())
        if (map_.has(id, peer.incarnation) && peer.stated) look_at(id, peer.spoken);
    return could_rise ? behind : HostSet{};
}

UnconvergedBecause Membership::held_up_by() const {
    const auto sign = evidence_.against_beginning();
    return sign ? UnconvergedBecause{Unconverged::somebody_may_serve, sign->host}
                : UnconvergedBecause{Unconverged::not_admitted, self_.id};
}

bool Membership::converged() const {
    return self_.is_member() && unconverged_because().first == Unconverged::no;
}

UnconvergedBecause Membership::unconverged_because() const {
    if (self_.state == MembershipState::off) return {Unconverged::stopped, self_.id};
    if (self_.state == MembershipState::reset) return {Unconverged::emptying, self_.id};
    if (duplicate_.yields()) return {Unconverged::duplicate_id, self_.id};
    if (self_.is_joiner())
        return listening_.deaf() ? UnconvergedBecause{Unconverged::deaf, self_.id} : held_up_by();
    for (const MemberEntry& member : map_.map().members) {
        if (member.id == self_.id) continue;
        const Peer* const peer = peers_.find(member.id);
        if (peer == nullptr || peers_.is_gone(member.id, *peer))
            return {Unconverged::member_gone, member.id};
        if (!peer->stated || peer->epoch != map_.epoch())
            return {Unconverged::member_behind, member.id};
        if ((peer->flags & kFlagPrevious) != 0) return {Unconverged::member_serves_past, member.id};
        if (own_of(*peer) != map_.targets_of(member.id))
            return {Unconverged::member_moves, member.id};
    }
    if (reload_.is_under_way()) return {Unconverged::reload, map_.epoch().coordinator};
    if (handover_.own() != handover_.targets()) return {Unconverged::moving, self_.id};
    return {Unconverged::no, kNoHost};
}

void Membership::note_convergence() {
    const bool now_converged = converged();
    if (now_converged && !was_converged_)
        outbox_.push(Report{.kind = Report::Kind::converged,
                            .host = map_.epoch().coordinator,
                            .members = map_.map().members.size()});
    was_converged_ = now_converged;
}

}  // namespace nlb
