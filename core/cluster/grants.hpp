// R14: clients of rules with a time-out. The owner of a bucket leaves a client to its former host
// by a grant, which that host may use in this epoch only, and only for the time-out since a frame
// of its own that the grant acknowledges; how long the grant was under way does not matter. Who is
// left what is decided on the cores (core/clients/client_record.hpp); here it is only passed on, or
// not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/cluster/actions.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

// An era is an epoch, by its map's digest.
class Grants {
public:
    Grants(const MembershipParams& params, const Self& self, const Listening& listening,
           const SentFrames& sent, const MapInForce& map, const Peers& peers)
        : params_(params),
          self_(self),
          listening_(listening),
          sent_(sent),
          map_(map),
          peers_(peers) {}

    // Tables of this configuration may serve clients by grants; and of a former one still may.
    void note_configuration() { ever_sticky_ = ever_sticky_ || params_->sticky; }
    [[nodiscard]] bool ever_sticky() const { return ever_sticky_; }

    void note_new_epoch();
    void begin_incarnation() { settled_ = guests_ = previous_guests_ = false; }
    // A warm restart: the former control plane may have given some.
    void resume();
    // Tables of this era are on their way to the cores; 0: nobody's.
    void note_install(std::uint64_t era);
    // They are in use. True: no core serves by a former epoch any more, which the others wait for.
    [[nodiscard]] bool note_installed();
    // Whether all members have stated the epoch, and none goes by what an older one granted.
    void settle() { settled_ = settled_ || (!previous_guests_ && peers_->all_state_epoch()); }

    [[nodiscard]] bool settled() const { return settled_; }
    // Some core of mine may still serve by what an older epoch granted (kFlagPrevious).
    [[nodiscard]] bool serves_past_epoch() const { return previous_guests_; }
    // The installed tables say another era, or another word about its being settled.
    [[nodiscard]] bool install_is_stale() const;

    // Requests of my cores, as grants for the others. `may_speak`: this host's word counts now.
    [[nodiscard]] std::vector<GrantList> pass_on(std::span<const GrantRequest> requests,
                                                 bool may_speak, const FrameHeader& header);
    // What a bucket's owner leaves to this host. Requires: the frame is believed.
    [[nodiscard]] std::optional<GiveGrants> accept(const GrantList& list, bool leaving);

    [[nodiscard]] const GrantCounts& counts() const { return counts_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.ever_sticky_, self.settled_, self.guests_, self.previous_guests_,
             self.installed_era_, self.installed_settled_, self.counts_);
    }

private:
    [[nodiscard]] bool may_pass_on(const GrantRequest& request) const;
    [[nodiscard]] Instant end_of(const Grant& grant) const;

    Sibling<const MembershipParams> params_;
    Sibling<const Self> self_;
    Sibling<const Listening> listening_;
    Sibling<const SentFrames> sent_;
    Sibling<const MapInForce> map_;
    Sibling<const Peers> peers_;
    bool ever_sticky_ = false;
    bool settled_ = false;
    bool guests_ = false;              // my cores may serve clients by grants of the present epoch
    bool previous_guests_ = false;     // ... of an older one, until the next install is over
    std::uint64_t installed_era_ = 0;  // of the newest install, finished or not
    bool installed_settled_ = false;
    GrantCounts counts_;
};

}  // namespace nlb
