// The usual frames from inside, ahead of the mask stage: TCP and UDP of a server, of which nothing
// but the source address changes and which no descriptor has to hear of. It decides nothing of its
// own: leaving it out changes the time that a burst takes and nothing else, which
// tests/unit/core/fastpath hold over a million frames.
#pragma once

#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// The first stage from inside (core/pipeline.hpp). It settles usual frames as mask and
// track_replies would, and marks them in Burst::on_fast_path; those stages pass over them. A usual
// frame is untagged IPv4 without options or IPv6 without extension headers, with TCP that neither
// begins nor ends a flow or UDP from no port of a session. Behind a fallen fence none is: then the
// source decides. Thread: the worker whose burst it is. Requires: burst.frames[0..count) are set.
void fast_mask(Burst& burst, const BurstContext& context);

}  // namespace nlb
