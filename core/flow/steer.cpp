// The lane is the hash of the client's address under the cluster's key, so that nobody outside can aim at one worker.
#include "core/flow/steer.hpp"

#include "core/flow/flow_index.hpp"
#include "core/packet/headers.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {
namespace {

bool belongs_together(const PacketInfo& info) {
    return (info.traits & (kFragmentTraits | kTraitSession)) != 0 || info.session_role != SessionRole::none;
}

// Where a client's packets that belong together go.
std::uint16_t home_lane(const PacketInfo& info, const Snapshot& snapshot) {
    const std::uint64_t hash = affinity_hash(snapshot.tables.hash_key, info.client, 0);
    return static_cast<std::uint16_t>((hash * snapshot.lanes) >> 32);
}

bool is_error_about_foreign_flow(const PacketInfo& info, Reason reason) {
    constexpr std::uint8_t kOthers = kTraitSession | kTraitNoPorts | kFragmentTraits;
    return (info.traits & (kTraitIcmpError | kOthers)) == kTraitIcmpError && info.protocol == kProtocolTcp && info.rule != kNoRule &&
           verdict_of(reason) == Verdict::reject;
}

// Lanes are asked in turn from the client's home lane on, so that a frame which was handed over knows who was asked before. False: nobody
// is left who might know the flow.
bool choose_next_lane(PacketInfo& info, const Snapshot& snapshot, bool handed_over) {
    const std::uint16_t home = home_lane(info, snapshot);
    const auto lanes = snapshot.lanes;
    const auto own_turn = static_cast<std::uint16_t>((snapshot.lane + lanes - home) % lanes);
    for (auto turn = static_cast<std::uint16_t>(handed_over ? own_turn + 1 : 0); turn < lanes; ++turn) {
        const auto lane = static_cast<std::uint16_t>((home + turn) % lanes);
        if (lane == snapshot.lane || !snapshot.ledgers[lane]->may_hold(info.rule, info.bucket, snapshot.tables.layout)) continue;
        info.fragment.place = lane;
        return true;
    }
    return false;
}

}  // namespace

void steer(Burst& burst, const Snapshot& snapshot) {
    if (snapshot.lanes <= 1 || (burst.traits & (kFragmentTraits | kTraitSession)) == 0) return;
    for (const std::uint32_t i : unrecognised(burst)) {
        PacketInfo& info = burst.info[i];
        if (burst.reasons[i] != Reason::live || !belongs_together(info)) continue;
        const std::uint16_t lane = home_lane(info, snapshot);
        if (lane == snapshot.lane) continue;
        info.fragment.place = lane;
        burst.reasons[i] = Reason::steered;
    }
}

void ask_other_lanes(Burst& burst, const Snapshot& snapshot) {
    if (snapshot.ledgers.size() <= 1 || (burst.traits & kTraitIcmpError) == 0 || !snapshot.fence_holds) return;
    for (const std::uint32_t i : unrecognised(burst)) {
        if (!is_error_about_foreign_flow(burst.info[i], burst.reasons[i])) continue;
        if (choose_next_lane(burst.info[i], snapshot, burst.handed_over)) burst.reasons[i] = Reason::steered;
    }
}

}  // namespace nlb
