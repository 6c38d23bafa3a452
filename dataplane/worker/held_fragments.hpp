// The frames of fragments that wait, each at the slot that core told (core/flow/fragments.hpp). It
// neither counts nor expires them. Thread: the lane's worker.
#pragma once

#include <array>
#include <rte_mbuf.h>
#include <utility>

#include "core/base/assert.hpp"
#include "core/flow/fragments.hpp"

namespace nlb::dataplane {

class HeldFrames {
public:
    HeldFrames() = default;
    ~HeldFrames() {
        for (rte_mbuf* buffer : buffers_) rte_pktmbuf_free(buffer);
    }
    HeldFrames(const HeldFrames&) = delete;
    HeldFrames& operator=(const HeldFrames&) = delete;

    // Requires: nothing lies at that slot.
    void put(std::uint16_t slot, rte_mbuf* buffer) {
        NLB_ASSERT(buffers_[slot] == nullptr);
        buffers_[slot] = buffer;
    }
    // The caller's from now on. Requires: a frame lies at that slot.
    [[nodiscard]] rte_mbuf* take(std::uint16_t slot) {
        return std::exchange(buffers_[slot], nullptr);
    }

private:
    std::array<rte_mbuf*, kFrameSlots> buffers_{};
};

}  // namespace nlb::dataplane
