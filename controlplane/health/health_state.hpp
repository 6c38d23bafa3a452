// Whether one rule's server on this host counts as well: results and time in, a word and a share
// out. It runs no check, reads no clock and knows no other host.
//
//   unknown --first success--> up <--rise successes-- down
//      `------ fall failures ------> down <--fall failures-- up
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/schema.hpp"
#include "controlplane/health/check.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

enum class HealthWord : std::uint8_t { unknown, up, down };
[[nodiscard]] std::string_view name_of(HealthWord word);

// A server that came back is given its share in so many steps: each moves a bounded number of
// buckets.
inline constexpr std::uint8_t kSlowStartSteps = 10;

class HealthState {
public:
    // `presumed`: the server served until now, so it counts as well until a check has spoken: a
    // success, or `fall` failures. Otherwise it gets no share before the first success.
    explicit HealthState(const config::Health& health = {}, bool presumed = false)
        : health_(health), presumed_(presumed) {}

    [[nodiscard]] const config::Health& health() const { return health_; }
    // Another definition from now on. The word stays; what was counted towards another one does
    // not.
    void redefine(const config::Health& health);
    // It served until now; see the constructor. Changes nothing once a check has spoken.
    void presume();

    // A check is due and none is running.
    [[nodiscard]] bool is_due(Instant now) const { return !running_ && now >= next_; }
    // Requires: is_due(now).
    void begin(Instant now);
    // The check that began last. True: the word is another one. Requires: it runs.
    [[nodiscard]] bool finish(Instant now, const CheckResult& result);
    // It will never be answered.
    void give_up() { running_ = false; }

    [[nodiscard]] HealthWord word() const { return word_; }
    // Why the last check did not pass; empty when it did, or when none has ended yet.
    [[nodiscard]] const std::string& because() const { return because_; }
    // It gets no share, unless no host's does.
    [[nodiscard]] bool has_failed() const { return word_ != HealthWord::up && !presumed_; }
    // How much of its weight a host offers: 1 to kSlowStartSteps.
    [[nodiscard]] std::uint8_t steps(Instant now) const;
    // When a check is due next, or the share changes; kForever: only a result changes anything.
    [[nodiscard]] Instant next_wake(Instant now) const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.health_, self.word_, self.presumed_, self.running_, self.successes_,
             self.failures_, self.next_, self.slow_since_, self.because_);
    }

private:
    [[nodiscard]] Duration step_length() const;

    config::Health health_;
    HealthWord word_ = HealthWord::unknown;
    bool presumed_;
    bool running_ = false;
    std::uint8_t successes_ = 0;  // in a row
    std::uint8_t failures_ = 0;   // in a row
    Instant next_ = kLongAgo;
    Instant slow_since_ = kLongAgo;  // kLongAgo: the whole share
    std::string because_;
};

}  // namespace nlb::controlplane
