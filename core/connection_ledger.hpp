// What must be known about a worker's descriptors without looking any up: where there are some, how many, which flows may still be
// half-open, and which buckets hold one that has not been looked up for long. Every connection table owns one and tells it each
// change; the track stage asks it whether a packet has to pay for a look-up. It stores no flow.
#pragma once

#include <array>
#include <cstdint>

#include "core/endian.hpp"
#include "core/flow.hpp"
#include "core/types.hpp"

namespace nlb {

// Every bucket of every rule.
inline constexpr RuleMasks kEveryBucket = [] {
    RuleMasks masks{};
    masks.fill(kAllBuckets);
    return masks;
}();

// About 83 KiB: part of the table, never on a stack that is small. Thread: the table's worker only.
class ConnectionLedger {
public:
    // For the table's insert and erase to call; `descriptor` is the one stored, as it is at that moment.
    void on_insert(const FlowKey& key, const Descriptor& descriptor);
    void on_erase(const FlowKey& key, const Descriptor& descriptor);
    // The only other change that matters here; the track stage tells it.
    void on_opened(const FlowKey& key, const Descriptor& descriptor);

    // Buckets with at least one descriptor; all of them while descriptors are being filed anew.
    [[nodiscard]] const RuleMasks& held() const { return refiling_ ? kEveryBucket : held_; }
    // The same as far as tables of that layout are concerned, for whoever is not the worker.
    [[nodiscard]] const RuleMasks& held_under(std::uint64_t layout) const { return layout == layout_ || !any() ? held() : kEveryBucket; }
    // For another lane's worker: one relaxed word, true when in doubt.
    [[nodiscard]] bool may_hold(RuleId rule, BucketId bucket, std::uint64_t layout) const {
        return (__atomic_load_n(&held_under(layout)[rule], __ATOMIC_RELAXED) >> bucket & 1U) != 0;
    }
    [[nodiscard]] std::uint64_t layout() const { return layout_; }
    // Descriptors by rule.
    [[nodiscard]] const std::array<std::uint64_t, kRuleSlots>& counts() const { return counts_; }
    // Half-open descriptors.
    [[nodiscard]] const std::uint64_t& half_open() const { return half_open_count_; }
    // False: no half-open descriptor has this key. True may be a collision; the look-up tells.
    [[nodiscard]] bool may_be_half_open(const FlowKey& key) const { return half_open_[slot_of(key)] != 0; }

    // Other rules or another hash key: each descriptor belongs to another rule and bucket. Between begin and end every packet of a TCP flow
    // pays a look-up; the table tells each descriptor's new place once.
    void begin_refiling(std::uint64_t layout);
    void on_refiled(const Descriptor& from, const Descriptor& to);
    void end_refiling() { refiling_ = false; }

    // The sweep over all descriptors reports each that is_stale() (core/track.hpp), and the end of each pass. Packets of stale buckets
    // pay look-ups, so that a flow which still speaks is seen before it expires.
    void note_stale(const Descriptor& descriptor);
    void end_sweep();
    [[nodiscard]] const RuleMasks& stale() const { return stale_; }
    // Buckets of a rule in which packets that neither begin nor end a flow may need a look-up, whoever they are of.
    [[nodiscard]] BucketMask looked_up(RuleId rule) const { return refiling_ ? kAllBuckets : stale_[rule] | opening_[rule]; }

private:
    static constexpr std::size_t kHalfOpenSlots = 1U << 16;
    static constexpr std::uint8_t kSaturated = 255;  // stays: costs look-ups, never correctness

    [[nodiscard]] static std::size_t slot_of(const FlowKey& key);
    [[nodiscard]] bool any() const;
    void file(const Descriptor& descriptor);
    void unfile(const Descriptor& descriptor);
    void unfile_half_open(const Descriptor& descriptor);
    void forget_half_open(const FlowKey& key);

    std::uint64_t layout_ = 0;
    bool refiling_ = false;

    RuleMasks held_{};
    RuleMasks stale_{};
    RuleMasks stale_next_{};
    std::array<std::uint64_t, kRuleSlots> counts_{};
    RuleMasks opening_{};  // buckets with a half-open descriptor
    std::array<std::array<std::uint32_t, kBuckets>, kRuleSlots> by_bucket_{};
    std::array<std::array<std::uint32_t, kBuckets>, kRuleSlots> half_open_by_bucket_{};
    std::uint64_t half_open_count_ = 0;
    std::array<std::uint8_t, kHalfOpenSlots> half_open_{};  // half-open descriptors by a hash of their key
};

// Slots are hashed without a key: an attacker who aims at a slot buys look-ups, nothing else.
inline std::size_t ConnectionLedger::slot_of(const FlowKey& key) {
    const std::uint64_t high = load_big_endian<std::uint64_t>(key.client.bytes.data());
    const std::uint64_t low = load_big_endian<std::uint64_t>(key.client.bytes.data() + 8);
    const std::uint64_t ports = std::uint64_t{key.client_port} << 16 | key.vip_port;
    const Uint128 product = static_cast<Uint128>(low ^ ports << 32 ^ 0xa0761d6478bd642fULL) * (high ^ ports ^ 0xe7037ed1a0b428dbULL);
    return (static_cast<std::size_t>(product >> 64) ^ static_cast<std::size_t>(product)) & (kHalfOpenSlots - 1);
}

}  // namespace nlb
