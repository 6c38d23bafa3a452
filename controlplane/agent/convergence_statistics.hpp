// Watches a cluster converge: how long, because of what, and how long buckets had no owner
// meanwhile. It decides nothing. Orphan windows are those this host can see: from a former owner's
// word (or burial) that it owns no longer, to the next one's that it does. The time until a dead
// owner is buried comes on top.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "controlplane/agent/histogram.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

class ConvergenceStatistics {
public:
    // The first cause of a convergence is the one that counts.
    void begin(Instant now, const std::string& cause);
    // Answers how long it took; nothing when none was under way.
    std::optional<Duration> finish(Instant now);
    // What everybody states now, and what the epoch wants; a bucket that nobody is meant to own is
    // no orphan.
    void observe(Instant now, const OwnerMap& stated, const OwnerMap& targets);
    // The host stopped: windows that are open are not measured.
    void forget();

    [[nodiscard]] bool converging() const { return since_.has_value(); }
    [[nodiscard]] const std::string& cause() const { return cause_; }
    [[nodiscard]] std::size_t orphans() const { return orphans_; }
    [[nodiscard]] const Histogram& convergence() const { return convergence_; }
    [[nodiscard]] const Histogram& orphan_windows() const { return orphan_windows_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& causes() const { return causes_; }

private:
    void observe_bucket(Instant now, std::size_t slot, std::size_t bucket, bool owned, bool meant);

    std::optional<Instant> since_;
    std::string cause_;
    std::array<BucketMask, kRuleSlots> was_owned_{};
    // meaningful where orphaned_
    std::array<std::array<Instant, kBuckets>, kRuleSlots> orphan_since_{};
    std::array<BucketMask, kRuleSlots> orphaned_{};
    std::size_t orphans_ = 0;
    Histogram convergence_;
    Histogram orphan_windows_;
    std::map<std::string, std::uint64_t> causes_;
};

}  // namespace nlb::controlplane
