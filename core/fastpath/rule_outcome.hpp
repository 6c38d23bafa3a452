// What becomes of packets that have the same rule: everything that the fast path has to know but
// their buckets. Private to core/fastpath. It looks nothing up about single packets.
#pragma once

#include "core/fastpath/bucket_columns.hpp"
#include "core/flow/flow_index.hpp"
#include "core/flow/look_up.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/session_protocols.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/rule_lookup.hpp"

namespace nlb {

// Packets of the same rule key: what becomes of them depends on their bucket, and of TCP on whether
// they begin or end a flow.
struct RuleOutcome {
    RuleId rule = kDefaultRule;
    // The other stages decide: a disabled rule and remote control are classify's, and sticky rules
    // and the ports of sessions depend on more than the bucket.
    bool left_alone = false;
    Affinity affinity = Affinity::single;
    LookUpMasks look_up;  // of TCP; none of UDP
    ReasonByBucket by_bucket;
};

// Chosen at start-up, by what the processor has.
inline const auto kFillReasons = has_avx2() ? fill_reasons_avx2 : fill_reasons_portable;

// As classify, locate and track would have it.
inline void set_rule_outcome(RuleOutcome& outcome, RuleKey key, const BurstContext& context,
                             const FlowIndex& flow_index, RuleMemory& memory) {
    const Tables& tables = context.tables;
    outcome.rule = memory.rule_of(key);
    const bool is_tcp = protocol_bit_of(key) == kProtocolTcpBit;
    outcome.left_alone = is_disabled(tables, outcome.rule) || is_sticky(tables, outcome.rule) ||
                         is_session_port(protocol_bit_of(key), port_of(key)) ||
                         is_remote_control(tables, protocol_bit_of(key), port_of(key));
    outcome.affinity = affinity_of(tables, outcome.rule);
    outcome.look_up = {};
    if (!context.fence_holds) {
        outcome.by_bucket.fill(Reason::fenced);
        return;
    }
    const BucketMask own = tables.own[outcome.rule];
    if (is_tcp)
        outcome.look_up = look_up_masks(
            own, tables.dirty_elsewhere[outcome.rule], flow_index.held()[outcome.rule],
            flow_index.watched()[outcome.rule], flow_index.is_reindexing());
    kFillReasons(outcome.by_bucket, tables.owner[outcome.rule], own,
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
// their slots.
[[nodiscard]] std::uint64_t fast_path_v6(Burst& burst, const BurstContext& context,
                                         const FlowIndex& flow_index);

}  // namespace nlb
