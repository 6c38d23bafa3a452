// What changes in frames that go to the inside port: their destination becomes the inside device's
// MAC. Group destinations of broadcast and multicast packets stay; a unicast packet that was sent
// to a multicast cluster MAC is rewritten, as no stack would take it otherwise. Nothing else of a
// frame changes here.
#pragma once

#include <cstring>

#include "core/packet/burst.hpp"

namespace nlb {

// The packets `inside` of the burst get the address `mac`; those of `to_groups` keep a group
// destination. Whoever calls knows to_groups from keeps_group() of each reason, so that the usual
// burst asks no packet. Requires: each of `inside` has a reason with goes_inside(). Frames may
// alias everything but what is held by value, so the address is.
inline void address_inside(const Burst& burst, std::uint64_t inside, std::uint64_t to_groups,
                           const MacAddress& mac) {
    for (const std::uint32_t i : Slots(inside & to_groups))
        if ((burst.frames[i].data[0] & 1U) != 0) inside &= ~(std::uint64_t{1} << i);
    std::uint32_t head;
    std::uint16_t tail;
    std::memcpy(&head, mac.bytes.data(), sizeof head);
    std::memcpy(&tail, mac.bytes.data() + sizeof head, sizeof tail);
    const auto address = [head, tail](Byte* at) {
        std::memcpy(at, &head, sizeof head);
        std::memcpy(at + sizeof head, &tail, sizeof tail);
    };
    const Frame* const frames = burst.frames.data();
    if (inside != all_slots(burst)) {
        for (const std::uint32_t i : Slots(inside)) address(frames[i].data);
        return;
    }
    const Frame* const end = frames + burst.count;
    for (const Frame* frame = frames; frame != end; ++frame) address(frame->data);
}

}  // namespace nlb
