// A packet that was counted under one reason goes another way after all: its former reason is
// uncounted, so that each packet has one. Counters of lanes are summed, so another lane than the
// one that counted may do it: its words then wrap, their sum does not. Thread: the worker of the
// lane that is counted in.
#pragma once

#include "core/packet/burst.hpp"
#include "core/packet/counters.hpp"
#include "core/packet/reasons.hpp"

namespace nlb::dataplane {

inline void reclassify(Counters& counters, Reason from, Reason to, RuleId rule) {
    const auto count = [&](Reason which, std::uint64_t by) {
        counters.reasons[static_cast<std::size_t>(which)] += by;
        if (rule >= kRuleSlots) return;
        if (verdict_of(which) == Verdict::accept) counters.accepted[rule] += by;
        if (verdict_of(which) == Verdict::reject) counters.rejected[rule] += by;
        if (verdict_of(which) == Verdict::drop) counters.dropped[rule] += by;
    };
    count(from, ~std::uint64_t{0});
    count(to, 1);
}

// Of one packet of a burst.
inline void reclassify(Burst& burst, std::uint32_t slot, Reason reason, Counters& counters) {
    reclassify(counters, burst.reasons[slot], reason, burst.rule_at(slot));
    burst.reasons[slot] = reason;
}

// The lease ran out between the stages and the delivery: what was accepted for a virtual address is
// not delivered.
inline void refuse_late(Burst& burst, Counters& counters) {
    for (std::uint32_t i = 0; i < burst.count; ++i)
        if (is_accepted_for_vip(burst.reasons[i])) reclassify(burst, i, Reason::fenced, counters);
}

}  // namespace nlb::dataplane
