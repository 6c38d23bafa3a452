// What an agent works from: one cluster of the configuration, seen from this host. It is checked by
// whoever read it; nothing here refuses anything.
#pragma once

#include <cstdint>

#include "config/schema.hpp"
#include "core/cluster/membership.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {

struct ClusterSettings {
    config::Cluster cluster;
    config::Host host;
    HashKey hash_key{};  // derived from the cluster key
};

// What the protocol is told of them. Requires: `host` is one of the cluster's.
[[nodiscard]] MembershipParams params_of(const ClusterSettings& settings);

}  // namespace nlb::controlplane
