// A burst of packets as core sees it, with the buffers that its frames lie in. It owns neither:
// whoever takes a buffer out of it frees it or gives it on. Thread: the worker that holds the
// burst.
#pragma once

#include <array>
#include <cstdint>
#include <rte_mbuf.h>

#include "core/packet/burst.hpp"

namespace nlb::dataplane {

struct FrameBurst {
    Burst packets;
    std::array<rte_mbuf*, kBurstMax> buffers;  // of slots below packets.count
};

// The buffers of some slots of a burst, in their order; of all of them, without being copied.
// Requires: the burst outlives it.
struct ChosenBuffers {
    ChosenBuffers(FrameBurst& burst, std::uint64_t slots) {
        if (slots == all_slots(burst.packets)) {
            buffers = burst.buffers.data();
            count = burst.packets.count;
            return;
        }
        for (const std::uint32_t i : Slots(slots)) some[count++] = burst.buffers[i];
    }
    ChosenBuffers(const ChosenBuffers&) = delete;
    ChosenBuffers& operator=(const ChosenBuffers&) = delete;

    std::uint32_t count = 0;
    std::array<rte_mbuf*, kBurstMax> some;
    rte_mbuf** buffers = some.data();
};

}  // namespace nlb::dataplane
