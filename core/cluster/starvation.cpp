#include "core/cluster/starvation.hpp"

#include "core/base/mutation.hpp"

namespace nlb {

void Starvation::start() {
    count_ = 0;
    heard_ = false;
    silent_since_ = listening_->time();
}

void Starvation::on_client_frames(std::uint64_t count) {
    if (count == count_) return;
    count_ = count;
    if (!heard_ || listening_->since(last_at_) > timing_->period * 3 / 2)
        began_at_ = listening_->time();
    heard_ = true;
    last_at_ = silent_since_ = listening_->time();
}

bool Starvation::hears_stream() const {
    return heard_ && listening_->since(last_at_) <= timing_->period * 3 / 2 &&
           listening_->since(began_at_) >= timing_->bury_after;
}

// Half of the other members, at least one, hear a stream. A member that starves too offers nothing
// and hears none, so it speaks for staying: whoever is left with half of the others deaf to clients
// stays. The last word of a host that has died tells of clients that may have gone since.
bool Starvation::should_starve() const {
    if (listening_->since(silent_since_) < timing_->bury_after) return false;
    std::size_t others = 0;
    std::size_t hear = 0;
    for (const auto& [id, peer] : peers_->all()) {
        if (!map_->has(id, peer.incarnation) || !peers_->is_live(id) ||
            takes_no_bucket(peer.flags) || !peers_->heard_within(peer, timing_->drop_after))
            continue;
        ++others;
        if ((peer.flags & kFlagHearsClients) != 0) ++hear;
    }
    return hear != 0 && 2 * hear >= others;
}

// Clients are heard again, or nobody is left who could serve them.
bool Starvation::is_fed() const {
    if (hears_stream()) return true;
    for (const auto& [id, peer] : peers_->all())
        if (map_->has(id, peer.incarnation) && peers_->is_live(id) && !takes_no_bucket(peer.flags))
            return false;
    return true;
}

bool Starvation::pass() {
    const bool before = starves_;
    if (!self_->is_member()) {
        starves_ = false;
        silent_since_ = listening_->time();
    } else if (starves_) {
        starves_ = !is_fed();
    } else {
        starves_ = should_starve() && !mutated(Mutation::client_blind);
    }
    return starves_ != before;
}

}  // namespace nlb
