#include "core/cluster/sent_frames.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb {

std::uint64_t SentFrames::next(Instant now) {
    ++sequence_;
    sent_at_[sequence_ % kSentKept] = now;
    return sequence_;
}

void SentFrames::note_heartbeat(Instant now, Duration period) {
    last_heartbeat_ = now;
    if (beats_count_ != 0 && now - beats_[0] < period / 4) return;
    std::copy_backward(beats_.begin(), beats_.end() - 1, beats_.end());
    beats_[0] = now;
    beats_count_ = std::min(beats_count_ + 1, kBeatsKept);
}

void SentFrames::begin_incarnation() {
    first_ = sequence_ + 1;
    beats_count_ = 0;
}

void SentFrames::resume(std::uint64_t sequence, std::span<const Instant> beats) {
    NLB_ASSERT(beats.size() <= kBeatsKept);
    sequence_ = sequence;
    first_ = sequence + 1;
    beats_count_ = beats.size();
    std::copy(beats.begin(), beats.end(), beats_.begin());
}

std::optional<Instant> SentFrames::sent_at(std::uint64_t sequence) const {
    if (sequence < first_ || sequence > sequence_ || sequence_ - sequence >= kSentKept)
        return std::nullopt;
    return sent_at_[sequence % kSentKept];
}

}  // namespace nlb
