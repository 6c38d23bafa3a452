#include "core/cluster/evidence.hpp"

#include "core/base/mutation.hpp"

namespace nlb {

void Evidence::note(const Sign& sign) {
    noted_[static_cast<std::size_t>(sign.kind)] = Noted{sign, listening_->time()};
}

void Evidence::begin() {
    waited_ = {};
    waived_ = false;
}

void Evidence::pass() {
    const Duration passed = listening_->since(looked_at_);
    looked_at_ = listening_->time();
    if (self_->is_joiner() && against_beginning()) waited_ += passed;
}

std::optional<Sign> Evidence::against_beginning() const {
    if (waived_ || mutated(Mutation::boot_blind) || waited_ > timing_->patience)
        return std::nullopt;
    return newest();
}

std::optional<Sign> Evidence::newest() const {
    const auto peer = of_a_peer();
    return peer ? peer : noted();
}

// A recording, or a host that does not hear me: it cannot be told which. A joiner counts like a
// member, because it may begin at this moment.
std::optional<Sign> Evidence::of_a_peer() const {
    for (const auto& [id, candidate] : peers_->candidates())
        if (!candidate.deaf && listening_->since(candidate.last_rx) <= timing_->bury_after)
            return Sign{.kind = Sign::Kind::unproven, .host = id};
    for (const auto& [id, peer] : peers_->all())
        if (!Peers::is_proven(peer) && !has_withdrawn(peer.flags) &&
            listening_->since(peer.last_rx) <= timing_->bury_after)
            return Sign{.kind = Sign::Kind::unproven, .host = id};
    return std::nullopt;
}

std::optional<Sign> Evidence::noted() const {
    std::optional<Noted> newest;
    for (const auto& one : noted_)
        if (one && listening_->since(one->at) <= timing_->bury_after &&
            (!newest || one->at > newest->at))
            newest = one;
    return newest ? std::optional{newest->sign} : std::nullopt;
}

}  // namespace nlb
