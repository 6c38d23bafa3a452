// The events of the cluster protocol: each advances the clocks, lets the objects decide in a fixed
// order and hands out what they ask for.
#include "core/cluster/membership.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"
#include "core/wire/map_parts.hpp"

namespace nlb {

Membership::Membership(const MembershipParams& params, const DesiredRules& desired)
    : params_(params), self_{.id = params.self, .desired = desired} {
    NLB_ASSERT(params.self >= 1 && params.self <= kHostsMax);
    NLB_ASSERT(params.slots >= 1 && params.slots <= kRuleSlots);
    NLB_ASSERT(params.timing.period > Duration::zero() && params.timing.cap_losses < kBeatsKept);
}

Actions Membership::on_start(Instant now, std::uint32_t boot,
                             const std::optional<DataplaneMemory>& memory, bool unknown_tables) {
    listening_.start(now);
    handover_.start();
    duplicate_.start();
    starvation_.start();
    grants_.note_configuration();
    was_converged_ = false;
    next_wake_ = now;
    if (memory) {
        resume_from(*memory);
        return finish();
    }
    if (self_.incarnation.boot == 0) {
        self_.incarnation = {boot, 0};
        duplicate_.knock();
    }
    handover_.resume({}, {});
    self_.state = MembershipState::off;
    if (unknown_tables)
        reset(ResetCause::tables_of_unknown_origin);
    else if (grants_.ever_sticky())
        give_up();  // R14: what cores were granted in an earlier life is dropped before a lease
                    // opens
    else
        become_fresh();
    return finish();
}

void Membership::resume_from(const DataplaneMemory& memory) {
    const Checkpoint& checkpoint = memory.checkpoint;
    self_.incarnation = checkpoint.incarnation;
    sent_.resume(checkpoint.sequence, checkpoint.beats);
    coordinator_.note_counter(checkpoint.highest_counter);
    map_.set(checkpoint.map, params_.slots);
    handover_.resume(memory.own, memory.dirty);
    if (checkpoint.member) params_.generation = checkpoint.map.generation;
    lease_.resume(memory.valid_until);
    listening_.listen_anew();
    grants_.resume();
    const bool had_lease = memory.valid_until != kLongAgo;
    peers_.resume(checkpoint, had_lease ? memory.valid_until - params_.timing.lease : kLongAgo);
    HostSet members;
    for (const auto& [id, peer] : peers_.all()) members.insert(id);
    if (mutated(Mutation::warm_talk)) members = HostSet{};
    sender_.wait_for(members, listening_.time() + params_.timing.answer_after);
    self_.state = MembershipState::member;
    if (mutated(Mutation::warm_forget) && checkpoint.member)
        lease_.resume(listening_.now() + params_.timing.lease);
    if (!checkpoint.member || listening_.now() >= lease_.valid_until())
        reset(ResetCause::lapsed_while_away);
}

Actions Membership::on_tick(Instant now) {
    advance(now);
    if (self_.is_member()) {
        renew_lease();
        if (peers_.bury_the_silent()) store();
    }
    return finish();
}

FrameFault Membership::take_in(Instant now, const ClusterFrame& frame) {
    advance(now);
    listening_.note_reception();
    if (!self_.is_joiner() && !self_.is_member()) return FrameFault::none;
    const FrameFault fault = receive(frame);
    news_ = news_ || outbox_.wants_to_speak() || !outbox_.actions().empty();
    return fault;
}

Actions Membership::on_frame(Instant now, const ClusterFrame& frame, FrameFault* fault) {
    *fault = take_in(now, frame);
    return finish();
}

FrameFault Membership::receive(const ClusterFrame& frame) {
    const FrameHeader& header = header_of(frame);
    const auto* const beat = std::get_if<Heartbeat>(&frame);
    const std::vector<PeerReport>* const reports = beat != nullptr ? &beat->peers : nullptr;
    // Whoever cannot read what this host writes is told at once, whoever it is: it shows that it
    // lives only by what it hears.
    if (heard_versions_.note(header.spoken) && !header.spoken.include(sender_.version()))
        outbox_.speak_soon();
    if (header.id == self_.id) {
        duplicate_.note(header, reports);
        return FrameFault::own;
    }
    const FrameFault fault = peers_.believe(header, reports);
    if (fault != FrameFault::none) return fault;
    if (beat != nullptr) {
        // Only what is said after a heartbeat of it acknowledges it anew.
        if (sender_.stop_waiting_for(header.id)) outbox_.speak_soon();
        if (peers_.note_arrival(header.id, header.sequence)) outbox_.speak_soon();
        receive_heartbeat(*beat);
        return FrameFault::none;
    }
    peers_.note_other_frame(header.id, header.sequence);
    if (const auto* const part = std::get_if<MapPart>(&frame)) {
        return receive_map_part(*part);
    } else if (const auto* const list = std::get_if<GrantList>(&frame)) {
        if (auto given = grants_.accept(*list, handover_.leaving())) outbox_.push(*given);
    }
    return FrameFault::none;
}

void Membership::receive_heartbeat(const Heartbeat& beat) {
    if (peers_.note_heartbeat(beat, params_.config_digest)) news_ = true;
    coordinator_.note_counter(beat.header.epoch.counter);
    const Peer& peer = peers_.at(beat.header.id);
    // A member that does not state my epoch yet may have missed its map, or could not adopt it
    // until now.
    if (map_.epoch().coordinator == self_.id && map_.has(beat.header.id, peer.incarnation) &&
        peer.epoch < map_.epoch())
        outbox_.speak_soon();
    // R5: the buried come back under a new term.
    if (self_.is_joiner() && peer.buried_me) become_fresh();
}

FrameFault Membership::receive_map_part(const MapPart& part) {
    const auto numbered_by = [&part](std::uint64_t digest, std::uint8_t slots) {
        return part.config_digest == digest && part.header.slots == slots;
    };
    const auto& staged = reload_.staged();
    if (!numbered_by(params_.config_digest, params_.slots) &&
        !(staged && numbered_by(staged->digest, staged->slots)))
        return FrameFault::config;
    const bool newer = part.header.epoch > map_.epoch();
    if (part.header.id != part.header.epoch.coordinator || !newer) return FrameFault::none;
    if (const auto map = map_.add_part(part)) adopt(*map, false);
    return FrameFault::none;
}

Actions Membership::on_installed(Instant now, std::uint64_t token, const RuleMasks& dirty) {
    advance(now);
    switch (handover_.on_installed(token, dirty)) {
        case Handover::Installed::not_awaited:
            return outbox_.take();
        case Handover::Installed::emptied:
            become_fresh();
            break;
        case Handover::Installed::done:
            break;
    }
    return finish();
}

Actions Membership::on_dirty(Instant now, const RuleMasks& dirty) {
    advance(now);
    if (!handover_.counts_dirty()) return outbox_.take();
    handover_.on_dirty(dirty);
    return finish();
}

Actions Membership::on_desired(Instant now, const DesiredRules& desired, bool draining) {
    advance(now);
    self_.desired = desired;
    self_.draining = draining;
    outbox_.speak_soon();
    return finish();
}

Actions Membership::on_leave(Instant now) {
    advance(now);
    if (self_.state == MembershipState::off || handover_.asked_to_leave()) return outbox_.take();
    handover_.ask_to_leave();
    return finish();
}

Actions Membership::on_link(Instant now, bool up) {
    advance(now);
    if (listening_.link_up() == up) return outbox_.take();
    listening_.set_link(up);
    listening_.listen_anew();  // whoever could not listen begins to listen now
    if (!up && self_.is_member()) reset(ResetCause::link_down);
    if (up && !mutated(Mutation::stale_words)) hear_others_first();
    return finish();
}

Actions Membership::on_begin_alone(Instant now) {
    advance(now);
    evidence_.waive();
    return finish();
}

Actions Membership::on_staged(Instant now, const std::optional<StagedConfig>& next) {
    advance(now);
    if (reload_.stage(next)) outbox_.speak_soon();
    return finish();
}

Actions Membership::on_config_asked(Instant now, std::uint64_t digest, std::string_view lines) {
    advance(now);
    if ((self_.is_joiner() || self_.is_member()) && sender_.may_send()) {
        FrameHeader header = sender_.header();
        header.version = params_.versions.least;  // for hosts that are no members
        std::vector<ClusterFrame> frames;
        for (ConfigPart& part : split_config(digest, lines, header))
            frames.emplace_back(std::move(part));
        send(std::move(frames));
    }
    return finish();
}

Actions Membership::on_grant_requests(Instant now, std::span<const GrantRequest> requests) {
    advance(now);
    const bool may_speak = self_.is_member() && sender_.may_send() && !handover_.leaving() &&
                           listening_.now() < lease_.valid_until();
    std::vector<ClusterFrame> frames;
    for (GrantList& list : grants_.pass_on(requests, may_speak, sender_.header()))
        frames.emplace_back(std::move(list));
    if (!frames.empty()) send(std::move(frames));
    return finish();
}

void Membership::on_dataplane_lost() {
    self_.state = MembershipState::off;
    handover_.forget();
    lease_.close();
    outbox_.clear();
}

}  // namespace nlb
