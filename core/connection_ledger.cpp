// The ledger's counting.
#include "core/connection_ledger.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace nlb {

void ConnectionLedger::file(const Descriptor& descriptor) {
    NLB_ASSERT(descriptor.rule < kRuleSlots && descriptor.bucket < kBuckets);
    ++counts_[descriptor.rule];
    if (++by_bucket_[descriptor.rule][descriptor.bucket] == 1) held_[descriptor.rule] |= BucketMask{1} << descriptor.bucket;
    if (descriptor.state != FlowState::half_open) return;
    ++half_open_count_;
    if (++half_open_by_bucket_[descriptor.rule][descriptor.bucket] == 1) opening_[descriptor.rule] |= BucketMask{1} << descriptor.bucket;
}

void ConnectionLedger::unfile_half_open(const Descriptor& descriptor) {
    std::uint32_t& left = half_open_by_bucket_[descriptor.rule][descriptor.bucket];
    NLB_ASSERT(left > 0);
    --half_open_count_;
    if (--left == 0) opening_[descriptor.rule] &= ~(BucketMask{1} << descriptor.bucket);
}

void ConnectionLedger::unfile(const Descriptor& descriptor) {
    NLB_ASSERT(descriptor.rule < kRuleSlots && descriptor.bucket < kBuckets);
    std::uint32_t& left = by_bucket_[descriptor.rule][descriptor.bucket];
    NLB_ASSERT(left > 0);
    --counts_[descriptor.rule];
    if (--left == 0) held_[descriptor.rule] &= ~(BucketMask{1} << descriptor.bucket);
    if (descriptor.state == FlowState::half_open) unfile_half_open(descriptor);
}

bool ConnectionLedger::any() const {
    return std::any_of(counts_.begin(), counts_.end(), [](std::uint64_t count) { return count != 0; });
}

void ConnectionLedger::begin_refiling(std::uint64_t layout) {
    layout_ = layout;
    refiling_ = any();
}

void ConnectionLedger::on_refiled(const Descriptor& from, const Descriptor& to) {
    unfile(from);
    file(to);
}

void ConnectionLedger::on_insert(const FlowKey& key, const Descriptor& descriptor) {
    file(descriptor);
    if (descriptor.state != FlowState::half_open) return;
    std::uint8_t& slot = half_open_[slot_of(key)];
    if (slot != kSaturated) ++slot;
}

void ConnectionLedger::on_erase(const FlowKey& key, const Descriptor& descriptor) {
    unfile(descriptor);
    if (descriptor.state == FlowState::half_open) forget_half_open(key);
}

void ConnectionLedger::on_opened(const FlowKey& key, const Descriptor& descriptor) {
    unfile_half_open(descriptor);
    forget_half_open(key);
}

void ConnectionLedger::forget_half_open(const FlowKey& key) {
    std::uint8_t& slot = half_open_[slot_of(key)];
    if (slot != kSaturated && slot != 0) --slot;
}

void ConnectionLedger::note_stale(const Descriptor& descriptor) {
    const BucketMask bit = BucketMask{1} << descriptor.bucket;
    stale_[descriptor.rule] |= bit;
    stale_next_[descriptor.rule] |= bit;
}

void ConnectionLedger::end_sweep() {
    stale_ = stale_next_;
    stale_next_ = {};
}

}  // namespace nlb
