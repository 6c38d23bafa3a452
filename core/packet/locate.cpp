// The locate stage. It holds the promise of one owner: nothing for a virtual address passes once
// the fence has fallen. It looks no descriptor up.
#include "core/packet/headers.hpp"
#include "core/packet/ownership.hpp"
#include "core/packet/stages.hpp"

namespace nlb {
namespace {

bool has_descriptors(const PacketInfo& info) {
    return (info.protocol == kProtocolTcp && (info.traits & kTraitNoPorts) == 0) ||
           (info.traits & kTraitSession) != 0;
}

Reason locate_packet(const PacketInfo& info, const Tables& tables) {
    if (has_descriptors(info)) return Reason::live;
    if (owns(tables, info.rule, info.bucket)) return Reason::owner;
    return rejection(tables, info.rule, info.bucket);
}

}  // namespace

void locate(Burst& burst, const BurstContext& context) {
    // Packets of sticky rules are left to the track_sticky stage, behind the same fence.
    const std::uint64_t left_alone =
        context.fence_holds ? burst.on_fast_path | burst.sticky : burst.on_fast_path;
    for (const std::uint32_t i : Slots(all_slots(burst) & ~left_alone)) {
        if (burst.reasons[i] != Reason::live) continue;
        burst.reasons[i] =
            context.fence_holds ? locate_packet(burst.info[i], context.tables) : Reason::fenced;
    }
}

}  // namespace nlb
