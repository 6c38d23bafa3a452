// The frames of fragments that wait, each at the place that core told (core/flow/fragments.hpp). It neither counts nor expires them.
// Thread: the lane's worker.
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

    void put(std::uint16_t place, rte_mbuf* buffer) {
        NLB_ASSERT(buffers_[place] == nullptr);
        buffers_[place] = buffer;
    }
    [[nodiscard]] rte_mbuf* take(std::uint16_t place) { return std::exchange(buffers_[place], nullptr); }

private:
    std::array<rte_mbuf*, kFramePlaces> buffers_{};
};

}  // namespace nlb::dataplane
