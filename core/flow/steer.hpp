// Which worker decides a packet where adapters cannot know: they spread packets over queues by
// addresses and ports, but a fragment has no ports, and IKE, NAT traversal, ESP and AH of one
// client, or a PPTP connection and its tunnel, look unlike to them. What must be remembered
// together goes to one lane, by its client; everything else stays where it came. An ICMP error
// comes by the addresses of whoever sent it: where its flow's descriptor is not here, the lanes
// that hold some in the bucket are asked one after the other.
#pragma once

#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// Where a client's packets that belong together go.
[[nodiscard]] std::uint16_t home_lane(const IpAddress& client, const BurstContext& context);

// Settles as `steered` what another lane has to decide, with that lane's number in
// info.fragment.slot. On a host with one lane nothing. Requires: parse ran.
void steer(Burst& burst, const BurstContext& context);

// The same with errors about TCP flows that this lane would reject, although another lane of this
// host may track the flow. Requires: track and track_sticky ran.
void ask_other_lanes(Burst& burst, const BurstContext& context);

}  // namespace nlb
