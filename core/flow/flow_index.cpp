// Counting by rule and bucket; a mask has the bit of each count that is not zero.
#include "core/flow/flow_index.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb {
namespace {

bool is_watched(const Descriptor& descriptor) {
    return descriptor.state == FlowState::half_open ||
           (descriptor.marks & (kMarkStale | kMarkReset)) != 0;
}

// Descriptors by bucket, and the buckets that have one.
using Counts = std::array<std::uint32_t, kBuckets>;
void add_one(Counts& counts, BucketMask& some, BucketId bucket) {
    if (++counts[bucket] == 1) some |= BucketMask{1} << bucket;
}
void take_one(Counts& counts, BucketMask& some, BucketId bucket) {
    NLB_ASSERT(counts[bucket] > 0);
    if (--counts[bucket] == 0) some &= ~(BucketMask{1} << bucket);
}

}  // namespace

void FlowIndex::add(const Descriptor& descriptor) {
    NLB_ASSERT(descriptor.rule < kRuleSlots && descriptor.bucket < kBuckets);
    ++counts_[descriptor.rule];
    add_one(by_bucket_[descriptor.rule], held_[descriptor.rule], descriptor.bucket);
    if (is_watched(descriptor))
        add_one(watched_by_bucket_[descriptor.rule], watched_[descriptor.rule], descriptor.bucket);
}

void FlowIndex::remove(const Descriptor& descriptor) {
    NLB_ASSERT(descriptor.rule < kRuleSlots && descriptor.bucket < kBuckets);
    NLB_ASSERT(counts_[descriptor.rule] > 0);
    --counts_[descriptor.rule];
    take_one(by_bucket_[descriptor.rule], held_[descriptor.rule], descriptor.bucket);
    if (is_watched(descriptor))
        take_one(watched_by_bucket_[descriptor.rule], watched_[descriptor.rule], descriptor.bucket);
}

bool FlowIndex::any() const {
    return std::any_of(counts_.begin(), counts_.end(),
                       [](std::uint64_t count) { return count != 0; });
}

void FlowIndex::begin_reindexing(std::uint64_t layout) {
    layout_ = layout;
    reindexing_ = any();
}

void FlowIndex::on_reindexed(const Descriptor& from, const Descriptor& to) {
    remove(from);
    add(to);
}

void FlowIndex::on_insert(const FlowKey& key, const Descriptor& descriptor) {
    add(descriptor);
    if (descriptor.state != FlowState::half_open) return;
    ++half_open_count_;
    watch_filter_.add(key);
}

void FlowIndex::on_erase(const FlowKey& key, const Descriptor& descriptor) {
    remove(descriptor);
    if (descriptor.state == FlowState::half_open) --half_open_count_;
    if (is_watched(descriptor)) watch_filter_.remove(key);
}

void FlowIndex::on_opened(const FlowKey& key, const Descriptor& descriptor) {
    NLB_ASSERT(half_open_count_ > 0);
    --half_open_count_;
    unwatch(key, descriptor);
}

void FlowIndex::watch(const FlowKey& key, const Descriptor& descriptor) {
    add_one(watched_by_bucket_[descriptor.rule], watched_[descriptor.rule], descriptor.bucket);
    watch_filter_.add(key);
}

void FlowIndex::unwatch(const FlowKey& key, const Descriptor& descriptor) {
    take_one(watched_by_bucket_[descriptor.rule], watched_[descriptor.rule], descriptor.bucket);
    watch_filter_.remove(key);
}

}  // namespace nlb
