// Targets and a comparison. The least possible movement is counted apart from the
// map that was found.
#include "config/plan.hpp"

#include <algorithm>

namespace nlb::config {
namespace {

// What is held now, in the slots of the new configuration.
OwnerMap carried_over(const Cluster& from, const Cluster& to, const OwnerMap& owners) {
    OwnerMap carried{};
    for (const RuleId slot : slots_of(to))
        if (const auto former = slot_named(from, name_of_rule(to, slot)))
            carried[slot] = owners[*former];
    return carried;
}

std::vector<Move> moves_between(const BucketOwners& before, const BucketOwners& after) {
    std::vector<Move> moves;
    for (std::size_t b = 0; b < kBuckets; ++b)
        if (before[b] != after[b]) moves.push_back({static_cast<BucketId>(b), before[b], after[b]});
    return moves;
}

}  // namespace

std::size_t least_moves(const BucketOwners& before,
                        const std::array<std::uint8_t, kHostsMax>& counts) {
    std::size_t stay = 0;
    for (std::size_t i = 0; i < kHostsMax; ++i) {
        const auto held = static_cast<std::size_t>(
            std::count(before.begin(), before.end(), static_cast<HostId>(i + 1)));
        stay += std::min<std::size_t>(held, counts[i]);
    }
    const bool owned =
        std::any_of(counts.begin(), counts.end(), [](std::uint8_t count) { return count != 0; });
    const auto nobodys =
        static_cast<std::size_t>(std::count(before.begin(), before.end(), kNoHost));
    return kBuckets - stay - (owned ? 0 : nobodys);
}

Situation ideal_situation(const Cluster& cluster, HostSet members) {
    return {&cluster, members, configured_offers(cluster, members)};
}

std::size_t MovePlan::changed_hands() const {
    std::size_t sum = 0;
    for (const RulePlan& rule : rules)
        for (const Move& move : rule.moves) sum += move.from != kNoHost ? 1U : 0U;
    return sum;
}

MovePlan make_plan(const Situation& before, const OwnerMap& owners, const Situation& after) {
    MovePlan plan{before, after, {}};
    const OwnerMap held = carried_over(*before.cluster, *after.cluster, owners);
    const OwnerMap targets = targets_of(*after.cluster, after.offers, held);
    for (const RuleId slot : slots_of(*after.cluster)) {
        RulePlan rule{name_of_rule(*after.cluster, slot), held[slot], targets[slot],
                      moves_between(held[slot], targets[slot]), 0};
        rule.least =
            least_moves(held[slot], target_counts(*after.cluster, after.offers, slot, held[slot]));
        plan.rules.push_back(std::move(rule));
    }
    return plan;
}

MovePlan make_plan(const Situation& before, const Situation& after) {
    return make_plan(before, targets_of(*before.cluster, before.offers, {}), after);
}

}  // namespace nlb::config
