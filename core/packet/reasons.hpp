// Why a packet was settled the way it was: every reason once, with its verdict, where the frame
// goes next and what it was sent to. Workers count one reason per packet; `nlb explain`, metrics
// and traces print the same words. Nothing here decides which reason a packet has.
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

// What an accepted packet was sent to, as far as it still matters once the packet is settled.
enum class SentTo : std::uint8_t {
    other,
    // A virtual address: only the owner of the bucket, or the holder of a descriptor or a grant,
    // may deliver it, and not past its lease.
    vip,
    group,  // it keeps a group MAC as its destination on the inside port
};

// clang-format off
//   name                   verdict  output              sent_to help
#define NLB_REASONS(X) \
    X(live,                  live,    none,               other, "not settled") \
    /* accept */ \
    X(owner,                 accept,  inside,             vip,   "this host owns the bucket") \
    X(new_flow,              accept,  inside,             vip,   "this host owns the bucket; a descriptor was made for the new flow") \
    X(untracked_flow,        accept,  inside,             vip,   "this host owns the bucket; the connection table is full, so the flow is not tracked") \
    X(descriptor,            accept,  inside,             vip,   "the flow began here and stays here although its bucket moved") \
    X(client_guest,          accept,  inside,             vip,   "another host owns the bucket and has granted this client: it was here before its bucket moved") \
    X(dedicated,             accept,  inside,             other, "sent to this host's dedicated address") \
    X(link_local,            accept,  inside,             other, "sent to this host's station address for a link-local one: the inside stack's own") \
    X(broadcast,             accept,  inside,             group, "broadcast: every host takes it") \
    X(multicast,             accept,  inside,             group, "multicast: every host takes it") \
    X(igmp_query,            accept,  inside_and_control, group, "an IGMP query: every inside stack answers for itself, the control plane for the cluster's group") \
    X(neighbour_reply,       accept,  inside,             other, "an ARP reply or neighbour advertisement: every inside stack may learn from it") \
    X(echo_all,              accept,  inside,             vip,   "echo request, and icmp: all") \
    X(fragment_followed,     accept,  inside,             vip,   "a later fragment: it follows the first one of its datagram, which this host took") \
    /* wait */ \
    X(fragment_held,         wait,    held,               other, "a later fragment waits for the first one of its datagram") \
    X(steered,               wait,    lane,               other, "handed to a worker that remembers this client's fragments, sessions or flow") \
    /* reject */ \
    X(not_owner,             reject,  none,               other, "another host owns the bucket") \
    X(tracked_elsewhere,     reject,  none,               other, "owned here, but another host has descriptors in the bucket and this flow has none here") \
    X(client_elsewhere,      reject,  none,               other, "owned here, but the client was at another host before its bucket moved, and is granted to it") \
    X(guest_untracked,       reject,  none,               other, "the client is granted to this host, but the connection table is full: nobody would know its flow") \
    X(moved_flow,            reject,  none,               other, "a SYN for a flow tracked here whose bucket moved: its descriptor is deleted") \
    X(fenced,                reject,  none,               other, "this host's lease ran out or its link is down: it answers for no virtual address") \
    X(other_host,            reject,  none,               other, "sent to another host's dedicated address") \
    X(not_default_host,      reject,  none,               other, "ARP or neighbour solicitation for a virtual address: the default host answers it") \
    /* drop */ \
    X(no_tables,             drop,    none,               other, "no tables are installed yet") \
    X(truncated,             drop,    none,               other, "the frame ends before a header does") \
    X(too_large,             drop,    none,               other, "the frame is larger than the host's MTU has buffers for") \
    X(vlan_depth,            drop,    none,               other, "more than two VLAN tags") \
    X(other_station,         drop,    none,               other, "sent to another station's MAC: the port hears it, but it is not for this host") \
    X(other_vlan,            drop,    none,               other, "in another VLAN than the cluster's") \
    X(ethertype,             drop,    none,               other, "neither IP nor ARP") \
    X(own_frame,             drop,    none,               other, "sent by this host itself") \
    X(ip_version,            drop,    none,               other, "the IP version does not match the ethertype") \
    X(ip_header_length,      drop,    none,               other, "an impossible IP header length") \
    X(ip_total_length,       drop,    none,               other, "the IP length exceeds the frame or is shorter than its header") \
    X(ip_checksum,           drop,    none,               other, "wrong IPv4 header checksum") \
    X(ip_extension_headers,  drop,    none,               other, "too many, malformed or misplaced IPv6 extension headers") \
    X(martian_unspecified,   drop,    none,               other, "the source address is unspecified") \
    X(martian_broadcast,     drop,    none,               other, "the source address is a broadcast address") \
    X(martian_multicast,     drop,    none,               other, "the source address is a multicast address") \
    X(martian_loopback,      drop,    none,               other, "a loopback address on the wire") \
    X(martian_mapped,        drop,    none,               other, "an IPv4-mapped IPv6 address on the wire: it would be taken for the IPv4 one") \
    X(martian_land,          drop,    none,               other, "source and destination are the same") \
    X(not_our_address,       drop,    none,               other, "not an address of this cluster or host") \
    X(transport_header,      drop,    none,               other, "an impossible or truncated TCP, UDP or ICMP header") \
    X(rule_disabled,         drop,    none,               other, "the port rule is disabled") \
    X(syn_shed,              drop,    none,               other, "new flows come faster than half-open ones could be answered: the excess of a flood") \
    X(no_owner,              drop,    none,               other, "no host that is present handles this rule") \
    X(fragment_tiny,         drop,    none,               other, "the first fragment does not hold the transport header (RFC 1858, RFC 8200)") \
    X(fragment_unmatched,    drop,    none,               other, "a later fragment whose first one was not seen in time") \
    X(fragment_malformed,    drop,    none,               other, "a fragment without data, or one in the middle whose length is no multiple of 8") \
    X(fragment_duplicate,    drop,    none,               other, "a fragment that came before") \
    X(fragment_overlap,      drop,    none,               other, "fragments of its datagram overlap or disagree about its end (RFC 5722)") \
    X(fragment_table_full,   drop,    none,               other, "too many later fragments wait for their first ones") \
    X(arp_malformed,         drop,    none,               other, "not an Ethernet/IPv4 ARP packet") \
    X(arp_not_ours,          drop,    none,               other, "ARP for an address that is not ours") \
    X(virtual_announcement,  drop,    control,            other, "somebody says that a virtual address is his: the control plane judges it, no inside stack takes it for a duplicate") \
    X(no_room,               drop,    none,               other, "the answer does not fit the frame's buffer") \
    X(nd_malformed,          drop,    none,               other, "a neighbour discovery message that RFC 4861 tells to discard") \
    X(nd_not_ours,           drop,    none,               other, "neighbour solicitation for an address that is not ours") \
    X(inside_malformed,      drop,    none,               other, "a frame from inside that is too short, too deeply tagged or too broken to be masked") \
    X(inside_virtual_probe,  drop,    none,               other, "the inside stack probes for a duplicate of a virtual address; other hosts would answer") \
    X(inside_control,        drop,    none,               other, "a frame from inside on the heartbeat's ethertype: servers may not speak for the cluster") \
    X(heartbeat_shed,        drop,    none,               other, "a frame on the heartbeat's ethertype that bears no seal of this cluster, or no news, while many such come") \
    X(remote_control_shed,   drop,    none,               other, "a datagram for remote control beyond the rate that the control plane is asked to look at") \
    X(output_full,           drop,    none,               other, "the other port's queue was full") \
    /* consume */ \
    X(heartbeat,             consume, control,            other, "a frame on the heartbeat's ethertype") \
    X(heartbeat_other_vlan,  consume, control,            other, "a frame on the heartbeat's ethertype, in another VLAN than the cluster's") \
    X(remote_control,        consume, control,            other, "a datagram for remote control: the control plane looks whether it bears the key") \
    X(arp_answered,          consume, outside,            other, "ARP request answered") \
    X(nd_answered,           consume, outside,            other, "neighbour solicitation answered") \
    /* inside to outside */ \
    X(sent,                  send,    outside,            other, "left with this host's masked source address") \
    X(answered_elsewhere,    send,    outside,            other, "left; it begins a connection from a virtual address whose answers another host will get") \
    X(inside_answer,         consume, control,            other, "a server inside answers this port, which asks for its MAC")
// clang-format on

enum class Reason : std::uint8_t {
#define NLB_X(name, verdict, output, sent_to, help) name,
    NLB_REASONS(NLB_X)
#undef NLB_X
};

struct ReasonInfo {
    std::string_view name;
    Verdict verdict;
    Output output;
    SentTo sent_to;
    std::string_view help;
};

inline constexpr auto kReasons = std::to_array<ReasonInfo>({
#define NLB_X(name, verdict, output, sent_to, help) \
    {#name, Verdict::verdict, Output::output, SentTo::sent_to, help},
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
// Columns by themselves: workers ask for each packet, and a byte per reason stays in one line or
// two.
template <class Column>
[[nodiscard]] constexpr std::array<Column, kReasonCount> column_of(Column ReasonInfo::*member) {
    std::array<Column, kReasonCount> column{};
    for (std::size_t i = 0; i < kReasonCount; ++i) column[i] = kReasons[i].*member;
    return column;
}
inline constexpr auto kOutputs = column_of(&ReasonInfo::output);
inline constexpr auto kSentTo = column_of(&ReasonInfo::sent_to);

[[nodiscard]] constexpr Output output_of(Reason reason) {
    return kOutputs[static_cast<std::size_t>(reason)];
}
[[nodiscard]] constexpr bool goes_inside(Reason reason) {
    return output_of(reason) == Output::inside || output_of(reason) == Output::inside_and_control;
}
// A fence that falls after the packet was accepted takes it back.
[[nodiscard]] constexpr bool is_accepted_for_vip(Reason reason) {
    return kSentTo[static_cast<std::size_t>(reason)] == SentTo::vip;
}
[[nodiscard]] constexpr bool keeps_group(Reason reason) {
    return kSentTo[static_cast<std::size_t>(reason)] == SentTo::group;
}
static_assert([] {
    for (const ReasonInfo& reason : kReasons)
        if (reason.sent_to != SentTo::other && reason.verdict != Verdict::accept) return false;
    return true;
}());

}  // namespace nlb
