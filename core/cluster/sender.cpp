#include "core/cluster/sender.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/mutation.hpp"
#include "core/wire/map_parts.hpp"

namespace nlb {

void Sender::wait_for(HostSet others, Duration by) {
    await_first_ = others;
    speak_by_ = by;
}

bool Sender::stop_waiting_for(HostId id) {
    const bool awaited = await_first_.contains(id);
    await_first_.erase(id);
    return awaited;
}

bool Sender::may_send() const {
    return view_.listening->link_up() && await_first_.empty();
}

Duration Sender::since_last() const {
    const Instant last = view_.sent->last_heartbeat();
    return last == kLongAgo ? view_.params->timing.period : view_.listening->now() - last;
}

bool Sender::is_due() const {
    const Timing& timing = view_.params->timing;
    const Duration since = since_last();
    const bool changed = outbox_->wants_to_speak() && since >= timing.rate_limit;
    const bool repeat = repeats_left_ != 0 && since >= timing.repeat_after;
    return since >= timing.period || changed || repeat;
}

bool Sender::take_turn() {
    if (!view_.listening->link_up() || view_.duplicate->is_silenced()) return false;
    if (!await_first_.empty() && view_.listening->time() < speak_by_) return false;
    wait_for_nobody();
    if (!is_due()) return false;
    if (outbox_->wants_to_speak())
        repeats_left_ = 2;
    else if (repeats_left_ != 0)
        --repeats_left_;
    outbox_->has_spoken();
    ++turns_;
    return true;
}

std::vector<ClusterFrame> Sender::frames() const {
    std::vector<ClusterFrame> frames;
    const bool coordinates =
        view_.self->is_member() && view_.map->epoch().coordinator == view_.self->id;
    if (coordinates && !view_.peers->all_state_epoch())
        for (MapPart& part : split_map(view_.map->map(), header()))
            frames.emplace_back(std::move(part));
    frames.emplace_back(heartbeat());
    for (const std::uint8_t version :
         view_.heard_versions->besides(version(), view_.params->versions)) {
        frames.emplace_back(heartbeat());
        std::get<Heartbeat>(frames.back()).header.version = version;
    }
    return frames;
}

std::uint8_t Sender::version() const {
    return view_.self->is_member() ? view_.map->map().version : view_.params->versions.least;
}

FrameHeader Sender::header() const {
    FrameHeader header;
    header.version = version();
    header.spoken = view_.params->versions;
    header.cluster = view_.params->cluster;
    header.id = view_.self->id;
    header.state = view_.self->is_member() ? MemberState::member : MemberState::join;
    header.slots = view_.params->slots;
    header.incarnation = view_.self->incarnation;
    header.sequence = view_.sent->sequence();
    header.epoch = view_.map->epoch();
    const auto set = [&header](std::uint8_t flag, bool on) {
        if (on) header.flags |= flag;
    };
    set(kFlagLeaving, view_.handover->leaving());
    set(kFlagGoodbye, view_.handover->said_goodbye());
    set(kFlagPrevious, view_.grants->serves_past_epoch() && !mutated(Mutation::grant_linger));
    set(kFlagDraining, view_.self->draining);
    set(kFlagHearsClients, view_.starvation->hears_stream());
    set(kFlagDeaf, view_.listening->deaf() || view_.evidence->stands_aside());
    set(kFlagUnready, view_.self->is_joiner() && !view_.lease->could_be_held());
    set(kFlagListened, view_.listening->has_listened());
    return header;
}

Heartbeat Sender::heartbeat() const {
    Heartbeat beat;
    beat.header = header();
    beat.view = view_.peers->current_members();
    beat.config_digest = view_.params->config_digest;
    beat.generation = view_.params->generation;
    beat.map_digest = view_.map->digest();
    beat.rules = view_.handover->reports();
    beat.peers = peer_reports();
    beat.staged = view_.reload->report();
    return beat;
}

// R4: what is said of the buried acknowledges nothing; it only shows them that they are heard. And
// while this boot knocks nobody is acknowledged. New lives take turns where not all of them fit:
// each is believed by being told once (R1).
std::vector<PeerReport> Sender::peer_reports() const {
    std::vector<PeerReport> reports;
    const auto add_candidate = [&reports](HostId id, const Candidate& candidate) {
        reports.push_back({id, kReportCandidate, candidate.incarnation, candidate.sequence});
    };
    if (view_.duplicate->other()) add_candidate(view_.self->id, *view_.duplicate->other());
    if (view_.duplicate->knocks()) return reports;
    for (const auto& [id, peer] : view_.peers->all()) {
        if (!peer.heard || peer.forgotten || peer.sequence == 0) continue;
        const bool buried = view_.peers->is_buried(id, peer.incarnation);
        PeerReport entry{id, 0, peer.incarnation, peer.sequence};
        if (buried && !mutated(Mutation::ack_buried)) entry.flags |= kReportBuried;
        if (view_.listening->since(peer.last_rx) > view_.params->timing.bury_after)
            entry.flags |= kReportSilent;
        reports.push_back(entry);
    }
    const auto& candidates = view_.peers->candidates();
    const std::size_t room =
        peer_reports_most(view_.params->slots, view_.reload->report().slots) - reports.size();
    const std::size_t told = std::min(room, candidates.size());
    auto next = candidates.begin();
    if (told != candidates.size())
        std::advance(next, static_cast<std::ptrdiff_t>(turns_ * told % candidates.size()));
    for (std::size_t i = 0; i < told; ++i) {
        add_candidate(next->first, next->second);
        if (++next == candidates.end()) next = candidates.begin();
    }
    return reports;
}

Instant Sender::next_wake() const {
    const Timing& timing = view_.params->timing;
    const Instant now = view_.listening->now();
    const Instant last = view_.sent->last_heartbeat();
    Instant wake = now + timing.tick;
    if (last == kLongAgo || !(view_.self->is_joiner() || view_.self->is_member())) return wake;
    wake = std::min(wake, last + timing.period);
    if (outbox_->wants_to_speak()) wake = std::min(wake, last + timing.rate_limit);
    if (repeats_left_ != 0) wake = std::min(wake, last + timing.repeat_after);
    // A death is noticed when it is due, not at the next tick.
    for (const auto& [id, peer] : view_.peers->all()) {
        const Duration left = timing.bury_after - view_.listening->since(peer.last_rx);
        if (peer.heard && left >= Duration::zero() && !view_.peers->is_gone(id, peer))
            wake = std::min(wake, now + left + std::chrono::microseconds{1});
    }
    return std::max(wake, now + std::chrono::microseconds{50});
}

}  // namespace nlb
