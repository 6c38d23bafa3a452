// Watches a cluster converge: how long, because of what, and how long buckets had no owner
// meanwhile. It decides nothing. Orphan windows are those this host can see: from a former owner's
// word (or burial) that it owns no longer, to the next one's that it does. The time until a dead
// owner is buried comes on top.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "controlplane/agent/histogram.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

// Why a cluster converges, as this host saw it first.
enum class ConvergenceCause : std::uint8_t {
    drain,      // a host drains
    health,     // the check of a server failed, or passed again
    joined,     // another host came
    left,       // a host went in order
    lost,       // a host was buried
    reload,     // another configuration
    reset,      // this host gave everything up and began anew
    restarted,  // the control plane came back beside a running dataplane
    rule,       // a rule of some host was enabled, disabled or drained
    started,    // this host came
    weight,     // weights or priorities of a host changed
};
inline constexpr std::size_t kConvergenceCauses = 11;
[[nodiscard]] std::string_view name_of(ConvergenceCause cause);

class ConvergenceStatistics {
public:
    // The first cause of a convergence is the one that counts.
    void begin(Instant now, ConvergenceCause cause);
    // Answers how long it took; nothing when none was under way.
    std::optional<Duration> finish(Instant now);
    // What everybody states now, and what the epoch wants; a bucket that nobody is meant to own is
    // no orphan.
    void observe(Instant now, const OwnerMap& stated, const OwnerMap& targets);
    // The host stopped: windows that are open are not measured.
    void forget();

    [[nodiscard]] bool converging() const { return since_.has_value(); }
    // Of the convergence that began last.
    [[nodiscard]] ConvergenceCause cause() const { return cause_; }
    // Convergences that came to their end.
    [[nodiscard]] std::uint64_t count_of(ConvergenceCause cause) const {
        return counts_[static_cast<std::size_t>(cause)];
    }
    using Counts = std::array<std::uint64_t, kConvergenceCauses>;  // by ConvergenceCause
    [[nodiscard]] const Counts& counts() const { return counts_; }
    // Buckets without a stated owner that should have one, as observed last.
    [[nodiscard]] std::size_t orphans() const { return orphans_; }
    // Seconds.
    [[nodiscard]] const Histogram& convergence() const { return convergence_; }
    [[nodiscard]] const Histogram& orphan_windows() const { return orphan_windows_; }

private:
    void observe_bucket(Instant now, std::size_t slot, std::size_t bucket, bool owned, bool meant);

    std::optional<Instant> since_;
    ConvergenceCause cause_ = ConvergenceCause::started;
    std::array<BucketMask, kRuleSlots> was_owned_{};
    // meaningful where orphaned_
    std::array<std::array<Instant, kBuckets>, kRuleSlots> orphan_since_{};
    std::array<BucketMask, kRuleSlots> orphaned_{};
    std::size_t orphans_ = 0;
    Histogram convergence_;
    Histogram orphan_windows_;
    Counts counts_{};
};

}  // namespace nlb::controlplane
