// What becomes of packets that ask for the same rule: everything that the fast_path stage has to
// know but their buckets. Private to that stage. It looks nothing up about single packets.
#pragma once

#include <algorithm>

#include "core/fastpath/bucket_columns.hpp"
#include "core/flow/track.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/rule_lookup.hpp"

namespace nlb {

// Packets of the same rule key: what becomes of them depends on their bucket, and of TCP on whether
// they begin or end a flow.
struct RuleOutcome {
    RuleId rule = kDefaultRule;
    // a disabled rule is for classify to settle; sticky rules and ports of sessions have more to be
    // asked
    bool left_alone = false;
    Affinity affinity = Affinity::single;
    // Of TCP: buckets whose packets are accepted without a look-up, but for those that begin or end
    // a flow, which go on to track.
    BucketMask quiet = 0;
    BucketMask live = 0;  // buckets whose packets go on to track
    // quiet ones with flows that are watched (core/flow/flow_index.hpp): theirs go on to track
    BucketMask watched = 0;
    ReasonByBucket by_bucket;
};

// Chosen at start-up, by what the processor has.
inline const auto kFillReasons = has_avx2() ? fill_reasons_avx2 : fill_reasons_portable;

// As locate and track would have it: a TCP packet can only be ours where we own the bucket or hold
// descriptors in it, and it is looked up where a descriptor could matter (needs_look_up() in
// core/flow/track.hpp).
inline void set_rule_outcome(RuleOutcome& outcome, RuleKey key, const BurstContext& context,
                             const FlowIndex& flow_index, RuleMemory& memory) {
    const Tables& tables = context.tables;
    outcome.rule = memory.rule_of(key);
    const bool is_default = outcome.rule == kDefaultRule;
    const bool disabled = !is_default && tables.rules[outcome.rule].mode == RuleMode::disabled;
    const bool is_tcp = protocol_bit_of(key) == kProtocolTcpBit;
    const bool sticky = !is_default && tables.rules[outcome.rule].sticky_ms != 0;
    outcome.left_alone =
        disabled || sticky || (is_tcp ? port_of(key) == kPptpPort : is_ipsec_port(port_of(key)));
    outcome.affinity = is_default ? Affinity::single : tables.rules[outcome.rule].affinity;
    outcome.quiet = outcome.live = outcome.watched = 0;
    if (!context.fence_holds) {
        outcome.by_bucket.fill(Reason::fenced);
        return;
    }
    const BucketMask own = tables.own[outcome.rule];
    const BucketMask held = is_tcp ? flow_index.held()[outcome.rule] : 0;
    if (is_tcp && (own | held) != 0) {
        outcome.quiet =
            flow_index.is_reindexing() ? 0 : own & ~tables.dirty_elsewhere[outcome.rule];
        outcome.watched = outcome.quiet & flow_index.watched()[outcome.rule];
        outcome.live = (own | held) & ~outcome.quiet;
    }
    kFillReasons(outcome.by_bucket, tables.owner[outcome.rule], own,
                 outcome.live | outcome.watched);
}

// Whether nobody watches for a packet that neither begins nor ends a flow, in a watched bucket
// where none has begun in this burst.
inline bool passes_unwatched(const RuleOutcome& outcome, BucketId bucket,
                             const FlowIndex& flow_index, std::uint64_t client_high,
                             std::uint64_t client_low, std::uint32_t ports) {
    const bool decides = ((outcome.watched & ~outcome.live) >> bucket & 1U) != 0;
    return decides && !flow_index.may_be_watched(client_high, client_low, ports);
}

// Usual packets over IPv6 among those that are not on_fast_path yet, one at a time. Returns their
// slots.
[[nodiscard]] std::uint64_t fast_path_v6(Burst& burst, const BurstContext& context,
                                         const FlowIndex& flow_index);

}  // namespace nlb
