// The newest flow of some kind, as an example for people: one worker writes it, main reads it or
// finds that it is being written. It counts nothing.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

#include "core/flow/flow.hpp"

namespace nlb::dataplane {

class LatestFlow {
public:
    // Thread: the worker.
    void store(const FlowKey& key) {
        const auto words = std::bit_cast<Words>(key);
        const std::uint32_t writes = writes_.load(std::memory_order_relaxed);
        writes_.store(writes + 1, std::memory_order_relaxed);
        // each publishes that a write has begun
        for (std::size_t i = 0; i < words.size(); ++i)
            words_[i].store(words[i], std::memory_order_release);
        writes_.store(writes + 2, std::memory_order_release);  // publishes the words
    }
    // Nothing: there was none yet, or one is being written. Thread: main.
    [[nodiscard]] std::optional<FlowKey> load() const {
        const std::uint32_t writes = writes_.load(std::memory_order_acquire);
        Words words;
        for (std::size_t i = 0; i < words.size(); ++i)
            words[i] = words_[i].load(std::memory_order_acquire);
        const bool whole = writes == writes_.load(std::memory_order_relaxed);
        if (writes == 0 || writes % 2 != 0 || !whole) return std::nullopt;
        return std::bit_cast<FlowKey>(words);
    }

private:
    using Words = std::array<std::uint64_t, sizeof(FlowKey) / sizeof(std::uint64_t)>;
    std::atomic<std::uint32_t> writes_{0};  // odd: one is under way
    std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words_{};
};

}  // namespace nlb::dataplane
