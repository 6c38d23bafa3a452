// What becomes of packets that have the same rule: everything that the fast path has to know but
// their buckets. Private to core/fastpath. It looks nothing up about single packets.
#pragma once

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
    // Whom such a packet's client is served by is track_sticky's to say.
    bool sticky = false;
    Affinity affinity = Affinity::single;
    LookUpMasks look_up;  // of TCP; none of UDP
    ReasonByBucket by_bucket;
};

// Chosen at start-up, by what the processor has.
inline const auto kFillReasons = has_avx2() ? fill_reasons_avx2 : fill_reasons_portable;

// As classify, locate and track would have it. Requires: the outcome is not left to the stages.
inline void set_rule_outcome(RuleOutcome& outcome, OutcomeId id, const BurstContext& context,
                             const FlowIndex& flow_index) {
    const Tables& tables = context.tables;
    const auto rule = static_cast<RuleId>(id & kOutcomeRule);
    outcome.look_up = {};
    outcome.sticky = false;
    if (rule == kOutcomeForeign) {
        outcome.rule = kNoRule;
        outcome.fixed = Reason::not_our_address;
        return;
    }
    outcome.rule = rule;
    outcome.fixed = is_disabled(tables, rule) ? Reason::rule_disabled : Reason::live;
    outcome.affinity = affinity_of(tables, rule);
    if (!context.fence_holds) {
        outcome.by_bucket.fill(Reason::fenced);
        return;
    }
    if (is_sticky(tables, rule)) {
        outcome.sticky = true;
        outcome.by_bucket.fill(Reason::live);
        return;
    }
    const BucketMask own = tables.own[rule];
    if ((id & kOutcomeUdp) == 0)
        outcome.look_up = look_up_masks(own, tables.dirty_elsewhere[rule], flow_index.held()[rule],
                                        flow_index.watched()[rule], flow_index.is_reindexing());
    kFillReasons(outcome.by_bucket, tables.owner[rule], own,
                 outcome.look_up.to_track | outcome.look_up.watched);
}

// Whether nobody watches for a packet that neither begins nor ends a flow, in a watched bucket
// where none has begun in this burst.
inline bool passes_unwatched(const LookUpMasks& look_up, BucketId bucket,
                             const FlowIndex& flow_index, std::uint64_t client_high,
                             std::uint64_t client_low, std::uint32_t ports) {
    const bool decides = ((look_up.watched & ~look_up.to_track) >> bucket & 1U) != 0;
    return decides && !flow_index.watch_filter().may_contain(client_high, client_low, ports);
}

// Usual packets over IPv6 among those that are not on the fast path yet, one at a time. Returns
// their slots. Requires: context.index.
[[nodiscard]] std::uint64_t fast_path_v6(Burst& burst, const BurstContext& context,
                                         const FlowIndex& flow_index);

}  // namespace nlb
