// When this host's own frames left: what an acknowledgement of a sequence is worth in time (R3,
// R14), and the beats that the lease's cap counts from. It sends nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/types.hpp"
#include "core/cluster/checkpoint.hpp"

namespace nlb {

class SentFrames {
public:
    // The next frame's sequence; it counts as sent at `now`.
    std::uint64_t next(Instant now);
    // A heartbeat leaves. Beats are heartbeats at least a quarter of a period apart, so that a
    // burst of changes does not push the older ones out.
    void note_heartbeat(Instant now, Duration period);
    // Sequences that were given out so far belong to a former incarnation.
    void begin_incarnation();
    void resume(std::uint64_t sequence, std::span<const Instant> beats);

    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
    // The first sequence of this incarnation.
    [[nodiscard]] std::uint64_t first() const { return first_; }
    // Nothing for frames of a former incarnation, of the future, or too old to be remembered.
    [[nodiscard]] std::optional<Instant> sent_at(std::uint64_t sequence) const;
    // Newest first; at most kBeatsKept.
    [[nodiscard]] std::span<const Instant> beats() const {
        return std::span{beats_}.first(beats_count_);
    }
    // kLongAgo: no heartbeat has left yet.
    [[nodiscard]] Instant last_heartbeat() const { return last_heartbeat_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.sequence_, self.first_, self.last_heartbeat_, self.sent_at_, self.beats_,
             self.beats_count_);
    }

private:
    static constexpr std::size_t kSentKept = 1024;
    std::uint64_t sequence_ = 0;
    std::uint64_t first_ = 1;
    Instant last_heartbeat_ = kLongAgo;
    std::array<Instant, kSentKept> sent_at_{};  // by sequence modulo kSentKept
    std::array<Instant, kBeatsKept> beats_{};
    std::size_t beats_count_ = 0;
};

}  // namespace nlb
