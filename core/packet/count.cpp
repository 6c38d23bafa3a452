// What is counted of a settled burst: one reason per packet, and the rule of those that one was
// asked for.
#include <bit>

#include "core/packet/stages.hpp"

namespace nlb {
namespace {

// Most bursts are counted as one.
std::uint64_t number_of(const Burst& burst, std::uint64_t slots) {
    return slots == all_slots(burst) ? burst.count
                                     : static_cast<std::uint64_t>(std::popcount(slots));
}

// Of those on the fast path; undefined for others.
std::uint64_t slots_without_rule(const Burst& burst) {
    std::uint64_t slots = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8(static_cast<char>(kNoRule));
    for (std::size_t i = 0; i < kBurstMax; i += sizeof(__m128i)) {
        const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&burst.rules[i]));
        const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(some, wanted));
        slots |= std::uint64_t{static_cast<std::uint16_t>(bits)} << i;
    }
#else
    for (std::size_t i = 0; i < kBurstMax; ++i)
        slots |= std::uint64_t{burst.rules[i] == kNoRule} << i;
#endif
    return slots;
}

[[gnu::noinline]] void count_each_rule(const Burst& burst, std::uint64_t slots,
                                       std::array<std::uint64_t, kRuleSlots>& counts) {
    if (const std::uint64_t fast = slots & burst.on_fast_path; fast != 0) {
        const std::uint64_t with_rule = fast & ~slots_without_rule(burst);
        if (with_rule == all_slots(burst))
            for (std::uint32_t i = 0; i < burst.count; ++i) ++counts[burst.rules[i]];
        else
            for (const std::uint32_t i : Slots(with_rule)) ++counts[burst.rules[i]];
    }
    for (const std::uint32_t i : Slots(slots & ~burst.on_fast_path))
        if (burst.info[i].rule != kNoRule) ++counts[burst.info[i].rule];
}

// A word of memory is written per burst, not per packet, where all packets have one rule.
void count_rules(const Burst& burst, std::uint64_t slots,
                 std::array<std::uint64_t, kRuleSlots>& counts) {
    if (!burst.one_rule) return count_each_rule(burst, slots, counts);
    if (const RuleId rule = burst.rule_at(0); rule != kNoRule)
        counts[rule] += number_of(burst, slots);
}

}  // namespace

void count_ingress(const Burst& burst, Counters& counters) {
    for_each_reason(burst, [&](Reason reason, std::uint64_t slots) {
        counters.reasons[static_cast<std::size_t>(reason)] += number_of(burst, slots);
        const Verdict verdict = verdict_of(reason);
        if (verdict == Verdict::accept) count_rules(burst, slots, counters.accepted);
        if (verdict == Verdict::reject) count_rules(burst, slots, counters.rejected);
        if (verdict == Verdict::drop) count_rules(burst, slots, counters.dropped);
    });
}

void count_egress(const Burst& burst, Counters& counters) {
    for_each_reason(burst, [&](Reason reason, std::uint64_t slots) {
        counters.reasons[static_cast<std::size_t>(reason)] += number_of(burst, slots);
    });
}

}  // namespace nlb
