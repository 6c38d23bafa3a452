// What would move if a host left, joined, or the configuration changed: pure arithmetic over two
// maps. Rules are the same if their names are, hosts if their ids are. `nlb plan` shows it, and the
// control plane refuses by it what would move too much.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "config/targets.hpp"

namespace nlb::config {

struct Move {
    BucketId bucket;
    HostId from;  // kNoHost: nobody had it
    HostId to;    // kNoHost: nobody gets it
};

struct RulePlan {
    std::string rule;
    BucketOwners before{};
    BucketOwners after{};
    std::vector<Move> moves;
    std::size_t least = 0;  // no map with the same counts moves fewer
};

// `cluster` outlives it.
struct Situation {
    const Cluster* cluster;
    HostSet members;
    OffersByHost offers{};
};
// By the configuration alone.
[[nodiscard]] Situation ideal_situation(const Cluster& cluster, HostSet members);

struct MovePlan {
    Situation before;
    Situation after;
    // of `after`, in the order of its configuration, the default rule last
    std::vector<RulePlan> rules;

    // Moves of buckets that have an owner: the others disturb nobody.
    [[nodiscard]] std::size_t changed_hands() const;
};

// `owners` is the map in force, in the slots of before.cluster; `after` is assigned from what it
// holds, as the coordinator assigns its next map.
[[nodiscard]] MovePlan make_plan(const Situation& before, const OwnerMap& owners,
                                 const Situation& after);
// `before` is assigned from nothing, as by a coordinator without history.
[[nodiscard]] MovePlan make_plan(const Situation& before, const Situation& after);

// Surplus over the new counts plus buckets of nobody: each such bucket must move, whoever computes
// the map.
[[nodiscard]] std::size_t least_moves(const BucketOwners& before,
                                      const std::array<std::uint8_t, kHostsMax>& counts);

}  // namespace nlb::config
