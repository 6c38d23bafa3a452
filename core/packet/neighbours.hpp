// ARP and IPv6 neighbour discovery as the answer_neighbours stage sees them. The inside stack never
// answers for a virtual address: the default host's cores do, with the cluster MAC. It keeps no
// cache and sends nothing unasked.
#pragma once

#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// Both settle the packet, and on arp_answered and nd_answered have turned the frame into the
// answer. Require: the parser has set the trait of the message.
[[nodiscard]] Reason settle_arp(Frame& frame, const PacketInfo& info, const BurstContext& context);
[[nodiscard]] Reason settle_neighbour_message(Frame& frame, const PacketInfo& info,
                                              const BurstContext& context);

// Who answers a request for `target`: `answer` says that it is this host, and `mac` with what;
// otherwise `reason` is why not.
struct AnswerChoice {
    bool answer = false;
    MacAddress mac;
    Reason reason = Reason::live;
};
[[nodiscard]] AnswerChoice choose_answer(const IpAddress& target, const BurstContext& context,
                                         Reason unknown_target);

}  // namespace nlb
