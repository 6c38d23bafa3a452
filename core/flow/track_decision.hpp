// What the table of docs/packet-path.md can say about a packet whose flow or session was looked up.
// It looks nothing up.
#pragma once

#include "core/packet/reasons.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// `opened`: half-open no more. `seen`: stale no more.
enum class DescriptorChange : std::uint8_t { none, opened, seen, insert, replace, erase };
struct TrackDecision {
    Reason reason;
    DescriptorChange change;
};

// The reason for a packet of a bucket that is not ours.
[[nodiscard]] inline Reason rejection(const Tables& tables, RuleId rule, BucketId bucket) {
    return tables.owner[rule][bucket] == kNoHost ? Reason::no_owner : Reason::not_owner;
}

// The reason for a packet of a flow that is tracked here.
[[nodiscard]] inline Reason acceptance(const Tables& tables, RuleId rule, BucketId bucket) {
    return (tables.own[rule] >> bucket & 1U) != 0 ? Reason::owner : Reason::descriptor;
}

}  // namespace nlb
