// What is worse comes first: of a device that is gone nothing else matters.
#include "dataplane/ports/port_health.hpp"

namespace nlb::dataplane {

bool PortHealth::enter(State state, Instant now) {
    if (state == state_) return false;
    state_ = state;
    since_ = retry_at_ = now;
    resets_ = 0;
    return true;
}

bool PortHealth::on_events(std::uint32_t events, Instant now) {
    if ((events & kRemoved) != 0) return enter(State::lost, now);
    if (state_ == State::lost) return false;
    if ((events & (kResetNeeded | kRecoveryFailed)) != 0) return enter(State::failed, now);
    if (state_ == State::failed) return false;
    const bool changed = (events & kRecovering) != 0 && enter(State::recovering, now);
    // Both may have come since the last look; then it is over.
    if ((events & kRecovered) != 0 && state_ == State::recovering) {
        ++reopened_;
        return enter(State::serving, now) || changed;
    }
    return changed;
}

PortHealth::Step PortHealth::next(Instant now, bool quiet) {
    if (state_ == State::recovering && now - since_ >= kRecoveryMost) enter(State::failed, now);
    if (!quiet || now < retry_at_) return Step::none;
    if (state_ == State::lost) return Step::attach;
    return state_ == State::failed ? Step::reset : Step::none;
}

void PortHealth::on_done(Instant now, bool worked) {
    if (worked) {
        ++reopened_;
        enter(State::serving, now);
        return;
    }
    const bool gone = state_ == State::failed && ++resets_ >= kResetsMost;
    if (gone) enter(State::lost, now);
    retry_at_ = now + kRetry;
}

}  // namespace nlb::dataplane
