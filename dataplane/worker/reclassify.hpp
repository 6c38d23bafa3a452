// A packet that was counted under one reason goes another way after all: its former reason is
// uncounted, so that each packet has one. Counters of lanes are summed, so another lane than the
// one that counted may do it: its words then wrap, their sum does not.
#pragma once

#include "core/packet/counters.hpp"
#include "core/packet/reasons.hpp"

namespace nlb::dataplane {

inline void reclassify(Counters& counters, Reason from, Reason to, RuleId rule) {
    const auto count = [&](Reason which, std::uint64_t by) {
        counters.reasons[static_cast<std::size_t>(which)] += by;
        if (rule >= kRuleSlots) return;
        if (verdict_of(which) == Verdict::accept) counters.accepted[rule] += by;
        if (verdict_of(which) == Verdict::reject) counters.rejected[rule] += by;
    };
    count(from, ~std::uint64_t{0});
    count(to, 1);
}

}  // namespace nlb::dataplane
