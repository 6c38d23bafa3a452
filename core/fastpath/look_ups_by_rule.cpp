// A loop over all rules that a compiler turns into vectors, compiled twice.
#include "core/fastpath/look_ups_by_rule.hpp"

#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/lanes.hpp"
#include "core/fastpath/rule_outcome.hpp"
#include "core/flow/look_up.hpp"

namespace nlb {
namespace {

[[gnu::always_inline]] inline void set(LookUpsByRule& look_ups, std::size_t rule,
                                       const LookUpMasks& masks) {
    look_ups.clean[rule] = masks.clean;
    look_ups.watched[rule] = masks.watched;
    look_ups.to_track[rule] = masks.to_track;
    look_ups.live[rule] = masks.to_track | masks.watched;
}

[[gnu::always_inline]] inline void fill(const BurstContext& context, const FlowIndex& flow_index,
                                        LookUpsByRule& look_ups) {
    const RuleMasks& own = context.tables.own;
    const RuleMasks& dirty = context.tables.dirty_elsewhere;
    const RuleMasks& held = flow_index.held();
    const RuleMasks& watched = flow_index.watched();
    const bool reindexing = flow_index.is_reindexing();
    BucketMask any_watched = 0;
    BucketMask any_to_track = 0;
    for (std::size_t rule = 0; rule < kRuleSlots; ++rule) {
        const LookUpMasks masks =
            look_up_masks(own[rule], dirty[rule], held[rule], watched[rule], reindexing);
        set(look_ups, rule, masks);
        any_watched |= masks.watched;
        any_to_track |= masks.to_track;
    }
    look_ups.any_watched = any_watched;
    look_ups.any_to_track = any_to_track;
}

const auto kFillLookUps = has_avx2() ? fill_look_ups_avx2 : fill_look_ups_portable;

}  // namespace

void fill_look_ups_portable(const BurstContext& context, const FlowIndex& flow_index,
                            LookUpsByRule& look_ups) {
    fill(context, flow_index, look_ups);
}

NLB_AVX2 void fill_look_ups_avx2(const BurstContext& context, const FlowIndex& flow_index,
                                 LookUpsByRule& look_ups) {
    fill(context, flow_index, look_ups);
}

LookUpsByRule::LookUpsByRule(const BurstContext& context, const FlowIndex& flow_index) {
    if (!context.fence_holds) {
        clean = watched = to_track = live = RuleMasks{};
        return;
    }
    kFillLookUps(context, flow_index, *this);
    for (const std::uint32_t rule : Slots(context.index->sticky_rules)) {
        set(*this, rule,
            without({clean[rule], watched[rule], to_track[rule]},
                    committed_buckets(static_cast<RuleId>(rule), context)));
        // of watched ones it may say too much, which costs time alone
        any_to_track |= to_track[rule];
    }
}

}  // namespace nlb
