// LookUpMasks (core/flow/look_up.hpp) of all rules, for bursts that ask for several. Private to
// core/fastpath. It looks nothing up about single packets.
#pragma once

#include "core/base/rule_masks.hpp"
#include "core/base/types.hpp"
#include "core/flow/flow_index.hpp"
#include "core/packet/burst_context.hpp"

namespace nlb {

// Of no bucket behind a fallen fence.
struct LookUpsByRule {
    LookUpsByRule(const BurstContext& context, const FlowIndex& flow_index);
    void add_to_track(RuleId rule, BucketMask buckets) {
        to_track[rule] |= buckets;
        live[rule] |= buckets;
        any_to_track |= buckets;
    }

    RuleMasks clean;
    RuleMasks watched;
    RuleMasks to_track;
    RuleMasks live;              // those to track, and those where somebody watches
    BucketMask any_watched = 0;  // of whatever rule
    BucketMask any_to_track = 0;
};

// Two versions that do the same: tests/unit/core/fastpath compares them.
using FillLookUps = void(const BurstContext& context, const FlowIndex& flow_index,
                         LookUpsByRule& look_ups);
FillLookUps fill_look_ups_portable;
// Requires: has_avx2().
FillLookUps fill_look_ups_avx2;

}  // namespace nlb
