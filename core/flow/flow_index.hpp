// What must be known about a worker's descriptors without looking any up: where there are some, how
// many, and which flows are watched, so that their next packet is looked up: those that are
// half-open, and those that have not been looked up for long. Every connection table owns one and
// tells it each change; the fast_path and track stages ask it whether a packet has to pay for a
// look-up. It stores no flow.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/endian.hpp"
#include "core/base/types.hpp"
#include "core/flow/flow.hpp"

namespace nlb {

// Every bucket of every rule.
inline constexpr RuleMasks kEveryBucket = [] {
    RuleMasks masks{};
    masks.fill(kAllBuckets);
    return masks;
}();

// About 83 KiB: part of the table, never on a stack that is small. Thread: the table's worker only.
class FlowIndex {
public:
    // For the table's insert and erase to call; `descriptor` is the one stored, as it is at that
    // moment.
    void on_insert(const FlowKey& key, const Descriptor& descriptor);
    void on_erase(const FlowKey& key, const Descriptor& descriptor);
    // The other changes that matter here: the track stage tells that a flow is half-open or stale
    // no more, the sweep over all descriptors that one is_stale() (core/flow/track.hpp) and has
    // been marked.
    void on_opened(const FlowKey& key, const Descriptor& descriptor);
    void on_seen(const FlowKey& key, const Descriptor& descriptor) { unwatch(key, descriptor); }
    void on_stale(const FlowKey& key, const Descriptor& descriptor) { watch(key, descriptor); }

    // Buckets with at least one descriptor; all of them while descriptors are being filed anew.
    [[nodiscard]] const RuleMasks& held() const { return refiling_ ? kEveryBucket : held_; }
    // The same as far as tables of that layout are concerned, for whoever is not the worker.
    [[nodiscard]] const RuleMasks& held_under(std::uint64_t layout) const {
        return layout == layout_ || !any() ? held() : kEveryBucket;
    }
    // For another lane's worker: one relaxed word, true when in doubt.
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
    // False: no watched descriptor has this key. True may be a collision; the look-up tells. The
    // client in two numbers, upper half first.
    [[nodiscard]] bool may_be_watched(std::uint64_t client_high, std::uint64_t client_low,
                                      std::uint32_t ports) const {
        return watched_slots_[slot_of(client_high, client_low, ports)] != 0;
    }
    [[nodiscard]] bool may_be_watched(RuleId rule, BucketId bucket, const FlowKey& key) const {
        return (refiling_ || (watched_[rule] >> bucket & 1U) != 0) && may_be_watched(key);
    }
    [[nodiscard]] bool may_be_watched(const FlowKey& key) const {
        return watched_slots_[slot_of(key)] != 0;
    }
    [[nodiscard]] static constexpr std::uint32_t ports_of(std::uint16_t client_port,
                                                          std::uint16_t vip_port) {
        return std::uint32_t{client_port} << 16 | vip_port;
    }

    // Other rules or another hash key: each descriptor belongs to another rule and bucket. Between
    // begin and end every packet of a TCP flow pays a look-up; the table tells each descriptor's
    // new slot once.
    void begin_refiling(std::uint64_t layout);
    void on_refiled(const Descriptor& from, const Descriptor& to);
    void end_refiling() { refiling_ = false; }
    [[nodiscard]] bool is_reindexing() const { return refiling_; }

private:
    using CountByBucket = std::array<std::array<std::uint32_t, kBuckets>, kRuleSlots>;
    static constexpr std::size_t kSlots = 1U << 16;
    static constexpr std::uint8_t kSaturated = 255;  // stays: costs look-ups, never correctness

    [[nodiscard]] static std::size_t slot_of(std::uint64_t client_high, std::uint64_t client_low,
                                             std::uint64_t ports);
    [[nodiscard]] static std::size_t slot_of(const FlowKey& key);
    [[nodiscard]] bool any() const;
    void file(const Descriptor& descriptor);
    void unfile(const Descriptor& descriptor);
    void watch(const FlowKey& key, const Descriptor& descriptor);
    void unwatch(const FlowKey& key, const Descriptor& descriptor);
    void count_slot(const FlowKey& key);
    void uncount_slot(const FlowKey& key);

    std::uint64_t layout_ = 0;
    bool refiling_ = false;

    RuleMasks held_{};
    RuleMasks watched_{};
    std::array<std::uint64_t, kRuleSlots> counts_{};
    CountByBucket by_bucket_{};
    CountByBucket watched_by_bucket_{};
    std::uint64_t half_open_count_ = 0;
    // watched descriptors by a hash of their key
    std::array<std::uint8_t, kSlots> watched_slots_{};
};

// Slots are hashed without a key: an attacker who aims at a slot buys look-ups, nothing else.
inline std::size_t FlowIndex::slot_of(std::uint64_t client_high, std::uint64_t client_low,
                                      std::uint64_t ports) {
    const Uint128 product = static_cast<Uint128>(client_low ^ ports << 32 ^ 0xa0761d6478bd642fULL) *
                            (client_high ^ ports ^ 0xe7037ed1a0b428dbULL);
    return (static_cast<std::size_t>(product >> 64) ^ static_cast<std::size_t>(product)) &
           (kSlots - 1);
}
inline std::size_t FlowIndex::slot_of(const FlowKey& key) {
    return slot_of(load_big_endian<std::uint64_t>(key.client.bytes.data()),
                   load_big_endian<std::uint64_t>(key.client.bytes.data() + 8),
                   ports_of(key.client_port, key.vip_port));
}

}  // namespace nlb
