// The program: one thread that reads what the dataplane says, lets time pass in the agents, and
// answers commands. Here, and only here, stands the order of a turn of the loop. Nothing in it
// waits for anything but the kernel's next event; it decides nothing about buckets.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/daemon/run_directory.hpp"
#include "config/daemon/service_manager.hpp"
#include "config/load.hpp"
#include "controlplane/agent/cluster_roster.hpp"
#include "controlplane/agent/reload.hpp"
#include "controlplane/api/command_service.hpp"
#include "controlplane/api/map_watch.hpp"
#include "controlplane/api/metrics.hpp"
#include "controlplane/api/piece_collector.hpp"
#include "controlplane/health/check_runner.hpp"
#include "controlplane/health/with_asio.hpp"
#include "controlplane/loop/configuration_files.hpp"
#include "controlplane/loop/control_socket.hpp"
#include "controlplane/loop/dataplane_connection.hpp"
#include "controlplane/loop/event_hooks.hpp"
#include "controlplane/loop/flight_store.hpp"
#include "controlplane/loop/page_desk.hpp"
#include "controlplane/loop/remote_desk.hpp"
#include "controlplane/loop/sodium_authenticator.hpp"
#include "controlplane/loop/state_keeper.hpp"

namespace nlb::controlplane {

// Thread: one, the same for every call.
class ControlPlane : private DataplaneConnection::Listener {
public:
    // Where it runs. `manager`: who started it, and is told how it fares.
    struct Place {
        const daemon::RunDirectory& run;
        std::string state_directory;
        daemon::ServiceManager& manager;
    };
    // What `place` refers to outlives it. Requires: `chosen` names the host in at least one
    // cluster.
    ControlPlane(ChosenConfiguration chosen, std::string host_name, const Place& place);

    // Reads keys, makes the agents, opens the control socket. An error is the operator's to mend.
    // Requires: libsodium is initialised. Called once, before run().
    Status prepare();
    // Of `chosen`, to be told when events are.
    void tell_received_refused(const ChosenConfiguration& chosen);
    void serve_metrics(const std::shared_ptr<MetricsBoard>& board) { board_ = board; }
    // For what is to be told of the program itself. Thread: the one that calls run().
    [[nodiscard]] EventHooks& events() { return events_; }
    // Who answers the page; from then on it is told what happens. Called before prepare().
    PageBackend& page_backend();
    // `page` outlives run().
    void serve_page(ManagerServer& page) { desk_->serve(page); }
    // Until SIGTERM or SIGINT, and the cluster was left in order.
    void run();

private:
    // DataplaneConnection::Listener
    void on_readable() override;
    void on_message(const ipc::MessageView& message) override;
    void on_lost(const std::string& because) override;
    void on_missing(const std::string& because) override;

    // `clusters`: of this host.
    Status make_agent(const config::Member& member, const StoredState& stored,
                      std::size_t clusters);
    void on_hello(Instant now, const ipc::MessageView& message);
    void turn();
    void run_checks(Instant now);
    void set_timer(Instant now);
    void note_lateness(Instant now, Instant wanted);
    void note_punctuality(Instant now);
    void publish(Instant now);
    // Of one cluster; without a name of all.
    [[nodiscard]] MetricsSnapshot numbers(Instant now, Serving serving,
                                          const std::string& cluster = {});
    void tell_manager(Instant now, const std::string& sentence);
    void keep_state();
    // What has entered the agents since is handed over to be written.
    void record(Instant now);
    void answer_recordings(const Request& request, const CommandService::Answer& answer);
    void await_signals();
    void shut_down();
    void reload(const Request& request, const CommandService::Reloaded& done);
    // `max_moves`: refuse when more buckets of a cluster would change hands.
    void reload_files(std::optional<std::uint64_t> max_moves, CommandService::Reloaded done);
    void tell_reloaded(const CommandResult& result, const CommandService::Reloaded& done);
    // Reads the files on another thread. Requires: !reload_is_read_.
    void read_again(std::function<void(const Result<ChosenConfiguration>&)> then);
    // Files that are brought here (control_plane_staging.cpp).
    void stage(const Request& request, const Caller& caller, const CommandService::Answer& answer);
    [[nodiscard]] std::uint64_t highest_generation(const Request& request) const;
    void take_key(const std::string& name, std::string bytes, const CommandService::Answer& answer);
    void take_configuration(const std::string& digest, std::string text, const std::string& only,
                            const CommandService::Answer& answer);
    void note_staged(const std::string& digest, const config::Loaded& loaded,
                     const std::string& only, const CommandService::Answer& answer);
    void use_staged(const std::string& digest, std::optional<std::uint64_t> max_moves,
                    const CommandService::Reloaded& done);
    void undo_staged(const std::string& digest, const CommandService::Reloaded& done);
    // What a reload would move; nothing is changed.
    void preview_reload(const PageDesk::Previewed& done);
    [[nodiscard]] CommandResult apply(const config::Loaded& loaded, const std::string& file,
                                      std::optional<std::uint64_t> max_moves);
    // What a reload does to one cluster.
    struct ReloadPlan {
        ClusterAgent* agent;
        ClusterSettings settings;
        ClusterSecrets secrets;
        Changes changes;
    };
    using Source = std::shared_ptr<const ConfigSource>;
    [[nodiscard]] Source source_of(const std::string& file, std::string text) const;
    [[nodiscard]] Result<ReloadPlan> plan_for(ClusterAgent& agent, const config::Config& fresh,
                                              const Source& source) const;
    void carry_out(ReloadPlan plan, Instant now);
    [[nodiscard]] ClusterSecrets& keys_in_force(const ClusterAgent& agent);

    // A configuration that was brought here and would be taken.
    struct Staged {
        std::string digest;  // of its text
        config::Loaded loaded;
    };

    ConfigurationFiles files_;
    config::Config own_;  // the operator's file as it was read last
    config::Config config_;
    Source source_;
    std::string host_name_;
    const daemon::RunDirectory& run_;
    daemon::ServiceManager& manager_;
    asio::io_context loop_{1};
    asio::steady_timer timer_;
    std::optional<Instant> armed_for_;  // nothing: no wake-up is on its way
    asio::signal_set signals_;
    DataplaneConnection connection_;
    EventHistory history_;
    EventStore store_;
    EventLog log_;
    // Ends before the loop that its answers are posted to.
    CheckRunner checks_;
    EventHooks events_;
    FlightStore flight_;
    // Each agent's, and before the agents: they are the agents' sinks.
    std::vector<std::unique_ptr<AgentRecorder>> recorders_;
    ClusterAgents agents_;
    ClusterRoster roster_{agents_};
    // by the cluster's name: the keys in force, see keys_in_force()
    std::map<std::string, ClusterSecrets> secrets_;
    // of the configuration that is held, or was until lately
    std::map<std::string, ClusterSecrets> staged_secrets_;
    CommandService commands_;
    ControlSocket socket_;
    RemoteDesk remote_;
    StateKeeper state_;
    // Reads configurations: a bad file of a mebibyte takes longer than a lease.
    asio::thread_pool reader_{1};
    bool reload_is_read_ = false;
    PieceCollector pieces_;
    std::optional<Staged> staged_;
    std::shared_ptr<MetricsBoard> board_;
    std::unique_ptr<PageDesk> desk_;  // nothing: no page is served
    MapWatch maps_;
    LoopNumbers numbers_;
    Duration late_after_{};
    Instant next_neighbours_ = kLongAgo;
    Instant next_publish_ = kLongAgo;
    Instant next_process_numbers_ = kLongAgo;
    ProcessNumbers own_process_;
    ProcessNumbers dataplane_process_;
    Instant late_told_ = kLongAgo;
    Instant last_late_ = kLongAgo;
    bool starved_ = false;  // it was late, and that has not been over for long
    bool dataplane_found_ = false;
    std::string last_complaint_;
    bool departing_ = false;
    Instant depart_by_ = kForever;
};

}  // namespace nlb::controlplane
