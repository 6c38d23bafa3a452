// What becomes of packets that have the same rule: everything that the fast path has to know but
// their buckets. Private to core/fastpath. It looks nothing up about single packets.
#pragma once

#include "core/clients/client_table.hpp"
#include "core/fastpath/bucket_columns.hpp"
#include "core/flow/flow_index.hpp"
#include "core/flow/look_up.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/rule_lookup.hpp"

namespace nlb {

// Packets of the same outcome: what becomes of them depends on their bucket, and of TCP on whether
// they begin or end a flow.
struct RuleOutcome {
    RuleId rule = kNoRule;
    // What becomes of all of them, whatever their bucket is; live: it depends.
    Reason fixed = Reason::live;
    // The rule has a time-out: track_sticky decides what is live, also of whatever begins or ends a
    // flow, as that may tell where a client is.
    bool sticky = false;
    Affinity affinity = Affinity::single;
    LookUpMasks look_up;  // of TCP; none of UDP
    ReasonByBucket by_bucket;
};

// Chosen at start-up, by what the processor has.
inline const auto kFillReasons = has_avx2() ? fill_reasons_avx2 : fill_reasons_portable;

// Buckets of ours with a client that was granted to another host: track_sticky asks who serves the
// client of each packet.
inline BucketMask committed_buckets(RuleId rule, const BurstContext& context) {
    return context.clients == nullptr ? BucketMask{0}
                                      : context.tables.own[rule] & context.clients->committed(rule);
}
inline LookUpMasks without(LookUpMasks masks, BucketMask committed) {
    return {masks.clean & ~committed, masks.watched & ~committed, masks.to_track | committed};
}

// As classify, locate and track would have it. Requires: the outcome is not left to the stages.
inline void set_rule_outcome(RuleOutcome& outcome, OutcomeId id, const BurstContext& context,
                             const FlowIndex& flow_index) {
    const Tables& tables = context.tables;
    const TablesIndex& index = *context.index;
    const auto rule = static_cast<RuleId>(id & kOutcomeRule);
    outcome.look_up = {};
    outcome.sticky = false;
    outcome.rule = rule == kOutcomeForeign ? kNoRule : rule;
    outcome.fixed = index.fixed_reason[rule];
    if (outcome.fixed != Reason::live) return;
    outcome.affinity = index.affinity[rule];
    if (!context.fence_holds) {
        outcome.by_bucket.fill(Reason::fenced);
        return;
    }
    const bool udp = (id & kOutcomeUdp) != 0;
    outcome.sticky = (index.sticky_rules >> rule & 1U) != 0;
    if (outcome.sticky && udp) {  // each datagram may be its client's first
        outcome.by_bucket.fill(Reason::live);
        return;
    }
    const BucketMask own = tables.own[rule];
    if (!udp)
        outcome.look_up = look_up_masks(own, tables.dirty_elsewhere[rule], flow_index.held()[rule],
                                        flow_index.watched()[rule], flow_index.is_reindexing());
    if (outcome.sticky)
        outcome.look_up = without(outcome.look_up, committed_buckets(rule, context));
    kFillReasons(outcome.by_bucket, tables.owner[rule], own,
                 outcome.look_up.to_track | outcome.look_up.watched);
}

}  // namespace nlb
