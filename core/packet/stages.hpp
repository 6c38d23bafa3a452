// The stages a burst passes through; core/pipeline.hpp states their order. Each is a pure function
// over the burst: it settles the packets it can decide and leaves the rest live. None allocates,
// locks, logs, throws or reads a clock, and none reads a byte beyond Frame::length or writes one
// beyond Frame::capacity. The two stages that need a connection table, track and track_replies, are
// templates in core/flow/track.hpp.
#pragma once

#include "core/flow/flow.hpp"
#include "core/flow/flow_index.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/counters.hpp"
#include "core/packet/headers.hpp"

namespace nlb {

// The usual packets, several at once: what parse, answer_neighbours, classify and locate would say
// of them, and track of TCP where no descriptor matters. It marks them in Burst::on_fast_path, and
// those stages pass over them; what is live goes to track. Leaving it out changes the time that a
// burst takes, nothing else.
void fast_path(Burst& burst, const BurstContext& context, const FlowIndex& flow_index);

// What each frame is. Settles heartbeats, everything malformed, and martian addresses.
void parse(Burst& burst);

// Settles the host's own frames, ARP and neighbour discovery. Answers are made in place.
// Settles every live packet when no tables are installed (Tables::self is kNoHost).
void answer_neighbours(Burst& burst, const BurstContext& context);

// Destination, rule and bucket. Settles all that is not for a virtual address.
void classify(Burst& burst, const BurstContext& context);

// Where a flow belongs by these tables. `bucket` is 0 for rules of no bucket; kNoRule: the VIP is
// none of theirs.
struct FlowPlace {
    RuleId rule;
    BucketId bucket;
};
[[nodiscard]] FlowPlace place_of(const FlowKey& key, const Tables& tables);

// The fence for all packets, ownership for those that no descriptor decides. Leaves packets of TCP
// flows and sessions live.
void locate(Burst& burst, const BurstContext& context);

// Reasons, and for packets that have a rule whether it accepted or rejected them. Packets and bytes
// of the ports are counted by whoever receives and sends them.
void count_ingress(const Burst& burst, Counters& counters);

// Inside to outside: source addresses, ARP and neighbour discovery bodies. Settles every packet;
// `sent` ones that are TCP keep what the parser learnt, with client and VIP named from the flow's
// point of view.
void mask(Burst& burst, const BurstContext& context);

void count_egress(const Burst& burst, Counters& counters);

// What changes in a frame that the settled reason sends to the inside port: its destination becomes
// the inside device's. Group destinations of broadcast and multicast packets stay; a unicast packet
// sent to a multicast cluster MAC is rewritten, as no stack would take it otherwise. Requires:
// goes_inside(reason).
[[nodiscard]] constexpr bool may_go_to_group(Reason reason) {
    return reason == Reason::broadcast || reason == Reason::multicast ||
           reason == Reason::igmp_query;
}
inline void deliver_inside(Frame& frame, Reason reason, const PortAddresses& ports) {
    if (may_go_to_group(reason) && (frame.data[0] & 1U) != 0) return;
    put_mac(frame.data, ports.inside);
}

}  // namespace nlb
