// The lane is the hash of the client's address under the cluster's key, so that nobody outside can aim at one worker.
#include "core/steer.hpp"

#include "core/affinity_hash.hpp"

namespace nlb {
namespace {

bool belongs_together(const PacketInfo& info) {
    return (info.traits & (kFragmentTraits | kTraitSession)) != 0 || info.session_role != SessionRole::none;
}

}  // namespace

void steer(Burst& burst, const Snapshot& snapshot) {
    if (snapshot.lanes <= 1 || (burst.traits & (kFragmentTraits | kTraitSession)) == 0) return;
    for (const std::uint32_t i : unrecognised(burst)) {
        PacketInfo& info = burst.info[i];
        if (burst.reasons[i] != Reason::live || !belongs_together(info)) continue;
        const std::uint64_t hash = affinity_hash(snapshot.tables.hash_key, info.client, 0);
        const auto lane = static_cast<std::uint16_t>((hash * snapshot.lanes) >> 32);
        if (lane == snapshot.lane) continue;
        info.fragment.place = lane;
        burst.reasons[i] = Reason::steered;
    }
}

}  // namespace nlb
