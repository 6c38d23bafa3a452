// What must be known about a worker's descriptors without looking any up: in which buckets there
// are some, how many, and which flows are watched, so that their next packet is looked up (those
// that are half-open, those that an RST came for, and those that have not been looked up for long).
// Every connection table owns one and tells it each change; core/flow/look_up.hpp says what follows
// for a packet. It stores no flow.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/types.hpp"
#include "core/flow/flow.hpp"
#include "core/flow/watch_filter.hpp"

namespace nlb {

// About 83 KiB: part of the table, never on a small stack. Thread: the table's worker only, where
// nothing else is said.
class FlowIndex {
public:
    // For the table's insert and erase to call; `descriptor` is the one stored, as it is at that
    // moment. Require: its rule and bucket exist.
    void on_insert(const FlowKey& key, const Descriptor& descriptor);
    void on_erase(const FlowKey& key, const Descriptor& descriptor);
    // The other changes that matter here: the track stage tells that a flow is half-open or stale
    // no more, the sweep over all descriptors that one is_stale() (core/flow/track.hpp) and has
    // been marked.
    void on_opened(const FlowKey& key, const Descriptor& descriptor);
    void on_seen(const FlowKey& key, const Descriptor& descriptor) { unwatch(key, descriptor); }
    // An RST has come for it that its client may not have sent: it is watched until the client
    // speaks again, or its server opens another flow of that name.
    void on_reset(const FlowKey& key, const Descriptor& descriptor) { watch(key, descriptor); }
    void on_reopened() { ++half_open_count_; }
    void on_stale(const FlowKey& key, const Descriptor& descriptor) { watch(key, descriptor); }

    // Buckets with at least one descriptor; all of them while descriptors are being reindexed.
    [[nodiscard]] const RuleMasks& held() const { return reindexing_ ? kEveryBucket : held_; }
    // The same as far as tables of that layout are concerned. Thread: any; its words relaxed.
    [[nodiscard]] const RuleMasks& held_under(std::uint64_t layout) const {
        return layout == layout_ || !any() ? held() : kEveryBucket;
    }
    // Thread: any worker of the host; one relaxed word, true when in doubt.
    [[nodiscard]] bool may_hold(RuleId rule, BucketId bucket, std::uint64_t layout) const {
        return (__atomic_load_n(&held_under(layout)[rule], __ATOMIC_RELAXED) >> bucket & 1U) != 0;
    }
    [[nodiscard]] std::uint64_t layout() const { return layout_; }
    // Descriptors by rule.
    [[nodiscard]] const std::array<std::uint64_t, kRuleSlots>& counts() const { return counts_; }
    // Half-open descriptors.
    [[nodiscard]] const std::uint64_t& half_open() const { return half_open_count_; }
    // Buckets with a watched descriptor.
    [[nodiscard]] const RuleMasks& watched() const { return watched_; }
    [[nodiscard]] const WatchFilter& watch_filter() const { return watch_filter_; }
    // False: no watched descriptor has this key. True may be a collision; the look-up tells.
    [[nodiscard]] bool may_be_watched(const FlowKey& key) const {
        return watch_filter_.may_contain(key);
    }
    [[nodiscard]] bool may_be_watched(RuleId rule, BucketId bucket, const FlowKey& key) const {
        return (reindexing_ || (watched_[rule] >> bucket & 1U) != 0) && may_be_watched(key);
    }

    // Other rules or another hash key: each descriptor belongs to another rule and bucket. Between
    // begin and end every packet of a TCP flow pays a look-up; the table tells each descriptor's
    // new place once.
    void begin_reindexing(std::uint64_t layout);
    void on_reindexed(const Descriptor& from, const Descriptor& to);
    void end_reindexing() { reindexing_ = false; }
    [[nodiscard]] bool is_reindexing() const { return reindexing_; }

private:
    using CountByBucket = std::array<std::array<std::uint32_t, kBuckets>, kRuleSlots>;

    [[nodiscard]] bool any() const;
    void add(const Descriptor& descriptor);
    void remove(const Descriptor& descriptor);
    void watch(const FlowKey& key, const Descriptor& descriptor);
    void unwatch(const FlowKey& key, const Descriptor& descriptor);

    std::uint64_t layout_ = 0;
    bool reindexing_ = false;

    RuleMasks held_{};
    RuleMasks watched_{};
    std::array<std::uint64_t, kRuleSlots> counts_{};
    CountByBucket by_bucket_{};
    CountByBucket watched_by_bucket_{};
    std::uint64_t half_open_count_ = 0;
    WatchFilter watch_filter_;
};

}  // namespace nlb
