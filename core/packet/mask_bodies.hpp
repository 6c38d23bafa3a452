// The link addresses inside ARP, RARP and neighbour discovery that leave a host: the cluster MAC
// for virtual addresses, the station's for all others. In the multicast modes a question never
// names a virtual address as its sender: the cluster MAC is a group address there, which no
// neighbour should learn from a question (RFC 1812 3.3.2 forbids it), and the station's would be
// learnt as the VIP's. Nothing else of a frame changes here.
#pragma once

#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// Each returns Reason::sent, Reason::inside_answer of an answer to the inside port's own question,
// or why the frame must not leave. `former` is the source address before
// masking.
[[nodiscard]] Reason mask_arp(Frame& frame, std::size_t at, const MacAddress& former,
                              const BurstContext& context);
[[nodiscard]] Reason mask_reverse_arp(Frame& frame, std::size_t at, const MacAddress& former,
                                      const BurstContext& context);
// Requires: info is what parse_ipv6 left, whatever it said.
[[nodiscard]] Reason mask_neighbour_options(Frame& frame, const PacketInfo& info,
                                            const MacAddress& former, const BurstContext& context);

}  // namespace nlb
