// Why a packet was settled the way it was: every reason once, with its verdict and where the frame
// goes next. Workers count one reason per packet; `nlb explain`, metrics and traces print the same
// words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nlb {

enum class Verdict : std::uint8_t {
    live,  // not settled yet: the next stage decides
    // a fragment that is kept until the first one of its datagram comes; it is settled again then
    wait,
    accept,   // delivered to the server
    reject,   // another host's packet
    drop,     // nobody's
    consume,  // answered or used by nlb itself
    send,     // leaves on the outside port (frames that came from inside)
};

// Where the frame goes after the burst is settled.
enum class Output : std::uint8_t { none, inside, outside, control, inside_and_control, held, lane };
inline constexpr std::size_t kOutputCount = 7;

// clang-format off
//   name                    verdict  output   help
#define NLB_REASONS(X) \
    X(live,                   live,    none,    "not settled") \
    /* accept */ \
    X(owner,                  accept,  inside,  "this host owns the bucket") \
    X(new_flow,               accept,  inside,  "this host owns the bucket; a descriptor was made for the new flow") \
    X(untracked_flow,         accept,  inside,  "this host owns the bucket; the connection table is full, so the flow is not tracked") \
    X(descriptor,             accept,  inside,  "the flow began here and stays here although its bucket moved") \
    X(client_guest,           accept,  inside,  "another host owns the bucket and has granted this client: it was here before its bucket moved") \
    X(dedicated,              accept,  inside,  "sent to this host's dedicated address") \
    X(link_local,             accept,  inside,  "sent to this host's station address for a link-local one: the inside stack's own") \
    X(broadcast,              accept,  inside,  "broadcast: every host takes it") \
    X(multicast,              accept,  inside,  "multicast: every host takes it") \
    X(igmp_query,             accept,  inside_and_control, "an IGMP query: every inside stack answers for itself, the control plane for the cluster's group") \
    X(neighbour_reply,        accept,  inside,  "an ARP reply or neighbour advertisement: every inside stack may learn from it") \
    X(echo_all,               accept,  inside,  "echo request, and icmp: all") \
    X(fragment_followed,      accept,  inside,  "a later fragment: it follows the first one of its datagram, which this host took") \
    /* wait */ \
    X(fragment_held,          wait,    held,    "a later fragment waits for the first one of its datagram") \
    X(steered,                wait,    lane,    "handed to a worker that remembers this client's fragments, sessions or flow") \
    /* reject */ \
    X(not_owner,              reject,  none,    "another host owns the bucket") \
    X(tracked_elsewhere,      reject,  none,    "owned here, but another host has descriptors in the bucket and this flow has none here") \
    X(client_elsewhere,       reject,  none,    "owned here, but the client was at another host before its bucket moved, and is granted to it") \
    X(guest_untracked,        reject,  none,    "the client is granted to this host, but the connection table is full: nobody would know its flow") \
    X(moved_flow,             reject,  none,    "a SYN for a flow tracked here whose bucket moved: its descriptor is deleted") \
    X(fenced,                 reject,  none,    "this host's lease ran out or its link is down: it answers for no virtual address") \
    X(other_host,             reject,  none,    "sent to another host's dedicated address") \
    X(not_default_host,       reject,  none,    "ARP or neighbour solicitation for a virtual address: the default host answers it") \
    /* drop */ \
    X(no_tables,              drop,    none,    "no tables are installed yet") \
    X(truncated,              drop,    none,    "the frame ends before a header does") \
    X(vlan_depth,             drop,    none,    "more than two VLAN tags") \
    X(ethertype,              drop,    none,    "neither IP nor ARP") \
    X(own_frame,              drop,    none,    "sent by this host itself") \
    X(ip_version,             drop,    none,    "the IP version does not match the ethertype") \
    X(ip_header_length,       drop,    none,    "an impossible IP header length") \
    X(ip_total_length,        drop,    none,    "the IP length exceeds the frame or is shorter than its header") \
    X(ip_checksum,            drop,    none,    "wrong IPv4 header checksum") \
    X(ip_extension_headers,   drop,    none,    "too many, malformed or misplaced IPv6 extension headers") \
    X(martian_unspecified,    drop,    none,    "the source address is unspecified") \
    X(martian_broadcast,      drop,    none,    "the source address is a broadcast address") \
    X(martian_multicast,      drop,    none,    "the source address is a multicast address") \
    X(martian_loopback,       drop,    none,    "a loopback address on the wire") \
    X(martian_mapped,         drop,    none,    "an IPv4-mapped IPv6 address on the wire: it would be taken for the IPv4 one") \
    X(martian_land,           drop,    none,    "source and destination are the same") \
    X(not_our_address,        drop,    none,    "not an address of this cluster or host") \
    X(transport_header,       drop,    none,    "an impossible or truncated TCP, UDP or ICMP header") \
    X(rule_disabled,          drop,    none,    "the port rule is disabled") \
    X(syn_shed,               drop,    none,    "new flows come faster than half-open ones could be answered: the excess of a flood") \
    X(no_owner,               drop,    none,    "no host that is present handles this rule") \
    X(fragment_tiny,          drop,    none,    "the first fragment does not hold the transport header (RFC 1858, RFC 8200)") \
    X(fragment_unmatched,     drop,    none,    "a later fragment whose first one was not seen in time") \
    X(fragment_malformed,     drop,    none,    "a fragment without data, or one in the middle whose length is no multiple of 8") \
    X(fragment_duplicate,     drop,    none,    "a fragment that came before") \
    X(fragment_overlap,       drop,    none,    "fragments of its datagram overlap or disagree about its end (RFC 5722)") \
    X(fragment_table_full,    drop,    none,    "too many later fragments wait for their first ones") \
    X(arp_malformed,          drop,    none,    "not an Ethernet/IPv4 ARP packet") \
    X(arp_not_ours,           drop,    none,    "ARP for an address that is not ours") \
    X(virtual_announcement,   drop,    none,    "an announcement of a virtual address: no inside stack may take it for a duplicate") \
    X(no_room,                drop,    none,    "the answer does not fit the frame's buffer") \
    X(nd_malformed,           drop,    none,    "a neighbour discovery message that RFC 4861 tells to discard") \
    X(nd_not_ours,            drop,    none,    "neighbour solicitation for an address that is not ours") \
    X(inside_malformed,       drop,    none,    "a frame from inside that is too short, too deeply tagged or too broken to be masked") \
    X(inside_virtual_probe,   drop,    none,    "the inside stack probes for a duplicate of a virtual address; other hosts would answer") \
    X(inside_control,         drop,    none,    "a frame from inside on the heartbeat's ethertype: servers may not speak for the cluster") \
    X(heartbeat_shed,         drop,    none,    "a frame on the heartbeat's ethertype that bears no seal of this cluster, or no news, while many such come") \
    X(output_full,            drop,    none,    "the other port's queue was full") \
    /* consume */ \
    X(heartbeat,              consume, control, "a frame on the heartbeat's ethertype") \
    X(arp_answered,           consume, outside, "ARP request answered") \
    X(nd_answered,            consume, outside, "neighbour solicitation answered") \
    /* inside to outside */ \
    X(sent,                   send,    outside, "left with this host's masked source address")
// clang-format on

enum class Reason : std::uint8_t {
#define NLB_X(name, verdict, output, help) name,
    NLB_REASONS(NLB_X)
#undef NLB_X
};

struct ReasonInfo {
    std::string_view name;
    Verdict verdict;
    Output output;
    std::string_view help;
};

inline constexpr auto kReasons = std::to_array<ReasonInfo>({
#define NLB_X(name, verdict, output, help) {#name, Verdict::verdict, Output::output, help},
    NLB_REASONS(NLB_X)
#undef NLB_X
});
inline constexpr std::size_t kReasonCount = kReasons.size();

[[nodiscard]] constexpr const ReasonInfo& info_of(Reason reason) {
    return kReasons[static_cast<std::size_t>(reason)];
}
[[nodiscard]] constexpr Verdict verdict_of(Reason reason) {
    return info_of(reason).verdict;
}
// The same by itself: workers ask for each packet, and a byte per reason stays in one line or two.
inline constexpr auto kOutputs = [] {
    std::array<Output, kReasonCount> outputs{};
    for (std::size_t i = 0; i < kReasonCount; ++i) outputs[i] = kReasons[i].output;
    return outputs;
}();
[[nodiscard]] constexpr Output output_of(Reason reason) {
    return kOutputs[static_cast<std::size_t>(reason)];
}
[[nodiscard]] constexpr bool goes_inside(Reason reason) {
    return output_of(reason) == Output::inside || output_of(reason) == Output::inside_and_control;
}

}  // namespace nlb
