// The stages that need no memory of earlier packets; core/pipeline.hpp states their order among the
// others (core/fastpath/fast_path.hpp, core/flow/{steer,track,track_sticky,fragments}.hpp). Each is
// a pure function over the burst: it settles the packets that it can decide and leaves the rest
// live. None allocates, locks, logs, throws or reads a clock, and none reads a byte beyond
// Frame::length or writes one beyond Frame::capacity. Thread: the worker whose burst it is.
#pragma once

#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/counters.hpp"

namespace nlb {

// What each frame is. Settles heartbeats, what was sent to another station or in another VLAN,
// everything malformed, and martian addresses.
void parse(Burst& burst, const BurstContext& context);

// Settles the host's own frames, ARP and neighbour discovery. Answers are made in place.
// Settles every live packet when no tables are installed (Tables::self is kNoHost). Requires: parse
// ran.
void answer_neighbours(Burst& burst, const BurstContext& context);

// Destination, rule and bucket. Settles all that is not for a virtual address. Requires: parse ran,
// and tables are installed.
void classify(Burst& burst, const BurstContext& context);

// The fence for all packets, ownership for those that no descriptor decides. Leaves packets of TCP
// flows, of sessions and of sticky rules live. Requires: classify ran.
void locate(Burst& burst, const BurstContext& context);

// Reasons, and for packets that have a rule whether it accepted or rejected them. Packets and bytes
// of the ports are counted by whoever receives and sends them. Requires: no packet is live.
void count_ingress(const Burst& burst, Counters& counters);

// Inside to outside: source addresses, ARP and neighbour discovery bodies. Settles every packet;
// `sent` ones that are TCP keep what the parser learnt, with client and VIP named from the flow's
// point of view.
// Requires: burst.on_fast_path is set (core/fastpath/fast_mask.hpp).
void mask(Burst& burst, const BurstContext& context);

void count_egress(const Burst& burst, Counters& counters);

}  // namespace nlb
