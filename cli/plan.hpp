// What would move if a host left, joined, or the configuration changed: pure arithmetic over two
// maps. Rules are the same if their names are, hosts if their ids are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/base/types.hpp"
#include "core/cluster/bucket_assignment.hpp"

namespace nlb::cli {

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

struct Situation {
    const config::Cluster* cluster;
    HostSet members;
};

struct MovePlan {
    Situation before;
    Situation after;
    // of `after`, in the order of its configuration, the default rule last
    std::vector<RulePlan> rules;
};

// `before` is assigned from nothing, as by a coordinator without history; `after` from what
// `before` holds.
[[nodiscard]] MovePlan make_plan(const Situation& before, const Situation& after);

// Surplus over the new counts plus buckets of nobody: each such bucket must move, whoever computes
// the map.
[[nodiscard]] std::size_t least_moves(const BucketOwners& before,
                                      const std::array<std::uint8_t, kHostsMax>& counts);

}  // namespace nlb::cli
