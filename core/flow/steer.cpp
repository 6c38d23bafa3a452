// The lane is the hash of the client's address under the cluster's key, so that nobody outside can
// aim at one worker.
#include "core/flow/steer.hpp"

#include "core/flow/flow_index.hpp"
#include "core/packet/headers.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {
namespace {

bool belongs_together(const PacketInfo& info) {
    return (info.traits & (kFragmentTraits | kTraitSession)) != 0 ||
           info.session_role != SessionRole::none;
}

bool is_error_about_foreign_flow(const PacketInfo& info, Reason reason) {
    constexpr std::uint8_t kOthers = kTraitSession | kTraitNoPorts | kFragmentTraits;
    return (info.traits & (kTraitIcmpError | kOthers)) == kTraitIcmpError &&
           info.protocol == kProtocolTcp && info.rule != kNoRule &&
           verdict_of(reason) == Verdict::reject;
}

// Lanes are asked in turn from the client's home lane on, so that a frame which was handed over
// knows who was asked before. False: nobody is left who might know the flow.
bool choose_next_lane(PacketInfo& info, const BurstContext& context, bool handed_over) {
    const std::uint16_t home = home_lane(info.client, context);
    const auto lanes = context.lanes;
    const auto own_turn = static_cast<std::uint16_t>((context.lane + lanes - home) % lanes);
    for (auto turn = static_cast<std::uint16_t>(handed_over ? own_turn + 1 : 0); turn < lanes;
         ++turn) {
        const auto lane = static_cast<std::uint16_t>((home + turn) % lanes);
        if (lane == context.lane ||
            !context.flow_indexes[lane]->may_hold(info.rule, info.bucket, context.tables.layout))
            continue;
        info.fragment.slot = lane;
        return true;
    }
    return false;
}

}  // namespace

std::uint16_t home_lane(const IpAddress& client, const BurstContext& context) {
    const std::uint64_t hash = affinity_hash(context.tables.hash_key, client, 0);
    return static_cast<std::uint16_t>((hash * context.lanes) >> 32);
}

void steer(Burst& burst, const BurstContext& context) {
    if (context.lanes <= 1 || (burst.traits & (kFragmentTraits | kTraitSession)) == 0) return;
    for (const std::uint32_t i : off_fast_path(burst)) {
        PacketInfo& info = burst.info[i];
        if (burst.reasons[i] != Reason::live || !belongs_together(info)) continue;
        const std::uint16_t lane = home_lane(info.client, context);
        if (lane == context.lane) continue;
        info.fragment.slot = lane;
        burst.reasons[i] = Reason::steered;
    }
}

void ask_other_lanes(Burst& burst, const BurstContext& context) {
    if (context.flow_indexes.size() <= 1 || (burst.traits & kTraitIcmpError) == 0 ||
        !context.fence_holds)
        return;
    for (const std::uint32_t i : off_fast_path(burst)) {
        if (!is_error_about_foreign_flow(burst.info[i], burst.reasons[i])) continue;
        if (choose_next_lane(burst.info[i], context, burst.handed_over))
            burst.reasons[i] = Reason::steered;
    }
}

}  // namespace nlb
