// partition: majority. Which hosts decide for all: more than half of those that the configuration
// in force names. While a reload is under way both configurations count (joint consensus: Ongaro,
// Ousterhout 2014, section 6), so that no two halves can each have a majority by another file.
#pragma once

#include "core/base/types.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/reload.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

class Quorum {
public:
    Quorum(const MembershipParams& params, const Self& self, const Listening& listening,
           const Peers& peers, const Reload& reload)
        : params_(params), self_(self), listening_(listening), peers_(peers), reload_(reload) {}

    // Always true in `serve`.
    [[nodiscard]] bool has(HostSet hosts) const;
    // The newest time t such that a majority, this host included, acknowledged something that was
    // sent at or after t; kLongAgo: there is none.
    [[nodiscard]] Instant acknowledged_by_majority() const;

private:
    [[nodiscard]] Instant acknowledged_by_majority_of(HostSet configured) const;
    [[nodiscard]] bool counts(const Peer& peer) const;

    Sibling<const MembershipParams> params_;
    Sibling<const Self> self_;
    Sibling<const Listening> listening_;
    Sibling<const Peers> peers_;
    Sibling<const Reload> reload_;
};

}  // namespace nlb
