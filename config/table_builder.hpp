// From the configuration and who owns what to the tables that cores read. Used by the control plane
// at every install, by the dataplane before any control plane has spoken (nothing owned), and by
// `nlb tables`, `nlb explain` and tests.
#pragma once

#include "config/schema.hpp"
#include "core/tables/tables.hpp"

namespace nlb::config {

struct Ownership {
    std::uint64_t epoch = 0;
    RuleMasks own{};
    RuleMasks dirty_elsewhere{};
    OwnerMap owner{};
    std::uint64_t era = 0;
    bool settled = false;
    std::uint64_t ended_rules = 0;
};

// Requires: `host` is one of the cluster's, and both came from config/load.
[[nodiscard]] Tables build_tables(const Cluster& cluster, const Host& host, const HashKey& hash_key,
                                  const Ownership& ownership);

// By hand (`mac`), or from the primary address and the mode.
[[nodiscard]] MacAddress cluster_mac_of(const Cluster& cluster);

// What a host offers for a rule slot, as heartbeats state it: a weight (mode multiple), 33 -
// handling priority (mode single and the default rule: more is better), or 0 for nothing.
[[nodiscard]] std::array<std::uint8_t, kRuleSlots> offers_of(const Cluster& cluster,
                                                             const Host& host);
// Which slots are of mode single (the default rule is); core/cluster/bucket_assignment wants to
// know.
[[nodiscard]] std::uint64_t single_slots(const Cluster& cluster);
// Rules whose traffic is served although every host's check fails, by the same numbers.
[[nodiscard]] std::uint64_t keep_slots(const Cluster& cluster);
// Whether some rule has a time-out for its clients.
[[nodiscard]] bool has_sticky_rules(const Cluster& cluster);

}  // namespace nlb::config
