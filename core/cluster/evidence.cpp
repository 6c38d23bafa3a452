#include "core/cluster/evidence.hpp"

#include <algorithm>

#include "core/base/mutation.hpp"

namespace nlb {

bool Evidence::note(const Sign& sign) {
    if (sign.kind == Sign::Kind::serves_unheard && !asks_holders() &&
        !(mutated(Mutation::hasty_claims) && self_->is_joiner()))
        return false;
    noted_[static_cast<std::size_t>(sign.kind)] = Noted{sign, listening_->time()};
    return true;
}

bool Evidence::asks_holders() const {
    return self_->is_joiner() && listening_->has_listened() && !hears_anybody();
}

// Also whom it has not believed yet: that is a sign of its own.
bool Evidence::hears_anybody() const {
    const auto lately = [this](const auto& entry) {
        return listening_->since(entry.second.last_rx) <= timing_->bury_after;
    };
    const auto heard = [&](const auto& entry) { return entry.second.heard && lately(entry); };
    return std::any_of(peers_->all().begin(), peers_->all().end(), heard) ||
           std::any_of(peers_->candidates().begin(), peers_->candidates().end(), lately);
}

void Evidence::begin() {
    waited_ = {};
    waived_ = aside_ = false;
}

// Whoever stood aside listens anew when the sign is gone. That time is waiting, too: otherwise
// signs that come and go would hold a beginner up for ever.
bool Evidence::pass() {
    const Duration passed = listening_->since(looked_at_);
    looked_at_ = listening_->time();
    const bool relistens = noted(timing_->bury_after + timing_->bootstrap_after).has_value();
    if (self_->is_joiner() && (against_beginning() || relistens)) waited_ += passed;
    const bool was_aside = aside_;
    aside_ = self_->is_joiner() && !is_spent() && noted(timing_->bury_after) &&
             is_without_members() && !mutated(Mutation::no_aside);
    return aside_ != was_aside;
}

bool Evidence::is_spent() const {
    return waived_ || mutated(Mutation::boot_blind) || waited_ > timing_->patience;
}

// Whom nobody can have believed nobody waits for: that takes a frame of theirs.
bool Evidence::is_without_members() const {
    const auto& peers = peers_->all();
    return !peers.empty() && std::none_of(peers.begin(), peers.end(), [this](const auto& entry) {
        const Peer& peer = entry.second;
        return peer.state == MemberState::member && !has_withdrawn(peer.flags) &&
               peers_->heard_within(peer, timing_->answer_after);
    });
}

std::optional<Sign> Evidence::against_beginning() const {
    return is_spent() ? std::nullopt : newest();
}

std::optional<Sign> Evidence::delaying() const {
    const bool listened = listening_->listened_for() >= timing_->bootstrap_after;
    return self_->is_joiner() && listened ? against_beginning() : std::nullopt;
}

std::optional<Sign> Evidence::newest() const {
    const auto peer = of_a_peer();
    return peer ? peer : noted(timing_->bury_after);
}

// A recording, or a host that does not hear me: it cannot be told which. A joiner counts like a
// member, because it may begin at this moment.
std::optional<Sign> Evidence::of_a_peer() const {
    for (const auto& [id, candidate] : peers_->candidates())
        if (is_in_doubt(candidate)) return Sign{.kind = Sign::Kind::unproven, .host = id};
    // Two machines of one id: the one is believed, and the other may serve.
    for (const auto& [id, candidate] : peers_->passed_over())
        if (is_in_doubt(candidate) && !mutated(Mutation::one_candidate))
            return Sign{.kind = Sign::Kind::unproven, .host = id};
    for (const auto& [id, peer] : peers_->all())
        if (!Peers::is_proven(peer) && !has_withdrawn(peer.flags) &&
            listening_->since(peer.last_rx) <= timing_->bury_after)
            return Sign{.kind = Sign::Kind::unproven, .host = id};
    return std::nullopt;
}

bool Evidence::is_in_doubt(const Candidate& candidate) const {
    return !candidate.deaf && listening_->since(candidate.last_rx) <= timing_->bury_after;
}

std::optional<Sign> Evidence::noted(Duration age) const {
    std::optional<Noted> newest;
    for (const auto& one : noted_)
        if (one && listening_->since(one->at) <= age && (!newest || one->at > newest->at))
            newest = one;
    return newest ? std::optional{newest->sign} : std::nullopt;
}

}  // namespace nlb
