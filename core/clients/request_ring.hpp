// A bounded queue of requests from several workers to one reader (Vyukov's): each cell has a number
// that says whose turn it is. Nobody waits: a full ring takes nothing. Thread of put(): any worker.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "core/clients/grant.hpp"

namespace nlb {

class RequestRing {
public:
    static constexpr std::uint32_t kCells = 256;

    RequestRing() {
        for (std::uint32_t i = 0; i < kCells; ++i)
            cells_[i].turn.store(i, std::memory_order_relaxed);
    }

    // False: full.
    bool put(const GrantRequest& request) {
        std::uint32_t at = tail_.load(std::memory_order_relaxed);
        for (;;) {
            Cell& cell = cells_[at % kCells];
            const auto ahead =
                static_cast<std::int32_t>(cell.turn.load(std::memory_order_acquire) - at);
            if (ahead < 0) return false;
            if (ahead > 0) {
                at = tail_.load(std::memory_order_relaxed);
            } else if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
                cell.request = request;
                cell.turn.store(at + 1, std::memory_order_release);
                return true;
            }
        }
    }

    // Thread: one. How many were there.
    std::size_t take(std::span<GrantRequest> into) {
        std::size_t count = 0;
        while (count < into.size() &&
               cells_[head_ % kCells].turn.load(std::memory_order_acquire) == head_ + 1) {
            into[count++] = cells_[head_ % kCells].request;
            cells_[head_ % kCells].turn.store(head_ + kCells, std::memory_order_release);
            ++head_;
        }
        taken_.store(head_, std::memory_order_relaxed);
        return count;
    }
    // Thread: any; of others than the reader's it may be a moment old.
    [[nodiscard]] bool empty() const {
        return tail_.load(std::memory_order_relaxed) == taken_.load(std::memory_order_relaxed);
    }

private:
    struct Cell {
        std::atomic<std::uint32_t> turn{0};  // publishes `request`
        GrantRequest request{};
    };
    std::array<Cell, kCells> cells_;
    std::atomic<std::uint32_t> tail_{0};   // publishes nothing but itself
    std::atomic<std::uint32_t> taken_{0};  // publishes nothing but itself
    std::uint32_t head_ = 0;               // the reader's
};

}  // namespace nlb
