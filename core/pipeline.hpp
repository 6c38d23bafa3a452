// The life of a packet, and the only place where the order of the stages is stated.
// Worker cores, `nlb explain` and the golden tests call the same functions. No stage is called
// anywhere else, but by tests and benchmarks of stages. Thread: the worker whose burst it is.
#pragma once

#include "core/fastpath/fast_mask.hpp"
#include "core/fastpath/fast_path.hpp"
#include "core/flow/flow.hpp"
#include "core/flow/fragments.hpp"
#include "core/flow/steer.hpp"
#include "core/flow/track.hpp"
#include "core/flow/track_sticky.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/counters.hpp"
#include "core/packet/stages.hpp"

namespace nlb {

// Outside to inside. Afterwards no packet is live. By its output (output_of) the caller delivers a
// frame: `outside` ones have become their own answers, `held` ones are kept until settle_released()
// gives them back, `lane` ones are given to the lane in info.fragment.slot. Requires:
// burst.frames[0..count) are set, and context.tables passed assert_sound().
template <Connections Table>
void settle_ingress(Burst& burst, const BurstContext& context, Table& connections,
                    FragmentTable& fragments, Counters& counters) {
    fast_path(burst, context, connections.flow_index());
    if (!is_settled(burst)) {
        parse(burst, context);
        steer(burst, context);
        answer_neighbours(burst, context);
        classify(burst, context);
        locate(burst, context);
        track(burst, context, connections, counters);
        track_sticky(burst, context, connections, counters);
        ask_other_lanes(burst, context);
        fragments.follow(burst, context);
    }
    count_ingress(burst, counters);
}

// Fragments that need not wait any more: they follow the first one of their datagram, or have
// waited too long. Fills everything of the burst but its frames, which the caller holds at the
// places `slots`. To be called until it gives 0, after the frames of settle_ingress() went their
// ways.
inline std::uint32_t settle_released(Burst& burst, FragmentTable& fragments,
                                     std::array<std::uint16_t, kBurstMax>& slots,
                                     Counters& counters) {
    const std::uint32_t count = fragments.take_released(burst, slots);
    counters.reasons[static_cast<std::size_t>(Reason::fragment_held)] -= count;
    if (count != 0) count_ingress(burst, counters);
    return count;
}

// Inside to outside: every frame leaves with the station's source address, or not at all.
// Requires: burst.frames[0..count) are set.
template <Connections Table>
void settle_egress(Burst& burst, const BurstContext& context, Table& connections,
                   Counters& counters) {
    fast_mask(burst, context);
    mask(burst, context);
    track_replies(burst, context, connections, counters);
    count_egress(burst, counters);
}

}  // namespace nlb
