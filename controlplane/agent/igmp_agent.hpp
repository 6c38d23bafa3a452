// This host's membership of the cluster's IGMP group: core's state machine, its frames sent through
// the dataplane. Clusters in other modes have none. It joins while the host takes part, and decides
// nothing else.
#pragma once

#include <span>

#include "controlplane/agent/cluster_channel.hpp"
#include "controlplane/agent/cluster_settings.hpp"
#include "core/cluster/igmp_member.hpp"

namespace nlb::controlplane {

class IgmpAgent {
public:
    // `settings` and `channel` outlive it. `seed` spreads the reports of hosts over time.
    IgmpAgent(const ClusterSettings& settings, ClusterChannel& channel, std::uint64_t seed);

    // Takes part, on a link that is up. Called again it changes nothing, unless the link was lost
    // meanwhile.
    void join(Instant now);
    void leave(Instant now);
    // The dataplane or its link went away: the switch forgets, and so do we.
    void lose() { joined_here_ = false; }
    // False: no query.
    bool on_frame(Instant now, std::span<const Byte> frame);
    void on_tick(Instant now);
    [[nodiscard]] Instant next_wake() const { return enabled_ ? member_.next_wake() : kForever; }
    [[nodiscard]] bool querier_known(Instant now) const { return member_.querier_known(now); }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.enabled_, self.joined_here_, self.member_);
    }

private:
    void send(Instant now, const IgmpMember::Messages& messages);

    const ClusterSettings& settings_;
    ClusterChannel& channel_;
    bool enabled_;
    bool joined_here_ = false;  // this switch was told
    IgmpMember member_;
};

}  // namespace nlb::controlplane
