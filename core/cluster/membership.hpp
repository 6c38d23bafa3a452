// The cluster protocol of one host: rules R1 to R16 of docs/protocol.md. Time and frames go in,
// actions come out. It reads no clock, touches no socket and knows no keys. Each rule is decided by
// one of the objects beside this file; what stands here is the order of steps that follows from an
// event.
//
// The shell carries out the actions of one call in the order given and before the next call; it may
// be stopped between any two of them (absolute times and the lease make that safe).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/cluster/actions.hpp"
#include "core/cluster/causes.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/cluster/coordinator.hpp"
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
#include "core/cluster/quorum.hpp"
#include "core/cluster/reload.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sender.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/starvation.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb {

// What a running dataplane remembers of the control plane before this one.
struct DataplaneMemory {
    Checkpoint checkpoint;
    Instant valid_until = kLongAgo;
    RuleMasks own{};  // what the installed tables let the cores accept
    RuleMasks dirty{};
};

class Membership {
public:
    // Requires: params.self in 1..32, slots in 1..33.
    Membership(const MembershipParams& params, const DesiredRules& desired);
    // The copy goes on from the same state.
    Membership(const Membership& other) : Membership(other.params_, other.self_.desired) {
        *this = other;
    }
    Membership& operator=(const Membership&) = default;

    // Events. Each returns what the shell shall do, in order.
    // `boot` is random and new whenever the dataplane is; with `memory` the control plane restarts
    // beside a running dataplane (R10). `unknown_tables`: the dataplane may serve by tables that
    // nobody here made; they are fenced and emptied first.
    Actions on_start(Instant now, std::uint32_t boot, const std::optional<DataplaneMemory>& memory,
                     bool unknown_tables = false);
    Actions on_tick(Instant now);
    Actions on_frame(Instant now, const ClusterFrame& frame, FrameFault* fault);
    // The same of a frame that others follow at once: it is taken in, and what follows from it
    // waits for the next event, which has to come before the shell sleeps when there is news. So
    // what follows from many frames is computed once.
    [[nodiscard]] FrameFault take_in(Instant now, const ClusterFrame& frame);
    // Something that was taken in has to be followed at once. A heartbeat that says what the last
    // one said has not: it renews leases, which the next tick does.
    [[nodiscard]] bool has_news() const { return news_; }
    Actions on_installed(Instant now, std::uint64_t token, const RuleMasks& dirty);
    Actions on_dirty(Instant now, const RuleMasks& dirty);
    Actions on_desired(Instant now, const DesiredRules& desired, bool draining);
    // Gives everything back, then says goodbye; has_left() tells when. Afterwards on_start begins
    // anew.
    Actions on_leave(Instant now);
    Actions on_link(Instant now, bool up);
    // Somebody may serve without being heard as a member (R6): a beginner waits for a while.
    // Whoever can send frames makes signs: nothing follows from one before the next event, so that
    // it costs no step. It counts from the newest event, which is at most a tick ago. False: it is
    // no sign here, and nothing to tell people.
    bool note_sign(const Sign& sign) { return evidence_.note(sign); }
    // The operator's word that nobody serves: the present beginning waits for no sign.
    Actions on_begin_alone(Instant now);
    // Two-phase reload: `next` is used once every live member holds it. Nothing, or what is in
    // force: the host holds none any more. Ignored while reload_is_under_way().
    Actions on_staged(Instant now, const std::optional<StagedConfig>& next);
    // Says the lines of this host's configuration, for a host that has another one.
    Actions on_config_asked(Instant now, std::uint64_t digest, std::string_view lines);
    // What cores have committed this host to (R14).
    Actions on_grant_requests(Instant now, std::span<const GrantRequest> requests);
    // A sign of life of the dataplane: any answer that it made now. Without one for a period the
    // silence of the others proves nothing, and what was sent may not have left. `last_rx`: when
    // the newest frame of any kind came in from outside. Requires: called at least each half period
    // while the dataplane runs.
    // `client_frames`: a number that grows with frames to the cluster's MAC.
    void on_dataplane_alive(Instant now, Instant last_rx, std::uint64_t client_frames) {
        listening_.on_dataplane_alive(now, last_rx);
        starvation_.on_client_frames(client_frames);
    }
    // The dataplane died: whatever it held is gone. on_start begins anew when it is back.
    void on_dataplane_lost();

    // When on_tick wants to be called next, at the latest a fifth of a period from the last call.
    [[nodiscard]] Instant next_wake() const { return next_wake_; }

    // For people and metrics.
    [[nodiscard]] MembershipState state() const { return self_.state; }
    [[nodiscard]] Incarnation incarnation() const { return self_.incarnation; }
    [[nodiscard]] bool converged() const;
    // What the cluster still waits for, and through whom.
    [[nodiscard]] UnconvergedBecause unconverged_because() const;
    [[nodiscard]] bool has_left() const { return handover_.has_left(); }
    [[nodiscard]] const std::optional<StagedConfig>& staged() const { return reload_.staged(); }
    [[nodiscard]] std::uint64_t config_digest() const { return params_.config_digest; }
    [[nodiscard]] std::uint64_t generation() const { return params_.generation; }
    // All live members held the next configuration and gave their buckets back for it; what is held
    // can be changed again once it is in force.
    [[nodiscard]] bool reload_is_under_way() const { return reload_.is_settled(); }
    // Members that do not hold what this host holds.
    [[nodiscard]] HostSet awaited() const { return reload_.awaited(); }
    [[nodiscard]] bool is_deaf() const { return listening_.deaf(); }
    // What keeps this host from beginning alone, and what else was seen of the kind.
    [[nodiscard]] const Evidence& evidence() const { return evidence_; }
    // R15: no client is heard here, while others hear them; this host offers nothing.
    [[nodiscard]] bool starves() const { return starvation_.starves(); }
    // Another living host uses this one's id; until it falls silent this one says nothing (R13).
    [[nodiscard]] bool has_duplicate_id() const { return duplicate_.yields(); }
    [[nodiscard]] const Epoch& epoch() const { return map_.epoch(); }
    [[nodiscard]] const ClusterMap& map() const { return map_.map(); }
    // R16: that the cluster goes by; 0 without an epoch.
    [[nodiscard]] std::uint8_t version() const { return map_.map().version; }
    // Members that keep the others from a newer version; none when nobody could speak a newer one.
    [[nodiscard]] HostSet behind() const;
    [[nodiscard]] const RuleMasks& own() const { return handover_.own(); }
    // What this host states of its rules, as the others hear it.
    [[nodiscard]] std::array<RuleReport, kRuleSlots> reports() const { return handover_.reports(); }
    [[nodiscard]] Instant valid_until() const { return lease_.valid_until(); }
    [[nodiscard]] const Peers::Table& peers() const { return peers_.all(); }
    [[nodiscard]] const Peers::Candidates& candidates() const { return peers_.candidates(); }
    [[nodiscard]] const GrantCounts& grants() const { return grants_.counts(); }
    // Of my epoch, without those whose later life I believe.
    [[nodiscard]] HostSet members() const { return peers_.current_members(); }
    // In listening time. Requires: peers() has it.
    [[nodiscard]] Duration silence_of(HostId peer) const {
        return listening_.since(peers_.at(peer).last_rx);
    }
    // Who says it owns; kNoHost: an orphan.
    [[nodiscard]] OwnerMap stated_owners() const;
    // The host is alive and did not say goodbye.
    [[nodiscard]] bool is_live(HostId peer) const { return peers_.is_live(peer); }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.params_, self.self_, self.outbox_, self.listening_, self.sent_, self.map_,
             self.peers_, self.duplicate_, self.evidence_, self.starvation_, self.heard_versions_,
             self.lease_, self.grants_, self.handover_, self.reload_, self.coordinator_,
             self.sender_, self.next_wake_, self.was_converged_, self.news_);
    }

private:
    void advance(Instant now);  // at every entry, first
    void step();                // everything that may follow from any event
    void hear_others_first();
    Actions finish();  // step(), and the actions of the event
    void become_fresh();
    void resume_from(const DataplaneMemory& memory);
    void store();
    void speak();
    void send(std::vector<ClusterFrame> frames);
    [[nodiscard]] FrameFault receive(const ClusterFrame& frame);
    void receive_heartbeat(const Heartbeat& beat);
    [[nodiscard]] FrameFault receive_map_part(const MapPart& part);
    void notice_deafness();
    void notice_signs();
    void follow_reload();
    void use_staged(std::uint64_t generation);
    void renew_lease();
    void reset(ResetCause cause);
    void give_up();
    void leave();
    void adopt(const ClusterMap& map, bool mine);
    [[nodiscard]] UnconvergedBecause held_up_by() const;
    void note_convergence();

    MembershipParams params_;
    Self self_;
    Outbox outbox_;
    Listening listening_{params_.timing};
    SentFrames sent_;
    MapInForce map_;
    Peers peers_{self_, params_.timing, listening_, sent_, map_, outbox_};
    DuplicateId duplicate_{self_, params_.timing, listening_, sent_, outbox_};
    Evidence evidence_{self_, params_.timing, listening_, peers_};
    Starvation starvation_{self_, params_.timing, listening_, map_, peers_};
    HeardVersions heard_versions_{params_.timing, listening_};
    Quorum quorum_{params_, self_, listening_, peers_, reload_};
    Lease lease_{params_, listening_, sent_, map_, peers_, quorum_};
    Grants grants_{params_, self_, listening_, sent_, map_, peers_};
    Handover handover_{params_, self_, listening_, map_, peers_, quorum_, grants_, outbox_};
    Reload reload_{params_, self_, listening_, map_, peers_, handover_};
    Coordinator coordinator_{params_, self_,   listening_, map_,      peers_, duplicate_,
                             lease_,  quorum_, evidence_,  handover_, reload_};
    Sender sender_{{params_, self_, listening_, sent_, map_, peers_, duplicate_, evidence_, lease_,
                    grants_, handover_, reload_, starvation_, heard_versions_},
                   outbox_};
    Instant next_wake_ = kLongAgo;
    bool was_converged_ = false;
    bool news_ = false;
};

}  // namespace nlb
