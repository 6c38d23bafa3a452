// What ownership of a bucket alone says of a packet: the two sentences that every stage gives when
// no descriptor and no client's history decides. It looks nothing up but the tables.
#pragma once

#include "core/packet/reasons.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// The reason for a packet of a bucket that is not ours.
[[nodiscard]] inline Reason rejection(const Tables& tables, RuleId rule, BucketId bucket) {
    return tables.owner[rule][bucket] == kNoHost ? Reason::no_owner : Reason::not_owner;
}

// The reason for a packet of a flow that is tracked here.
[[nodiscard]] inline Reason acceptance(const Tables& tables, RuleId rule, BucketId bucket) {
    return owns(tables, rule, bucket) ? Reason::owner : Reason::descriptor;
}

}  // namespace nlb
