// What is remembered of sessions (core/packet/session_protocols.hpp): IPsec, and the tunnel of a
// PPTP connection. A session is a client and a virtual address; it goes by the rule of the port
// that begins it, always by the client's address, and has a descriptor among the others, so that it
// stays on its host when its bucket moves. It keeps no state of IKE or PPTP.
//
// Whoever begins a session anew (an IKE initiation, a SYN to TCP 1723) is taken by the bucket's
// owner, and every other host forgets what it had of that client: so at most one host has a
// session.
#pragma once

#include "core/flow/flow.hpp"
#include "core/flow/flow_index.hpp"
#include "core/flow/track_decision.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/session_protocols.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

inline constexpr std::uint32_t kGreIdle_s = 10;

// One key for all packets of a session.
[[nodiscard]] inline FlowKey session_key_of(const PacketInfo& info) {
    return {
        info.client, info.vip, 0, 0, info.protocol == kProtocolGre ? kProtocolGre : kProtocolEsp,
        {}};
}

// Of a descriptor that a packet makes.
[[nodiscard]] inline FlowState first_state(const PacketInfo& info) {
    return info.protocol == kProtocolGre ? FlowState::gre : FlowState::half_open;
}

// What to do with a packet of a session whose descriptor was looked up; `found` may be nullptr, and
// is updated. Requires: info.rule and info.bucket are set.
[[nodiscard]] TrackDecision decide_session(const PacketInfo& info, const Tables& tables,
                                           Descriptor* found, std::uint32_t now_s);

// A SYN to TCP 1723 begins the client's GRE session at the owner and ends it everywhere else. Not
// with affinity none: there the tunnel's bucket has nothing to do with the connection's. True:
// descriptors were made or erased. Requires: info.session_role is `begins`, of TCP.
template <Connections Table>
bool begin_tunnel(const PacketInfo& info, const Tables& tables, Table& connections,
                  std::uint32_t now_s) {
    if (affinity_of(tables, info.rule) == Affinity::none) return false;
    const FlowKey key{info.client, info.vip, 0, 0, kProtocolGre, {}};
    const bool owned = owns(tables, info.rule, info.bucket);
    Descriptor* const found = connections.find(key);
    if (!owned) return found != nullptr && connections.erase(key);
    if (found != nullptr) {
        found->seen_s = now_s;
        return false;
    }
    return connections.insert(key, Descriptor{now_s, info.rule, info.bucket, FlowState::gre, 0}) !=
           nullptr;
}

// For a packet of a session from inside. A session is established by its server's answers; until
// then it lasts no longer than a half-open connection, so that forged packets do not fill the table
// for a day.
template <Connections Table>
void confirm_session(const Frame& frame, const PacketInfo& info, Table& connections) {
    const FlowKey key = session_key_of(info);
    if (info.protocol == kProtocolGre || !connections.flow_index().may_be_watched(key)) return;
    const std::size_t payload = info.l4_offset + sizeof(UdpHeader);
    if (info.protocol == kProtocolUdp &&
        (frame.length < payload ||
         !is_past_initiation(info.vip_port, frame.data + payload, frame.length - payload)))
        return;
    Descriptor* const found = connections.find(key);
    if (found == nullptr || found->state != FlowState::half_open) return;
    found->state = FlowState::ipsec;
    connections.flow_index().on_opened(key, *found);
}

}  // namespace nlb
