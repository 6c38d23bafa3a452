// What a agent works from: one cluster of the configuration, seen from this host.
#pragma once

#include <cstdint>

#include "config/schema.hpp"
#include "core/cluster/membership.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {

struct ClusterSettings {
    config::Cluster cluster;
    config::Host host;
    std::uint16_t index = 0;  // place in the configuration's list; what messages call the cluster
    HashKey hash_key{};
};

// What the protocol is told of them.
[[nodiscard]] MembershipParams params_of(const ClusterSettings& settings);

}  // namespace nlb::controlplane
