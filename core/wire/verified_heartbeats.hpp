// The newest frame of each host that the control plane has verified and believed: what cores may
// measure other frames by. The dataplane's main lcore writes it as the control plane tells, workers
// read it. Nothing that was only received ever gets here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

struct VerifiedFrame {
    Incarnation incarnation;
    std::uint64_t sequence = 0;  // 0: none of this host is verified
    bool operator==(const VerifiedFrame&) const = default;
};

// A reader may see the incarnation of one note and the sequence of another: it then takes a frame
// for unknown, which costs it a share of a budget and nothing else.
class VerifiedHeartbeats {
public:
    // Thread: one writer. Requires: host in 1..32.
    void note(HostId host, const VerifiedFrame& frame) {
        Cell& cell = cells_[host - 1U];
        cell.life.store(life_of(frame.incarnation), std::memory_order_relaxed);
        cell.sequence.store(frame.sequence, std::memory_order_relaxed);
    }
    // Thread: any. Requires: host in 1..32.
    [[nodiscard]] VerifiedFrame of(HostId host) const {
        const Cell& cell = cells_[host - 1U];
        const std::uint64_t life = cell.life.load(std::memory_order_relaxed);
        return {{static_cast<std::uint32_t>(life >> 32), static_cast<std::uint32_t>(life)},
                cell.sequence.load(std::memory_order_relaxed)};
    }

private:
    struct Cell {
        std::atomic<std::uint64_t> life{0};      // publishes nothing but itself
        std::atomic<std::uint64_t> sequence{0};  // publishes nothing but itself
    };
    [[nodiscard]] static std::uint64_t life_of(const Incarnation& incarnation) {
        return std::uint64_t{incarnation.boot} << 32 | incarnation.term;
    }
    std::array<Cell, kHostsMax> cells_;
};

}  // namespace nlb
