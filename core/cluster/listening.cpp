#include "core/cluster/listening.hpp"

#include <algorithm>
#include <utility>

#include "core/base/mutation.hpp"

namespace nlb {

void Listening::start(Instant now) {
    now_ = last_run_ = alive_at_ = last_rx_ = now;
    heard_any_at_ = time_;
    heard_anything_ = deaf_ = mute_ = stood_still_ = false;
    asked_at_.reset();
    hear_out_from_.reset();
}

Duration Listening::advance(Instant now) {
    // Before the first start no time has passed: kLongAgo is no moment that can be subtracted.
    if (last_run_ == kLongAgo) last_run_ = alive_at_ = now;
    const Duration gap = now > last_run_ ? now - last_run_ : Duration::zero();
    now_ = last_run_ + gap;
    last_run_ = now_;
    const Duration heard = mutated(Mutation::no_listening_time) ? gap : heard_through(gap);
    time_ += heard;
    const bool was_mute = std::exchange(mute_, mute_for() > timing_->answer_after);
    stood_still_ = gap - heard > timing_->answer_after || (mute_ && !was_mute);
    return gap - heard;
}

Duration Listening::mute_for() const {
    return mutated(Mutation::trust_mute) ? Duration::zero() : now_ - alive_at_;
}

// How much of the last `gap` I could hear the others in: not while I was stopped, and not while the
// dataplane was.
Duration Listening::heard_through(Duration gap) const {
    const Instant mute_from = mutated(Mutation::trust_mute) ? now_ : alive_at_ + timing_->period;
    const Duration mute = std::max(now_ - mute_from, Duration::zero());
    return std::max(std::min(gap - mute, 2 * timing_->tick), Duration::zero());
}

void Listening::on_dataplane_alive(Instant now, Instant last_rx) {
    alive_at_ = std::max(alive_at_, now);
    if (last_rx <= last_rx_) return;
    last_rx_ = last_rx;
    note_reception();
}

// What this host sends still arrives: unless it says that it hears nothing, everybody waits for its
// acknowledgements until their leases end. Silence of a quiet wire looks the same: so witnesses are
// asked first, who answer within milliseconds if they are there. From the first frame on silence
// without company proves nothing.
Listening::Deafness Listening::judge_deafness(bool joins, bool company, bool others) {
    if (!hears_nothing()) {
        asked_at_.reset();
        if (!deaf_) return Deafness::unchanged;
        deaf_ = false;
        listen_anew();
        return Deafness::ends;
    }
    const bool begins_in_silence = joins && !heard_anything_ && others;
    if (deaf_ || !(begins_in_silence || company) || mutated(Mutation::deaf_blind))
        return Deafness::unchanged;
    // A question may be lost like any frame.
    if (!asked_at_) asked_at_ = ask_next_at_ = time_;
    if (since(*asked_at_) < timing_->witness_wait) {
        if (time_ < ask_next_at_) return Deafness::unchanged;
        ask_next_at_ = time_ + timing_->witness_wait / 4;
        return Deafness::asks;
    }
    deaf_ = true;
    return Deafness::begins;
}

void Listening::note_reception() {
    heard_any_at_ = time_;
    heard_anything_ = true;
}

}  // namespace nlb
