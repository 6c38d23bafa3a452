// The rule and bucket that a flow or session belongs to by some tables: what classification finds
// for its packets, found from its key. It knows nothing of owners.
#pragma once

#include "core/flow/flow.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// `bucket` is 0 where the rule is kNoRule: the VIP is none of those tables.
struct FlowPlace {
    RuleId rule;
    BucketId bucket;
};
// Not per packet: when a descriptor is made by a server's own connection, and when tables of
// another layout come (FlowIndex).
[[nodiscard]] FlowPlace place_of(const FlowKey& key, const Tables& tables);

}  // namespace nlb
