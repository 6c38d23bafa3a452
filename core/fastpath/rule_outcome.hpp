// What becomes of packets that ask for the same rule: everything that the recognise stage has to know but their buckets. Private to that
// stage. It looks nothing up about single packets.
#pragma once

#include <algorithm>

#include "core/fastpath/bucket_columns.hpp"
#include "core/flow/track.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/rule_lookup.hpp"

namespace nlb {

// Packets of the same rule key: what becomes of them depends on their bucket, and of TCP on whether they begin or end a flow.
struct Course {
    RuleId rule = kDefaultRule;
    bool left_alone = false;  // a disabled rule is for classify to settle; sticky rules and ports of sessions have more to be asked
    Affinity affinity = Affinity::single;
    // Of TCP: buckets whose packets are accepted without a look-up, but for those that begin or end a flow, which go on to track.
    BucketMask quiet = 0;
    BucketMask live = 0;     // buckets whose packets go on to track
    BucketMask watched = 0;  // quiet ones with flows that are watched (core/flow/flow_index.hpp): theirs go on to track
    ReasonByBucket by_bucket;
};

// Chosen at start-up, by what the processor has.
inline const auto kColour = has_avx2() ? colour_avx2 : colour_portable;

// As locate and track would have it: a TCP packet can only be ours where we own the bucket or hold descriptors in it, and it is looked
// up where a descriptor could matter (needs_look_up() in core/flow/track.hpp).
inline void set_course(Course& course, RuleKey key, const Snapshot& snapshot, const ConnectionLedger& ledger, RuleMemory& memory) {
    const Tables& tables = snapshot.tables;
    course.rule = memory.rule_of(key);
    const bool is_default = course.rule == kDefaultRule;
    const bool disabled = !is_default && tables.rules[course.rule].mode == RuleMode::disabled;
    const bool is_tcp = protocol_bit_of(key) == kProtocolTcpBit;
    const bool sticky = !is_default && tables.rules[course.rule].sticky_ms != 0;
    course.left_alone = disabled || sticky || (is_tcp ? port_of(key) == kPptpPort : is_ipsec_port(port_of(key)));
    course.affinity = is_default ? Affinity::single : tables.rules[course.rule].affinity;
    course.quiet = course.live = course.watched = 0;
    if (!snapshot.fence_holds) {
        course.by_bucket.fill(Reason::fenced);
        return;
    }
    const BucketMask own = tables.own[course.rule];
    const BucketMask held = is_tcp ? ledger.held()[course.rule] : 0;
    if (is_tcp && (own | held) != 0) {
        course.quiet = ledger.is_refiling() ? 0 : own & ~tables.dirty_elsewhere[course.rule];
        course.watched = course.quiet & ledger.watched()[course.rule];
        course.live = (own | held) & ~course.quiet;
    }
    kColour(course.by_bucket, tables.owner[course.rule], own, course.live | course.watched);
}

// Whether nobody watches for a packet that neither begins nor ends a flow, in a watched bucket where none has begun in this burst.
inline bool passes_unwatched(const Course& course, BucketId bucket, const ConnectionLedger& ledger, std::uint64_t client_high,
                             std::uint64_t client_low, std::uint32_t ports) {
    const bool decides = ((course.watched & ~course.live) >> bucket & 1U) != 0;
    return decides && !ledger.may_be_watched(client_high, client_low, ports);
}

// Usual packets over IPv6 among those that are not recognised yet, one at a time. Returns their places.
[[nodiscard]] std::uint64_t recognise_v6(Burst& burst, const Snapshot& snapshot, const ConnectionLedger& ledger);

}  // namespace nlb
