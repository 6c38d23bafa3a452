// One cluster of this host: owns its membership, hands it what happens, and carries out what it
// wants through the dataplane commands. Time and messages come in, messages and events go out: it
// reads no clock, opens no file, writes no log and knows no socket and no thread, so that a
// simulator runs the very object that the program runs. What the operator wants is host_state's to
// decide, what the cluster does is core's; this file only connects them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controlplane/agent/address_guard.hpp"
#include "controlplane/agent/changed_offers.hpp"
#include "controlplane/agent/cluster_channel.hpp"
#include "controlplane/agent/cluster_settings.hpp"
#include "controlplane/agent/config_exchange.hpp"
#include "controlplane/agent/configuration_age.hpp"
#include "controlplane/agent/convergence_statistics.hpp"
#include "controlplane/agent/dataplane_commands.hpp"
#include "controlplane/agent/events.hpp"
#include "controlplane/agent/heartbeat_statistics.hpp"
#include "controlplane/agent/host_state.hpp"
#include "controlplane/agent/igmp_agent.hpp"
#include "controlplane/agent/input_observer.hpp"
#include "controlplane/agent/message_sink.hpp"
#include "controlplane/agent/opening_watch.hpp"
#include "controlplane/agent/overheard.hpp"
#include "controlplane/agent/port_watch.hpp"
#include "controlplane/agent/rule_healths.hpp"
#include "controlplane/agent/rule_states.hpp"
#include "controlplane/agent/stored_state.hpp"
#include "controlplane/agent/strangers.hpp"
#include "controlplane/agent/traffic.hpp"
#include "controlplane/agent/witnesses.hpp"
#include "core/cluster/membership.hpp"
#include "core/ipc/messages.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// What a reload hands over.
struct NextConfiguration {
    ClusterSettings settings;
    std::unique_ptr<const Authenticator> until_then;  // sends as now, accepts the next key too
    // sends under the next key, accepts the present one
    std::unique_ptr<const Authenticator> from_then;
};

// Thread: one, the same for every call. Every `now` is at least the one before it.
class ClusterAgent {
public:
    // `boot` is random, not 0, and new for each life of the program; the sinks outlive the agent.
    ClusterAgent(ClusterSettings settings, std::unique_ptr<const Authenticator> authenticator,
                 MessageSink& messages, EventSink& events, const StoredCluster& stored,
                 std::uint32_t boot);
    ClusterAgent(const ClusterAgent&) = delete;
    ClusterAgent& operator=(const ClusterAgent&) = delete;

    // From now on `observer` is told what enters; it outlives the agent, or is taken back by none.
    void observe_with(InputObserver* observer) { observer_ = observer; }

    // What happens.
    // A dataplane was found, or another one than before. It calls this cluster message.cluster from
    // now on. Empty, or why it cannot be worked with: then nothing has changed here. Whether it
    // means the same cluster is cluster_roster's to judge.
    [[nodiscard]] std::string on_hello(Instant now, const ipc::MessageView& message);
    // Every other message about this cluster; without a dataplane it is ignored.
    void on_message(Instant now, const ipc::MessageView& message);
    // The connection broke. Told twice, the second time changes nothing.
    void on_dataplane_lost(Instant now);
    // Time passes. Requires: called no later than next_wake() when the caller can; after messages
    // that is at once, when there are no more of them.
    void on_tick(Instant now);
    [[nodiscard]] Instant next_wake() const;

    // Health checks to run now. Each is answered once, unless the program ends before.
    [[nodiscard]] std::vector<CheckOrder> take_due_checks(Instant now);
    void on_check(Instant now, std::uint64_t token, const CheckResult& result);

    // The operator.
    // Takes effect at once here and step by step in the cluster; settled() tells when.
    CommandResult command_host(Instant now, HostCommand command);
    CommandResult command_rules(Instant now, const std::vector<RuleId>& rules, RuleState wanted);
    // A command named a rule that the cluster has not; for people.
    void note_unknown_rule(Instant now, const std::string& text);
    // Weights, priorities and time-outs of this host; the agreed part is unchanged.
    void apply_local(Instant now, const ClusterSettings& fresh);
    // A host that begins waits no longer for signs that somebody else serves.
    CommandResult begin_alone(Instant now);
    // The next configuration: it is used once every live host holds it. Requires:
    // !reload_is_under_way().
    void hold(Instant now, NextConfiguration next);
    // The file is again what is in force; what was held is given up. Requires:
    // !reload_is_under_way().
    void drop_staged(Instant now);
    [[nodiscard]] bool reload_is_under_way() const { return membership_.reload_is_under_way(); }
    // Keys that are accepted, and the one that is used to send.
    void use_keys(std::unique_ptr<const Authenticator> authenticator);
    // Whom the machine knows on its links, the best witnesses first; told now and then.
    void use_neighbours(std::vector<IpAddress> neighbours);
    // The program ends: leave in order.
    void depart(Instant now);
    // Nothing is under way that the last command waits for.
    [[nodiscard]] bool settled() const {
        return !active_ ||
               (!departing_ && (wanted_ == Wanted::running || wanted_ == Wanted::draining));
    }

    // For people and metrics.
    [[nodiscard]] const ClusterSettings& settings() const { return settings_; }
    [[nodiscard]] const Membership& membership() const { return membership_; }
    [[nodiscard]] const MembershipParams& params() const { return params_; }
    [[nodiscard]] const Authenticator& authenticator() const { return *authenticator_; }
    [[nodiscard]] std::uint32_t boot() const { return boot_; }
    [[nodiscard]] const RuleStates& rule_states() const { return rule_states_; }
    [[nodiscard]] const RuleHealths& healths() const { return healths_; }
    // What this host would tell of its servers if that configuration came into force.
    [[nodiscard]] ToldHealths health_under(const config::Cluster& next) const {
        return healths_.told_under(next, now_);
    }
    [[nodiscard]] ShownState shown() const {
        return shown_state(wanted_, facts(), membership_.converged());
    }
    [[nodiscard]] bool active() const { return active_; }
    // Why the cores answer nobody although this host should serve; empty: they do, or it should
    // not.
    [[nodiscard]] std::string serves_not_because(Instant now) const;
    // Several hosts are configured, this one serves, and no other that is heard does.
    [[nodiscard]] bool is_last_to_serve(Instant now) const;
    [[nodiscard]] bool dataplane_connected() const { return dataplane_; }
    [[nodiscard]] bool link_up() const { return link_up_; }
    // As the dataplane last said; nothing while there is none.
    [[nodiscard]] const std::optional<ipc::Inside>& inside() const { return inside_; }
    // Since the first hello.
    [[nodiscard]] const std::optional<PortAddresses>& ports() const { return ports_; }
    // The newest one of a dataplane that is there.
    [[nodiscard]] const std::optional<ipc::Status>& status() const { return status_; }
    [[nodiscard]] const Traffic& traffic() const { return traffic_; }
    [[nodiscard]] const ConvergenceStatistics& convergence() const { return convergence_; }
    [[nodiscard]] const IgmpAgent& igmp() const { return igmp_; }
    [[nodiscard]] const HeartbeatStatistics& heartbeats() const { return heartbeats_; }
    [[nodiscard]] bool has_staged() const { return next_.has_value(); }
    // Hosts whose newest configuration is not this one's newest, and the first difference where it
    // is known.
    [[nodiscard]] const std::map<HostId, std::optional<config::Difference>>& mismatches() const {
        return mismatches_;
    }
    // Of a host in mismatches().
    [[nodiscard]] ConfigurationAge age_beside(HostId host) const;
    // What is heard while this host takes no part.
    [[nodiscard]] const Overheard& overheard() const { return overheard_; }
    // What the cores go by; nothing before the first install.
    [[nodiscard]] const std::optional<InstallTables>& last_install() const {
        return commands_.last_install();
    }
    [[nodiscard]] std::uint64_t heartbeats_sent() const { return commands_.heartbeats_sent(); }
    [[nodiscard]] std::uint64_t other_frames_sent() const { return commands_.other_frames_sent(); }
    // Of virtual addresses: what this host announced, and claims of strangers.
    [[nodiscard]] std::uint64_t announced() const { return addresses_.announced(); }
    [[nodiscard]] std::uint64_t address_conflicts() const { return address_conflicts_; }
    // What a successor needs for `initial_state: last`.
    [[nodiscard]] StoredCluster stored() const;

    static constexpr Duration kPollEvery = std::chrono::milliseconds{250};

    // Everything of it that decides, besides its settings and keys, for snapshots
    // (controlplane/flight). Counters of packets are for people; nothing follows from them.
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.params_, self.rule_states_, self.healths_, self.told_health_, self.membership_,
             self.channel_, self.commands_, self.next_, self.exchange_, self.mismatches_,
             self.witnesses_, self.addresses_, self.igmp_, self.overheard_, self.boot_,
             self.opening_watch_);
        each(self.wanted_, self.found_, self.initial_told_, self.active_, self.told_draining_,
             self.leaving_, self.departing_, self.empty_reports_, self.dataplane_, self.link_up_,
             self.inside_, self.workers_move_, self.memory_, self.memory_until_,
             self.unknown_tables_, self.ports_, self.status_, self.port_watch_, self.taken_in_,
             self.next_poll_, self.next_pulse_, self.now_);
        each(self.convergence_, self.heartbeats_, self.strangers_, self.address_conflicts_,
             self.told_starving_, self.told_mixed_, self.told_waiting_, self.told_members_,
             self.leavers_, self.told_offers_, self.own_cause_, self.equal_priorities_,
             self.table_full_seen_, self.table_full_told_, self.drained_told_);
    }

private:
    // cluster_agent.cpp
    [[nodiscard]] Facts facts() const;
    void reconcile(Instant now);
    void take_step(Instant now, Step step);
    void begin(Instant now);
    void retire();
    void tell_desired(Instant now);
    void run(Instant now, const Actions& actions);
    void poll(Instant now);
    void lose_dataplane(Instant now);

    // cluster_agent_health.cpp
    [[nodiscard]] DesiredRules desired() const;
    [[nodiscard]] StagedConfig held() const;
    void refresh_health(Instant now);
    [[nodiscard]] std::uint64_t failed_rules() const;
    void tell_health(RuleId rule) const;

    // cluster_agent_link.cpp: what the dataplane says
    void on_punted(Instant now, const ipc::MessageView& message);
    [[nodiscard]] DecodedFrame decode(const Envelope& envelope) const;
    void refuse(Instant now, FrameFault fault, const std::optional<Envelope>& envelope);
    void tell_refused(FrameFault fault, const std::optional<Envelope>& envelope);
    void overhear(Instant now, const ipc::MessageView& message);
    void on_status(Instant now, const ipc::Status& status);
    void on_counters(Instant now, const ipc::CountersReport& report);
    void tell_port(const PortWatch::News& news, const ipc::PortReport& port);
    // How many servers began since it was told last, and one of them.
    void tell_openings(std::uint64_t count, const ipc::Opening& one);
    void note_link(Instant now, bool up);
    void note_inside(const ipc::Inside& inside);
    void note_stranger(Instant now, const std::optional<Sign>& sign);
    void note_claim(Instant now, const VirtualClaim& claim);
    void guard_addresses(Instant now);
    void note_workers(Instant now, Instant oldest_poll);
    void note_drained_rules();

    // cluster_agent_configuration.cpp: the next configuration, and whoever has another one
    void use_next(const UseConfig& action);
    void take_keys(std::unique_ptr<const Authenticator> authenticator);
    void compare_configurations(Instant now);
    void tell_mismatch(HostId host, const std::optional<config::Difference>& difference) const;
    [[nodiscard]] EventId event_of(HostId host,
                                   const std::optional<config::Difference>& difference) const;
    void notice_equal_priorities();
    void tell_changed_offers(const ClusterSettings& before) const;
    [[nodiscard]] const ClusterSettings& newest_settings() const {
        return next_ ? next_->settings : settings_;
    }

    // cluster_agent_events.cpp: what people are told
    void tell(EventId id, Fields fields = {}) const;
    void tell_rules(const std::vector<RuleId>& changed, RuleState wanted) const;
    void tell_report(Instant now, const Report& report);
    void tell_buried(Instant now, const Report& report);
    void tell_new_epoch(Instant now);
    void tell_converged(Instant now);
    void tell_waiting();
    void tell_initial_state();
    void tell_starving();
    void note_leavers(const std::vector<MemberEntry>& members);
    void tell_gone();
    void tell_versions();
    void ask_witnesses(Instant now);
    void observe(Instant now);
    [[nodiscard]] std::string host_name(HostId id) const;

    ClusterSettings settings_;
    MembershipParams params_;
    std::unique_ptr<const Authenticator> authenticator_;
    EventSink& events_;
    InputObserver* observer_ = nullptr;
    FrameFault verdict_ = FrameFault::none;  // of the frame that was decoded last
    RuleStates rule_states_{};
    RuleHealths healths_;
    ToldHealths told_health_{};
    Membership membership_;
    ClusterChannel channel_;
    DataplaneCommands commands_;
    std::optional<NextConfiguration> next_;
    ConfigExchange exchange_;
    std::map<HostId, std::optional<config::Difference>> mismatches_;
    Witnesses witnesses_;
    AddressGuard addresses_;
    IgmpAgent igmp_;
    Overheard overheard_;
    std::uint32_t boot_;

    // What is wanted and how far it has come; see Facts.
    Wanted wanted_ = Wanted::running;
    std::optional<Wanted> found_;  // kept by the life before this one
    bool initial_told_ = false;
    bool active_ = false;
    bool told_draining_ = false;
    bool leaving_ = false;
    bool departing_ = false;
    std::uint8_t empty_reports_ = 0;  // in a row: nothing owned, no descriptor; two make drained

    // The dataplane.
    bool dataplane_ = false;
    bool link_up_ = false;
    std::optional<ipc::Inside> inside_;
    bool workers_move_ = true;               // all of them, by the dataplane's word
    std::optional<DataplaneMemory> memory_;  // of the control plane before this one, until begin()
    Instant memory_until_ = kLongAgo;        // how long that memory is alive
    bool unknown_tables_ = false;            // it serves on tables whose story is not known
    std::optional<PortAddresses> ports_;
    std::optional<ipc::Status> status_;
    Traffic traffic_;
    PortWatch port_watch_;
    OpeningWatch opening_watch_;
    bool taken_in_ =
        false;  // frames, since the last tick: what follows from them is to be computed
    Instant next_poll_ = kLongAgo;
    Instant next_pulse_ = kLongAgo;
    Instant now_ = kLongAgo;

    // What people are told.
    ConvergenceStatistics convergence_;
    HeartbeatStatistics heartbeats_;
    Strangers strangers_;
    std::uint64_t address_conflicts_ = 0;
    bool told_starving_ = false;
    bool told_mixed_ = false;    // that members of two versions go by the older one
    bool told_waiting_ = false;  // that signs of others keep this host from beginning
    std::vector<MemberEntry> told_members_;
    HostSet leavers_;  // left in order, and spoke after that
    OffersByHost told_offers_;
    // of the next epoch with the same members, when it comes from here: rule, health or reload
    std::optional<ConvergenceCause> own_cause_;
    // Hosts that state my priority of a rule of mode single, by rule; told once each.
    std::array<HostSet, kRuleSlots> equal_priorities_{};
    std::uint64_t table_full_seen_ = 0;  // flows that found no room, by the newest report
    bool table_full_told_ = false;       // there were some since the report before it
    RuleMasks drained_told_{};           // not zero: the rule's drain was reported as over
};

}  // namespace nlb::controlplane
