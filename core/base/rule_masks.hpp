// Arithmetic on one bucket mask per rule slot.
#pragma once

#include <algorithm>

#include "core/base/types.hpp"

namespace nlb {

[[nodiscard]] inline bool any(const RuleMasks& masks) {
    return std::any_of(masks.begin(), masks.end(), [](BucketMask mask) { return mask != 0; });
}

template <class Combine>
[[nodiscard]] RuleMasks combine(const RuleMasks& a, const RuleMasks& b, Combine&& per_mask) {
    RuleMasks result;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) result[slot] = per_mask(a[slot], b[slot]);
    return result;
}
[[nodiscard]] inline RuleMasks without(const RuleMasks& a, const RuleMasks& b) {
    return combine(a, b, [](BucketMask x, BucketMask y) { return x & ~y; });
}
[[nodiscard]] inline RuleMasks common(const RuleMasks& a, const RuleMasks& b) {
    return combine(a, b, [](BucketMask x, BucketMask y) { return x & y; });
}
[[nodiscard]] inline RuleMasks joined(const RuleMasks& a, const RuleMasks& b) {
    return combine(a, b, [](BucketMask x, BucketMask y) { return x | y; });
}

}  // namespace nlb
