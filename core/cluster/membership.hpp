// The cluster protocol of one host as a state machine: rules R1 to R14 of docs/protocol.md. Time
// and frames go in, desired come out. It reads no clock, touches no socket and knows no keys. The
// shell carries out the actions of one call in the order given and before the next call; it may be
// stopped between any two of them (absolute times and the lease make that safe).
//
// Rooms: peers.cpp (who is who: R1, R4), listening.cpp (what I could hear: listening time, R12,
// R13), lease.cpp (how long my cores may answer: R2, R3), burial.cpp (who is dead, who is foreign:
// R5, R9), coordinator.cpp (who coordinates, which map: R6, R7), handover.cpp (release, then
// acquire: R8, R11), grants.cpp (clients that were somewhere before: R14), reload.cpp (the next
// configuration), sender.cpp (what is said, and when), membership.cpp (the events).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/host_map.hpp"
#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/cluster/actions.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/cluster/peer.hpp"
#include "core/cluster/timing.hpp"
#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb {

struct MembershipParams {
    HostId self = kNoHost;
    std::uint32_t cluster = 0;
    std::uint8_t slots = 1;  // port rules + 1
    // bit r: slot r (by RuleId) is of mode single; the default rule is
    std::uint64_t single_slots = 0;
    std::uint8_t configured_hosts = 1;
    bool majority = false;  // partition: majority
    Timing timing;
    std::uint64_t config_digest = 0;
    std::uint64_t generation = 1;
    bool sticky = false;  // some rule has a time-out for its clients
};

// What this host puts in: per slot an offer and a state. A disabled or draining rule offers
// nothing, whatever `offer` says.
struct DesiredRule {
    std::uint8_t offer = 0;
    RuleState state = RuleState::enabled;
    bool operator==(const DesiredRule&) const = default;
};
using DesiredRules = std::array<DesiredRule, kRuleSlots>;

// The next configuration, as far as the protocol is concerned. The shell has checked it and can use
// it at any moment.
struct StagedConfig {
    std::uint64_t digest = 0;
    std::uint8_t slots = 1;
    std::uint64_t single_slots = 0;
    std::uint8_t configured_hosts = 1;
    bool sticky = false;
    DesiredRules desired{};  // by its own RuleIds
    // the RuleId that each rule has now; kNoPreviousRule: it is new
    std::array<RuleId, kRuleSlots> former{};
    bool operator==(const StagedConfig&) const = default;
};
inline constexpr RuleId kNoPreviousRule = 0xff;

// What a running dataplane remembers of the control plane before this one.
struct DataplaneMemory {
    Checkpoint block;
    Instant valid_until = kLongAgo;
    RuleMasks own{};  // what the installed tables let the cores accept
    RuleMasks dirty{};
};

enum class MembershipState : std::uint8_t { off, join, member, reset };

class Membership {
public:
    // Requires: params.self in 1..32, slots in 1..33.
    Membership(const MembershipParams& params, const DesiredRules& desired);

    // Events. Each returns what the shell shall do, in order.
    // `boot` is random and new whenever the dataplane is; with `memory` the control plane restarts
    // beside a running dataplane (R10). `foreign_tables`: the dataplane may serve by tables whose
    // story is not known; they are fenced and emptied first.
    Actions on_start(Instant now, std::uint32_t boot, const std::optional<DataplaneMemory>& memory,
                     bool foreign_tables = false);
    Actions on_tick(Instant now);
    Actions on_frame(Instant now, const ClusterFrame& frame, FrameFault* fault);
    Actions on_installed(Instant now, std::uint64_t token, const RuleMasks& dirty);
    Actions on_dirty(Instant now, const RuleMasks& dirty);
    Actions on_desired(Instant now, const DesiredRules& desired, bool draining);
    // Gives everything back, then says goodbye; has_left() tells when. Afterwards on_start begins
    // anew.
    Actions on_leave(Instant now);
    Actions on_link(Instant now, bool up);
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
    void on_dataplane_alive(Instant now, Instant last_rx);
    // The dataplane died: whatever it held is gone. on_start begins anew when it is back.
    void on_dataplane_lost();

    // When on_tick wants to be called next, at the latest a fifth of a period from the last call.
    [[nodiscard]] Instant next_wake() const { return next_wake_; }

    // For people and metrics.
    [[nodiscard]] MembershipState state() const { return state_; }
    [[nodiscard]] bool converged() const;
    [[nodiscard]] bool has_left() const { return has_left_; }
    [[nodiscard]] const std::optional<StagedConfig>& staged() const { return staged_; }
    [[nodiscard]] std::uint64_t config_digest() const { return params_.config_digest; }
    [[nodiscard]] std::uint64_t generation() const { return params_.generation; }
    // All live members hold the next configuration and give their buckets back for it.
    [[nodiscard]] bool reload_is_under_way() const {
        return state_ == MembershipState::member && map_.next_digest != 0;
    }
    // Members that do not hold what this host holds.
    [[nodiscard]] HostSet awaited() const;
    [[nodiscard]] bool is_deaf() const { return deaf_; }
    // Another living host uses this one's id; until it falls silent this one says nothing (R13).
    [[nodiscard]] bool has_duplicate_id() const { return yields_to_duplicate_; }
    [[nodiscard]] const Epoch& epoch() const { return map_.epoch; }
    [[nodiscard]] const ClusterMap& map() const { return map_; }
    [[nodiscard]] const RuleMasks& own() const { return own_; }
    [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
    [[nodiscard]] Instant valid_until() const { return valid_until_; }
    [[nodiscard]] const std::map<HostId, Peer>& peers() const { return peers_; }
    [[nodiscard]] const std::map<HostId, Candidate>& candidates() const { return candidates_; }
    [[nodiscard]] const GrantCounts& grants() const { return grant_counts_; }
    // of my epoch, without those whose later life I believe
    [[nodiscard]] HostSet members() const;
    // in listening time. Requires: peers() has it.
    [[nodiscard]] Duration silence_of(HostId peer) const;
    [[nodiscard]] OwnerMap stated_owners() const;  // who says it owns; kNoHost: an orphan
    // Why the cluster is converging and through whom; empty when converged.
    [[nodiscard]] std::pair<std::string, HostId> unconverged_because() const;
    // Host is alive and in the same configuration; not said goodbye.
    [[nodiscard]] bool is_live(HostId peer) const;

private:
    using Incarnations = HostMap<Incarnation>;
    using OfferList = std::array<std::uint8_t, kRuleSlots>;  // effective ones
    using OfferTable = HostMap<OfferList>;
    // Of everything that targets follow from; hosts are added by their ids' order.
    class InputsDigest {
    public:
        InputsDigest(std::uint64_t config_digest, std::uint64_t next_digest);
        void add(HostId id, const OfferList& offers);
        [[nodiscard]] std::uint64_t value() const { return digest_; }

    private:
        void mix(std::uint64_t word) { digest_ = (digest_ ^ word) * 0x100000001b3ULL; }
        std::uint64_t digest_ = 0xcbf29ce484222325ULL;
    };
    struct Numbering {
        std::uint8_t slots;
        std::uint64_t single_slots;
    };

    // membership.cpp
    void advance(Instant now);  // at every entry, first
    void step();                // everything that may follow from any event
    void become_fresh();
    void resume_from(const DataplaneMemory& memory);
    [[nodiscard]] Actions take_actions();
    void report(Report::Kind kind, HostId host, std::string detail);
    [[nodiscard]] bool heard_within(const Peer& peer, Duration silence) const;
    [[nodiscard]] bool is_buried(HostId id, const Incarnation& incarnation) const;
    [[nodiscard]] bool is_gone(HostId id, const Peer& peer) const;
    [[nodiscard]] bool is_member(HostId id, const Incarnation& incarnation) const;
    [[nodiscard]] Incarnations member_incarnations() const;
    void store();

    // peers.cpp: R1
    [[nodiscard]] FrameFault believe(const FrameHeader& header,
                                     const std::vector<PeerReport>* reports);
    [[nodiscard]] FrameFault consider_candidate(const FrameHeader& header,
                                                const std::vector<PeerReport>* reports);
    void supersede(HostId id, const Incarnation& older, const Incarnation& newer);
    void note_arrival(HostId id, Peer& peer, std::uint64_t sequence);
    void accept_heartbeat(HostId id, Peer& peer, const Heartbeat& beat);
    void note_reports(Peer& peer, const std::vector<PeerReport>& reports);

    // listening.cpp: listening time, R12, R13
    [[nodiscard]] Duration heard_through(Duration gap) const;
    void note_reception();
    void notice_deafness();
    [[nodiscard]] bool has_company() const;
    void note_duplicate_id(const FrameHeader& header, const std::vector<PeerReport>* reports);
    void yield_to_duplicate();
    [[nodiscard]] bool knocks() const;

    // lease.cpp: R2, R3
    void renew_lease();
    [[nodiscard]] Instant lease_end() const;
    [[nodiscard]] bool could_hold_lease() const;
    [[nodiscard]] Instant lease_base_serve() const;
    [[nodiscard]] Instant lease_base_majority() const;
    [[nodiscard]] Instant lease_cap() const;
    // I have not listened for long enough to have heard everybody's beginning.
    [[nodiscard]] bool is_new() const {
        return listened_ - joined_at_ <= params_.timing.bury_after;
    }
    [[nodiscard]] static Instant base_of(const Candidate& candidate);
    [[nodiscard]] Instant base_of(HostId id, const Peer& peer) const;
    [[nodiscard]] bool holds_back(const Peer& peer) const;
    void reset(const std::string& because);
    void give_up();  // what a reset does
    void empty_map();

    // burial.cpp: R5, R9
    void bury_the_silent();
    [[nodiscard]] bool is_split_brain(HostId id, const Peer& peer) const;
    void resolve_split_brain();

    // coordinator.cpp: R6, R7
    void coordinate();
    [[nodiscard]] bool may_bootstrap() const;
    [[nodiscard]] std::optional<Incarnations> wanted_base() const;
    [[nodiscard]] Incarnations admit_joiners(Incarnations wanted) const;
    [[nodiscard]] bool may_join(HostId id, const Peer& peer) const;
    [[nodiscard]] bool a_peer_states_higher() const;
    void set_map(const ClusterMap& map);
    [[nodiscard]] RuleMasks targets_of(HostId host) const;
    [[nodiscard]] OfferList offers_of(HostId id) const;
    [[nodiscard]] OfferTable offers_of(const Incarnations& wanted) const;
    [[nodiscard]] static std::uint64_t digest_of(const OfferTable& offers,
                                                 std::uint64_t config_digest,
                                                 std::uint64_t next_digest);
    [[nodiscard]] static OwnerMap targets_for(const OfferTable& offers, const Numbering& numbering,
                                              const OwnerMap& holding);
    [[nodiscard]] ClusterMap next_map(const Incarnations& wanted, const OfferTable& offers) const;
    void adopt(const ClusterMap& map, bool mine);
    [[nodiscard]] FrameFault accept_map_part(const MapPart& part);
    [[nodiscard]] bool may_adopt(const ClusterMap& map, bool mine) const;

    // reload.cpp
    [[nodiscard]] bool all_hold(const Incarnations& wanted) const;
    [[nodiscard]] std::uint64_t next_digest(const Incarnations& wanted) const {
        return all_hold(wanted) ? staged_->digest : 0;
    }
    [[nodiscard]] bool everything_is_released() const;
    void publish_staged(const Incarnations& wanted);
    [[nodiscard]] OfferTable staged_offers_of(const Incarnations& wanted) const;
    [[nodiscard]] OwnerMap holding_before_reload() const;
    [[nodiscard]] bool can_use(const ClusterMap& map) const;
    void use_staged(std::uint64_t generation);
    void follow_the_members();
    [[nodiscard]] StagedReport compose_staged() const;
    [[nodiscard]] std::array<RuleReport, kRuleSlots> rules_as_numbered_here(const Peer& peer) const;

    // handover.cpp: R8, R11
    void move_buckets();
    [[nodiscard]] RuleMasks targets_of_mine() const;
    [[nodiscard]] bool all_state_my_epoch() const;
    bool release(const RuleMasks& targets);
    bool acquire(const RuleMasks& targets);
    void refresh_dirty();
    [[nodiscard]] RuleMasks dirty_elsewhere() const;
    [[nodiscard]] RuleMasks dirty_to_install(const RuleMasks& own) const;
    void install(const RuleMasks& own);
    void finish_leaving();
    void note_convergence();

    // grants.cpp: R14
    void note_new_era();
    void note_installed_era();
    [[nodiscard]] bool era_is_stale() const;
    [[nodiscard]] bool may_pass_on(const GrantRequest& request) const;
    void accept_grants(HostId id, const GrantList& list);
    [[nodiscard]] Instant end_of(const Grant& grant) const;

    // sender.cpp
    void speak();
    void send(std::vector<ClusterFrame> frames);
    [[nodiscard]] Heartbeat compose() const;
    [[nodiscard]] std::array<RuleReport, kRuleSlots> compose_rules() const;
    [[nodiscard]] std::vector<PeerReport> compose_reports() const;
    [[nodiscard]] FrameHeader compose_header() const;
    [[nodiscard]] bool said_goodbye() const;
    void schedule();

    MembershipParams params_;
    DesiredRules desired_;
    bool draining_ = false;

    // Time.
    Instant now_ = kLongAgo;
    Instant last_run_ = kLongAgo;
    Instant alive_at_ = kLongAgo;  // newest sign of life of the dataplane
    Instant last_rx_ = kLongAgo;   // newest frame of any kind, by the dataplane's word
    Duration listened_{};          // time in which this loop ran
    Duration heard_any_at_{};      // in listening time: newest frame of any kind
    bool deaf_ = false;            // R12: nothing is heard, although there were others
    bool heard_anything_ = false;  // since on_start
    Duration joined_at_{};         // in listening time
    Instant next_wake_ = kLongAgo;

    // Who I am and what I hold.
    MembershipState state_ = MembershipState::off;
    Incarnation incarnation_;
    std::uint64_t sequence_ = 0;
    std::uint64_t first_sequence_ = 1;  // of this incarnation
    std::uint32_t highest_counter_ = 0;
    std::optional<StagedConfig> staged_;
    OwnerMap before_reload_{};  // the targets of the last epoch before the reload under way
    ClusterMap map_;
    std::uint64_t map_digest_ = 0;             // of map_; 0 without an epoch
    std::map<HostId, RuleMasks> map_targets_;  // map_.targets by host
    RuleMasks own_{};
    RuleMasks dirty_{};
    // the dataplane still counts by the former configuration's rules
    bool dirty_is_previous_ = false;
    Instant valid_until_ = kLongAgo;
    Instant joined_instant_ = kLongAgo;
    bool link_up_ = true;
    bool leaving_ = false;
    bool has_left_ = false;
    Duration leave_by_{};  // in listening time

    // Whom I know.
    std::map<HostId, Peer> peers_;
    std::map<HostId, Candidate> candidates_;
    // another boot that speaks under my id; not proven to be alive
    std::optional<Candidate> duplicate_;
    bool yields_to_duplicate_ = false;  // it is alive, and was there before me
    std::uint8_t last_words_left_ = 0;
    Duration knock_until_{};  // in listening time: a new boot acknowledges nobody before
    std::set<std::pair<HostId, Incarnation>> buried_;
    static constexpr std::size_t kSupersededMax = 256;
    static constexpr std::size_t kUnprovenMax = 256;
    // boots that are over; kept over resets
    std::set<std::pair<HostId, std::uint32_t>> superseded_;
    // highest sequence of incarnations not believed so far
    std::map<std::pair<HostId, Incarnation>, std::uint64_t> unproven_;
    // R10: members to be heard before I speak
    HostSet await_first_;
    Duration speak_by_{};  // in listening time

    // The install under way, and the one that must follow it.
    bool installing_ = false;
    bool emptying_ = false;
    RuleMasks installing_own_{};
    RuleMasks installed_dirty_elsewhere_{};
    std::uint64_t install_token_ = 0;

    // R14. An era is an epoch, by its map's digest.
    // this configuration, or a former one that tables may still be of
    bool ever_sticky_ = false;
    // all members have stated the present epoch, and none goes by what an older one granted
    bool settled_ = false;
    bool guests_ = false;              // my cores may serve clients by grants of the present epoch
    bool previous_guests_ = false;     // ... of an older one, until the next install is over
    std::uint64_t installed_era_ = 0;  // of the newest install, finished or not
    bool installed_settled_ = false;
    GrantCounts grant_counts_;

    // A map that arrives in parts.
    ClusterMap partial_;
    std::uint64_t partial_digest_ = 0;
    std::uint32_t partial_have_ = 0;

    // Speech.
    bool want_to_speak_ = false;
    std::uint8_t repeats_left_ = 0;
    Instant last_sent_ = kLongAgo;
    static constexpr std::size_t kSentKept = 1024;
    std::array<Instant, kSentKept> sent_at_{};  // by sequence modulo kSentKept
    // newest first: frames at least 9/10 of a period apart (R3's cap)
    std::array<Instant, kBeatsKept> beats_{};
    std::size_t beats_count_ = 0;
    std::uint8_t goodbyes_left_ = 0;

    bool was_converged_ = false;
    Actions actions_;
};

}  // namespace nlb
