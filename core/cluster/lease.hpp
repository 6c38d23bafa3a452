// R2 and R3: how long this host's cores may answer. The lease runs from what the peers have shown
// to have heard, never from what this host sent, so that it always ends before any of them can have
// buried it. It only computes and remembers; Membership carries the lease to the cores and resets.
#pragma once

#include "core/base/types.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/quorum.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

class Lease {
public:
    Lease(const MembershipParams& params, const Listening& listening, const SentFrames& sent,
          const MapInForce& map, const Peers& peers, const Quorum& quorum)
        : params_(params),
          listening_(listening),
          sent_(sent),
          map_(map),
          peers_(peers),
          quorum_(quorum) {}

    enum class Renewal : std::uint8_t {
        unchanged,
        changed,         // valid_until() is to be carried to the cores
        lapsed,          // it ended before this call: never renewed (R2)
        unacknowledged,  // it would already have ended: no peer acknowledges what this host sends
    };
    [[nodiscard]] Renewal renew();
    // No core may answer. False: none could before.
    bool close();
    // The first epoch of an incarnation begins.
    void begin();
    void resume(Instant valid_until) { valid_until_ = valid_until; }

    [[nodiscard]] Instant valid_until() const { return valid_until_; }
    [[nodiscard]] bool has_lapsed() const {
        return valid_until_ != kLongAgo && listening_->now() >= valid_until_;
    }
    // Whoever joins without this resets at once, under one term after the other.
    [[nodiscard]] bool could_be_held() const { return listening_->now() < end(); }
    // When a lease that is computed now ends; kLongAgo: there is no base for one.
    [[nodiscard]] Instant end() const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.valid_until_, self.begun_at_);
    }

private:
    [[nodiscard]] Instant base_of_serve() const;
    [[nodiscard]] Instant cap() const;
    [[nodiscard]] bool holds_back(HostId id, const Peer& peer) const;
    [[nodiscard]] Instant base_of(HostId id, const Peer& peer) const;

    Sibling<const MembershipParams> params_;
    Sibling<const Listening> listening_;
    Sibling<const SentFrames> sent_;
    Sibling<const MapInForce> map_;
    Sibling<const Peers> peers_;
    Sibling<const Quorum> quorum_;
    Instant valid_until_ = kLongAgo;
    Instant begun_at_ = kLongAgo;
};

}  // namespace nlb
