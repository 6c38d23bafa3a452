// Each bucket is followed by itself, as buckets of one convergence change hands at different times.
#include "controlplane/agent/convergence_statistics.hpp"

#include "core/base/durations.hpp"

namespace nlb::controlplane {
namespace {

constexpr std::array<std::string_view, kConvergenceCauses> kCauseNames = {
    "drain", "health",    "joined", "left",    "lost",  "reload",
    "reset", "restarted", "rule",   "started", "weight"};

}  // namespace

std::string_view name_of(ConvergenceCause cause) {
    return kCauseNames[static_cast<std::size_t>(cause)];
}

void ConvergenceStatistics::begin(Instant now, ConvergenceCause cause) {
    if (since_) return;
    since_ = now;
    cause_ = cause;
}

std::optional<Duration> ConvergenceStatistics::finish(Instant now) {
    if (!since_) return std::nullopt;
    const Duration took = now - *since_;
    since_.reset();
    ++counts_[static_cast<std::size_t>(cause_)];
    convergence_.observe(in_seconds(took));
    return took;
}

void ConvergenceStatistics::observe(Instant now, const OwnerMap& stated, const OwnerMap& targets) {
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            observe_bucket(now, slot, bucket, stated[slot][bucket] != kNoHost,
                           targets[slot][bucket] != kNoHost);
    orphans_ = 0;
    for (const BucketMask mask : orphaned_)
        orphans_ += static_cast<std::size_t>(__builtin_popcountll(mask));
}

void ConvergenceStatistics::observe_bucket(Instant now, std::size_t slot, std::size_t bucket,
                                           bool owned, bool meant) {
    const BucketMask bit = BucketMask{1} << bucket;
    if (!owned && meant && (was_owned_[slot] & bit) != 0) {
        orphaned_[slot] |= bit;
        orphan_since_[slot][bucket] = now;
    }
    if (owned && (orphaned_[slot] & bit) != 0)
        orphan_windows_.observe(in_seconds(now - orphan_since_[slot][bucket]));
    if (owned || !meant) orphaned_[slot] &= ~bit;
    was_owned_[slot] = owned ? was_owned_[slot] | bit : was_owned_[slot] & ~bit;
}

void ConvergenceStatistics::forget() {
    since_.reset();
    was_owned_ = orphaned_ = {};
    orphans_ = 0;
}

}  // namespace nlb::controlplane
