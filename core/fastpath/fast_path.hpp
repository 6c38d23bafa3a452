// The fast path: the usual packets of a burst, several at once, ahead of the stages that look at
// one packet after the other. It decides nothing of its own: leaving it out changes the time that a
// burst takes and nothing else, which tests/unit/core/fastpath hold over a million frames.
#pragma once

#include "core/flow/flow_index.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// The first stage (core/pipeline.hpp): of usual packets what parse, answer_neighbours, classify and
// locate would say, and track of TCP where no descriptor matters. It marks them in
// Burst::on_fast_path, and those stages pass over them; those that are still live go to track or,
// where Burst::sticky says so, to track_sticky. Without BurstContext::index no packet is usual.
// Thread: the worker whose table owns `flow_index`. Requires: burst.frames[0..count) are set.
void fast_path(Burst& burst, const BurstContext& context, const FlowIndex& flow_index);

}  // namespace nlb
