// The slots of half-open flows in the order in which they came: whose turn it is when one has to
// be given up. A slot stays queued when its flow is established or ends; whoever takes one looks
// past those, and takes a younger flow for an older one where the slot was filled again meanwhile.
// A full queue forgets its oldest: that flow ends by its time. Thread: the owner of the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/assert.hpp"

namespace nlb::dataplane {

class HalfOpenQueue {
public:
    // Requires: memory for at least one slot, which outlives the queue.
    explicit HalfOpenQueue(std::span<std::uint32_t> memory) : slots_(memory) {
        NLB_ASSERT(!memory.empty());
    }
    void push(std::uint32_t slot) {
        if (count_ == slots_.size()) drop_first();
        slots_[place(count_++)] = slot;
    }
    // The oldest slot of which `is_half_open(slot)` is true, or one of the newest where kTriesMost
    // older ones in a row are not: established flows lie between, and the next call goes on behind
    // them. None: neither end has one.
    template <typename IsHalfOpen>
    [[nodiscard]] std::optional<std::uint32_t> take(const IsHalfOpen& is_half_open) {
        for (std::uint32_t tries = kTriesMost; tries > 0 && count_ > 0; --tries) {
            const std::uint32_t slot = slots_[first_];
            drop_first();
            if (is_half_open(slot)) return slot;
        }
        for (std::uint32_t tries = kTriesMost; tries > 0 && count_ > 0; --tries) {
            const std::uint32_t slot = slots_[place(--count_)];
            if (is_half_open(slot)) return slot;
        }
        return std::nullopt;
    }
    [[nodiscard]] std::size_t size() const { return count_; }

    static constexpr std::uint32_t kTriesMost = 64;

private:
    // Of the one that `behind` others are before.
    [[nodiscard]] std::size_t place(std::size_t behind) const {
        const std::size_t at = first_ + behind;
        return at < slots_.size() ? at : at - slots_.size();
    }
    void drop_first() {
        if (++first_ == slots_.size()) first_ = 0;
        --count_;
    }
    std::span<std::uint32_t> slots_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace nlb::dataplane
