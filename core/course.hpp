// What becomes of packets that ask for the same rule: everything that the recognise stage has to know but their buckets. Private to that
// stage. It looks nothing up about single packets.
#pragma once

#include <array>

#include "core/affinity_hash.hpp"
#include "core/burst.hpp"
#include "core/rule_lookup.hpp"
#include "core/sessions.hpp"
#include "core/snapshot.hpp"

namespace nlb {

// Packets of the same rule key: what becomes of them depends on their bucket alone.
struct Course {
    RuleId rule = kDefaultRule;
    bool left_alone = false;  // a disabled rule is for classify to settle, and a session's ports have more to be asked
    ClientShare share{Affinity::single};
    BucketMask undecided = 0;  // buckets whose packets go on to track
    alignas(64) std::array<Reason, 64> by_bucket;
};
static_assert(kBuckets <= 64);

// Reasons of the buckets that nobody of this host answers for.
inline void reject_all(Course& course, const Tables& tables) {
    const auto& owner = tables.owner[course.rule];
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        course.by_bucket[bucket] = owner[bucket] == kNoHost ? Reason::no_owner : Reason::not_owner;
}

// As locate and track would have it: a TCP packet can only be ours where we own the bucket or hold descriptors in it.
inline void set_course(Course& course, RuleKey key, const Snapshot& snapshot, const RuleMasks& held, RuleMemory& memory) {
    const Tables& tables = snapshot.tables;
    course.rule = memory.rule_of(key);
    const bool is_default = course.rule == kDefaultRule;
    const bool disabled = !is_default && tables.rules[course.rule].mode == RuleMode::disabled;
    const bool is_tcp = protocol_bit_of(key) == kProtocolTcpBit;
    course.left_alone = disabled || (is_tcp ? port_of(key) == kPptpPort : is_ipsec_port(port_of(key)));
    course.share = ClientShare(is_default ? Affinity::single : tables.rules[course.rule].affinity);
    if (!snapshot.fence_holds) {
        course.undecided = 0;
        course.by_bucket.fill(Reason::fenced);
        return;
    }
    reject_all(course, tables);
    const BucketMask open = is_tcp ? tables.own[course.rule] | held[course.rule] : tables.own[course.rule];
    course.undecided = is_tcp ? open : 0;
    for (const std::uint32_t bucket : Places(open)) course.by_bucket[bucket] = is_tcp ? Reason::live : Reason::owner;
}

// Usual packets over IPv6 among those that are not recognised yet, one at a time. Returns their places.
[[nodiscard]] std::uint64_t recognise_v6(Burst& burst, const Snapshot& snapshot, const RuleMasks& held);

}  // namespace nlb
