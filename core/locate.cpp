// The locate stage, and the counting of what all stages decided. Locate holds the promise of one owner: nothing for a virtual
// address passes once the fence has fallen. It looks no descriptor up.
#include "core/headers.hpp"
#include "core/stages.hpp"
#include "core/track_decision.hpp"

namespace nlb {
namespace {

bool has_descriptors(const PacketInfo& info) {
    return (info.protocol == kProtocolTcp && (info.traits & kTraitNoPorts) == 0) || (info.traits & kTraitSession) != 0;
}

Reason locate_packet(const PacketInfo& info, const Tables& tables) {
    if (has_descriptors(info)) return Reason::live;
    if ((tables.own[info.rule] >> info.bucket & 1U) != 0) return Reason::owner;
    return rejection(tables, info.rule, info.bucket);
}

}  // namespace

void locate(Burst& burst, const Snapshot& snapshot) {
    for (std::uint32_t i = 0; i < burst.count; ++i) {
        if (burst.reasons[i] != Reason::live) continue;
        burst.reasons[i] = snapshot.fence_holds ? locate_packet(burst.info[i], snapshot.tables) : Reason::fenced;
    }
}

void count_ingress(const Burst& burst, Counters& counters) {
    for (std::uint32_t i = 0; i < burst.count; ++i) {
        counters.count(burst.reasons[i]);
        const RuleId rule = burst.info[i].rule;
        if (rule == kNoRule) continue;
        const Verdict verdict = verdict_of(burst.reasons[i]);
        if (verdict == Verdict::accept) ++counters.accepted[rule];
        if (verdict == Verdict::reject) ++counters.rejected[rule];
    }
}

void count_egress(const Burst& burst, Counters& counters) {
    for (std::uint32_t i = 0; i < burst.count; ++i) counters.count(burst.reasons[i]);
}

void deliver_inside(Frame& frame, Reason reason, const PortAddresses& ports) {
    const bool to_group = reason == Reason::broadcast || reason == Reason::multicast || reason == Reason::igmp_query;
    if (to_group && (frame.data[0] & 1U) != 0) return;
    put_mac(frame.data, ports.inside);
}

}  // namespace nlb
