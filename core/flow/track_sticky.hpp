// The track_sticky stage: in place of track for packets of rules with a time-out
// (core/clients/client_record.hpp). Who serves a client is asked of the client table, and
// everything else is as for other rules. Packets that open nothing pay a look-up only in buckets of
// which some client was granted to another host. A rule's packets are all here or all there.
#pragma once

#include "core/clients/client_table.hpp"
#include "core/flow/track.hpp"

namespace nlb {

// Who serves the packet's client, as far as its descriptor says nothing else. Without a client
// table clients have no former host. Requires: is_sticky(info.rule).
[[nodiscard]] Standing standing_of(const PacketInfo& info, const BurstContext& context);

// A TCP packet whose client is not served as its bucket is owned. Its descriptor, if there is one,
// knows better.
[[nodiscard]] TrackDecision decide_sticky(const PacketInfo& info, const Byte* segment,
                                          const Tables& tables, Standing standing,
                                          Descriptor* found, std::uint32_t now_s);

[[nodiscard]] inline bool is_as_owned(Standing standing) {
    return standing == Standing::ours || standing == Standing::not_ours;
}

template <Connections Table>
[[nodiscard]] Reason track_sticky_tcp(const Frame& frame, const PacketInfo& info,
                                      LookUpContext& look_up, const BurstContext& context,
                                      Table& connections, Counters& counters) {
    const Standing standing = standing_of(info, context);
    Reason reason = Reason::live;
    if (is_as_owned(standing) && !needs_look_up(info, look_up, reason)) return reason;
    const FlowKey key = flow_key_of(info);
    const std::uint32_t now_s = seconds_of(context.now);
    Descriptor* const found = connections.find(key);
    const TrackDecision decision =
        is_as_owned(standing)
            ? decide_tracked(info, segment_of(frame, info), context.tables, found, now_s)
            : decide_sticky(info, segment_of(frame, info), context.tables, standing, found, now_s);
    reason = apply(decision, info, key, found, connections, now_s, counters);
    // Without a descriptor the rest of a guest's flow would be nobody's: another host has the
    // bucket.
    return reason == Reason::untracked_flow && standing == Standing::guest ? Reason::guest_untracked
                                                                           : reason;
}

// Settles what is still live: packets of rules with a time-out.
template <Connections Table>
void track_sticky(Burst& burst, const BurstContext& context, Table& connections,
                  Counters& counters) {
    if (burst.sticky == 0) return;
    LookUpContext look_up{context.tables, connections.flow_index()};
    for (const std::uint32_t i : Slots(burst.sticky & slots_of(burst, Reason::live))) {
        const PacketInfo& info = burst.info[i];
        if (info.protocol == kProtocolTcp) {
            burst.reasons[i] =
                track_sticky_tcp(burst.frames[i], info, look_up, context, connections, counters);
            continue;
        }
        switch (standing_of(info, context)) {
            case Standing::ours:
                burst.reasons[i] = Reason::owner;
                break;
            case Standing::elsewhere:
                burst.reasons[i] = Reason::client_elsewhere;
                break;
            case Standing::guest:
                burst.reasons[i] = Reason::client_guest;
                break;
            case Standing::not_ours:
                burst.reasons[i] = rejection(context.tables, info.rule, info.bucket);
                break;
        }
    }
    counters.connections = connections.flow_index().counts();
}

}  // namespace nlb
