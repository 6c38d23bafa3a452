// Counting in a row, and the steps of a slow start; see health_state.hpp.
#include "controlplane/health/health_state.hpp"

#include <algorithm>
#include <array>

#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

constexpr std::array<std::string_view, 3> kWords = {"unknown", "up", "down"};

}  // namespace

std::string_view name_of(HealthWord word) {
    return kWords[static_cast<std::size_t>(word)];
}

void HealthState::redefine(const config::Health& health) {
    health_ = health;
    running_ = false;
    successes_ = failures_ = 0;
    next_ = kLongAgo;
}

void HealthState::presume() {
    if (word_ == HealthWord::unknown && because_.empty()) presumed_ = true;
}

void HealthState::begin(Instant now) {
    NLB_ASSERT(is_due(now));
    running_ = true;
    next_ = now + health_.interval;
}

// A server that nobody has known yet needs one success: there is no flapping to be damped.
bool HealthState::finish(Instant now, const CheckResult& result) {
    NLB_ASSERT(running_);
    running_ = false;
    because_ = result.because;
    const HealthWord before = word_;
    if (result.outcome == CheckResult::Outcome::passed) {
        because_.clear();
        failures_ = 0;
        successes_ = static_cast<std::uint8_t>(std::min(successes_ + 1, 255));
        const bool first = word_ == HealthWord::unknown;
        if (word_ == HealthWord::up || (!first && successes_ < health_.rise)) return false;
        word_ = HealthWord::up;
        if (!presumed_ && health_.slow_start > Duration::zero()) slow_since_ = now;
        presumed_ = false;
        return true;
    }
    successes_ = 0;
    failures_ = static_cast<std::uint8_t>(std::min(failures_ + 1, 255));
    if (failures_ < health_.fall) return false;
    word_ =
        result.outcome == CheckResult::Outcome::impossible ? HealthWord::unknown : HealthWord::down;
    presumed_ = false;
    slow_since_ = kLongAgo;
    return word_ != before;
}

Duration HealthState::step_length() const {
    return std::max(health_.slow_start / kSlowStartSteps, Duration{1});
}

std::uint8_t HealthState::steps(Instant now) const {
    if (slow_since_ == kLongAgo) return kSlowStartSteps;
    const auto gone = (now - slow_since_) / step_length();
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(gone + 1, 1, kSlowStartSteps));
}

Instant HealthState::next_wake(Instant now) const {
    Instant wake = running_ ? kForever : next_;
    if (const std::uint8_t taken = steps(now); taken < kSlowStartSteps)
        wake = std::min(wake, slow_since_ + taken * step_length());
    return wake;
}

}  // namespace nlb::controlplane
