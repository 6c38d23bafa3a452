// The locate stage, and the counting of what all stages decided. Locate holds the promise of one
// owner: nothing for a virtual address passes once the fence has fallen. It looks no descriptor up.
#include <bit>

#include "core/flow/track_decision.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/stages.hpp"

namespace nlb {
namespace {

bool has_descriptors(const PacketInfo& info) {
    return (info.protocol == kProtocolTcp && (info.traits & kTraitNoPorts) == 0) ||
           (info.traits & kTraitSession) != 0;
}

Reason locate_packet(const PacketInfo& info, const Tables& tables) {
    if (has_descriptors(info)) return Reason::live;
    if ((tables.own[info.rule] >> info.bucket & 1U) != 0) return Reason::owner;
    return rejection(tables, info.rule, info.bucket);
}

// A word of memory is written per burst, not per packet, where all packets have one rule.
void count_rules(const Burst& burst, std::uint64_t slots,
                 std::array<std::uint64_t, kRuleSlots>& counts) {
    if (burst.one_rule) {
        counts[burst.rule_at(0)] += static_cast<std::uint64_t>(std::popcount(slots));
        return;
    }
    for (const std::uint32_t i : Slots(slots))
        if (const RuleId rule = burst.rule_at(i); rule != kNoRule) ++counts[rule];
}

}  // namespace

void locate(Burst& burst, const BurstContext& context) {
    // Of rules with a time-out the stick stage decides, behind the same fence.
    const std::uint64_t left_alone =
        context.fence_holds ? burst.on_fast_path | burst.sticky : burst.on_fast_path;
    for (const std::uint32_t i : Slots(all_slots(burst) & ~left_alone)) {
        if (burst.reasons[i] != Reason::live) continue;
        burst.reasons[i] =
            context.fence_holds ? locate_packet(burst.info[i], context.tables) : Reason::fenced;
    }
}

void count_ingress(const Burst& burst, Counters& counters) {
    for_each_reason(burst, [&](Reason reason, std::uint64_t slots) {
        counters.reasons[static_cast<std::size_t>(reason)] +=
            static_cast<std::uint64_t>(std::popcount(slots));
        const Verdict verdict = verdict_of(reason);
        if (verdict == Verdict::accept) count_rules(burst, slots, counters.accepted);
        if (verdict == Verdict::reject) count_rules(burst, slots, counters.rejected);
    });
}

void count_egress(const Burst& burst, Counters& counters) {
    for (std::uint32_t i = 0; i < burst.count; ++i) counters.count(burst.reasons[i]);
}

}  // namespace nlb
