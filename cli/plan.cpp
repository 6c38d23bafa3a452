// Two calls of targets_of and a comparison. The least possible movement is counted apart from the
// map that was found.
#include "cli/plan.hpp"

#include <algorithm>

#include "cli/selection.hpp"
#include "cli/targets.hpp"

namespace nlb::cli {
namespace {

// The slot of `cluster` whose rule has this name.
std::optional<RuleId> slot_named(const config::Cluster& cluster, const std::string& name) {
    for (const RuleId slot : slots_of(cluster))
        if (name_of_rule(cluster, slot) == name) return slot;
    return std::nullopt;
}

// What is held now, in the slots of the new configuration.
OwnerMap carried_over(const config::Cluster& from, const config::Cluster& to,
                      const OwnerMap& owners) {
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

MovePlan make_plan(const Situation& before, const Situation& after) {
    MovePlan plan{before, after, {}};
    const OwnerMap former = targets_of(*before.cluster, before.members, {});
    const OwnerMap held = carried_over(*before.cluster, *after.cluster, former);
    const OwnerMap targets = targets_of(*after.cluster, after.members, held);
    for (const RuleId slot : slots_of(*after.cluster)) {
        RulePlan rule{name_of_rule(*after.cluster, slot), held[slot], targets[slot],
                      moves_between(held[slot], targets[slot]), 0};
        rule.least =
            least_moves(held[slot], target_counts(*after.cluster, after.members, slot, held[slot]));
        plan.rules.push_back(std::move(rule));
    }
    return plan;
}

}  // namespace nlb::cli
