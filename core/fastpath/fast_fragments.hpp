// Fragments on the fast path. Of a datagram of UDP the first one is settled as the stages would,
// and of any protocol the later ones are made ready for FragmentTable::follow. First fragments of
// TCP, of sessions, of remote control and of rules with a time-out stay with the stages, where
// track and track_sticky look at them in the order of the burst. Private to core/fastpath.
#pragma once

#include "core/fastpath/fast_parse.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// Of the slots that are off the fast path, those of one IP version. Requires: context.index.
void settle_fragments(Burst& burst, const BurstContext& context, const MatchKeys& match_keys,
                      const FastParse& parsed);

}  // namespace nlb
