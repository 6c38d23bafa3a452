#include "core/wire/heartbeat_policer.hpp"

#include "core/base/endian.hpp"

namespace nlb {
namespace {

// Of core/wire/cluster_frames.hpp's layout.
constexpr std::size_t kHostAt = 32;
constexpr std::size_t kBootAt = 36;
constexpr std::size_t kTermAt = 40;
constexpr std::size_t kSequenceAt = 44;

}  // namespace

bool HeartbeatPolicer::admits(std::span<const Byte> body, const SealKeys& keys,
                              const VerifiedHeartbeats& verified, Instant now) {
    const bool whole = body.size() >= kSealOffset + kSealBytes;
    if (!whole || !is_sealed(body, keys)) return admits_other(now);
    const HostId host = body[kHostAt];
    if (host < 1 || host > kHostsMax) return admits_other(now);
    const Incarnation life{load_big_endian<std::uint32_t>(body.data() + kBootAt),
                           load_big_endian<std::uint32_t>(body.data() + kTermAt)};
    const auto sequence = load_big_endian<std::uint64_t>(body.data() + kSequenceAt);
    const VerifiedFrame newest = verified.of(host);
    if (newest.sequence != 0 && life == newest.incarnation) {
        // What was verified already, or has passed, is a copy: it is nobody's news.
        if (sequence <= newest.sequence) return admits_other(now);
        if (sequence - newest.sequence <= kSequencesKept)
            return passed_[host - 1U].take(newest, sequence) || admits_other(now);
    }
    return lives_[host - 1U].spend(life, now);
}

bool HeartbeatPolicer::Passed::take(const VerifiedFrame& verified, std::uint64_t sequence) {
    if (life != verified.incarnation) {
        life = verified.incarnation;
        base = verified.sequence;
        bits = 0;
    }
    if (verified.sequence > base) {
        const std::uint64_t step = verified.sequence - base;
        bits = step < kSequencesKept ? bits >> step : 0;
        base = verified.sequence;
    }
    // The verified sequence never goes back within a life; a torn read may show an older one for a
    // moment.
    if (sequence <= base || sequence - base > kSequencesKept) return false;
    const std::uint64_t bit = std::uint64_t{1} << (sequence - base - 1);
    if ((bits & bit) != 0) return false;
    bits |= bit;
    return true;
}

bool HeartbeatPolicer::Lives::spend(const Incarnation& of, Instant now) {
    if (now >= window_ends) {
        window_ends = now + kWindow;
        count = 0;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        if (life[i] != of) continue;
        if (left[i] == 0) return false;
        --left[i];
        return true;
    }
    if (count == kLivesPerHost) return false;
    life[count] = of;
    left[count++] = kOfLifePerWindow - 1;
    return true;
}

bool HeartbeatPolicer::Budget::spend(Instant now, std::uint32_t per_window) {
    if (now >= window_ends) {
        window_ends = now + kWindow;
        left = per_window;
    }
    if (left == 0) return false;
    --left;
    return true;
}

}  // namespace nlb
