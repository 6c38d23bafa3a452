// What is said, and when: a heartbeat each period, and at once when something changed (at most one
// a millisecond, repeated twice). It composes frames from what the other objects know; Membership
// numbers them, writes them down and hands them out.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/types.hpp"
#include "core/cluster/duplicate_id.hpp"
#include "core/cluster/evidence.hpp"
#include "core/cluster/grants.hpp"
#include "core/cluster/handover.hpp"
#include "core/cluster/heard_versions.hpp"
#include "core/cluster/lease.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/outbox.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/reload.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/sibling.hpp"
#include "core/cluster/starvation.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

// What a heartbeat tells about; all of it is only read.
struct SenderView {
    Sibling<const MembershipParams> params;
    Sibling<const Self> self;
    Sibling<const Listening> listening;
    Sibling<const SentFrames> sent;
    Sibling<const MapInForce> map;
    Sibling<const Peers> peers;
    Sibling<const DuplicateId> duplicate;
    Sibling<const Evidence> evidence;
    Sibling<const Lease> lease;
    Sibling<const Grants> grants;
    Sibling<const Handover> handover;
    Sibling<const Reload> reload;
    Sibling<const Starvation> starvation;
    Sibling<const HeardVersions> heard_versions;
};

class Sender {
public:
    Sender(const SenderView& view, Outbox& outbox) : view_(view), outbox_(outbox) {}

    // R10: nothing is said until each of `others` was heard once, at most until `by` (in listening
    // time).
    void wait_for(HostSet others, Duration by);
    void wait_for_nobody() { await_first_ = HostSet{}; }
    // The host was heard. True: it was waited for.
    [[nodiscard]] bool stop_waiting_for(HostId id);
    // Nothing keeps this host from sending frames on behalf of others (grants, configuration
    // lines).
    [[nodiscard]] bool may_send() const;

    // Whether a heartbeat is due now. Requires: when it is, frames() are sent before anything else.
    [[nodiscard]] bool take_turn();
    // A heartbeat, behind the map while a member does not state its epoch yet, and before the same
    // in each other version that somebody needs (R16); without sequences.
    [[nodiscard]] std::vector<ClusterFrame> frames() const;
    [[nodiscard]] FrameHeader header() const;
    // What this host writes: its epoch's version, or as a joiner the least that it can, which the
    // most can read.
    [[nodiscard]] std::uint8_t version() const;
    // When it wants to be asked again, at the latest a tick from now.
    [[nodiscard]] Instant next_wake() const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.await_first_, self.speak_by_, self.repeats_left_, self.turns_);
    }

private:
    [[nodiscard]] bool is_due() const;
    [[nodiscard]] Heartbeat heartbeat() const;
    [[nodiscard]] std::vector<PeerReport> peer_reports() const;
    [[nodiscard]] Duration since_last() const;

    SenderView view_;
    Sibling<Outbox> outbox_;
    HostSet await_first_;
    Duration speak_by_{};  // in listening time
    std::uint8_t repeats_left_ = 0;
    std::size_t turns_ = 0;  // heartbeats so far
};

}  // namespace nlb
