// R6 and R7: who coordinates, whom it wants, which map it publishes, and which maps are adopted. It
// computes maps and judges them; Membership adopts.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/types.hpp"
#include "core/cluster/duplicate_id.hpp"
#include "core/cluster/evidence.hpp"
#include "core/cluster/handover.hpp"
#include "core/cluster/lease.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/quorum.hpp"
#include "core/cluster/reload.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

// What targets are computed from besides offers: how many slots there are, which are of mode
// single, and which are served on although every host's check fails.
struct Numbering {
    std::uint8_t slots;
    std::uint64_t single_slots;
    std::uint64_t keep_slots;
};

class Coordinator {
public:
    Coordinator(const MembershipParams& params, const Self& self, const Listening& listening,
                const MapInForce& map, const Peers& peers, const DuplicateId& duplicate,
                const Lease& lease, const Quorum& quorum, const Evidence& evidence,
                const Handover& handover, const Reload& reload)
        : params_(params),
          self_(self),
          listening_(listening),
          map_(map),
          peers_(peers),
          duplicate_(duplicate),
          lease_(lease),
          quorum_(quorum),
          evidence_(evidence),
          handover_(handover),
          reload_(reload) {}

    // The map that this host should publish now; nothing while another host coordinates or nothing
    // changed. It is asked after every event: what costs more than a look at the inputs is done
    // only when they changed.
    [[nodiscard]] std::optional<ClusterMap> next_map() const;
    // R7. `mine`: next_map() made it.
    [[nodiscard]] bool may_adopt(const ClusterMap& map, bool mine) const;
    // R6: a joiner may begin alone.
    [[nodiscard]] bool may_bootstrap() const;
    // R6, `majority`: an epoch takes everything back for a reload, and too few of its members are
    // left to decide anything. Nobody else is counted in before the reload is over, so it never
    // will be.
    [[nodiscard]] bool reload_is_stuck() const;

    // The highest counter of any epoch that was heard of: the next map's is above it.
    void note_counter(std::uint32_t counter);
    [[nodiscard]] std::uint32_t highest_counter() const { return highest_counter_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.highest_counter_);
    }

private:
    [[nodiscard]] std::optional<Incarnations> wanted_base() const;
    [[nodiscard]] Incarnations admit_joiners(Incarnations wanted) const;
    [[nodiscard]] bool may_join(HostId id, const Peer& peer) const;
    [[nodiscard]] bool a_peer_states_higher() const;
    [[nodiscard]] OfferList offers_of(HostId id) const;
    [[nodiscard]] ClusterMap draft(const Incarnations& wanted) const;
    [[nodiscard]] ClusterMap map_for(const Incarnations& wanted) const;
    [[nodiscard]] ClusterMap first_map_of_staged(const Incarnations& wanted) const;
    // What all of them can speak. Requires: this host is one of them.
    [[nodiscard]] FrameVersions spoken_by(const Incarnations& wanted) const;
    [[nodiscard]] std::uint64_t inputs_of(const Incarnations& wanted) const;

    Sibling<const MembershipParams> params_;
    Sibling<const Self> self_;
    Sibling<const Listening> listening_;
    Sibling<const MapInForce> map_;
    Sibling<const Peers> peers_;
    Sibling<const DuplicateId> duplicate_;
    Sibling<const Lease> lease_;
    Sibling<const Quorum> quorum_;
    Sibling<const Evidence> evidence_;
    Sibling<const Handover> handover_;
    Sibling<const Reload> reload_;
    std::uint32_t highest_counter_ = 0;
};

}  // namespace nlb
