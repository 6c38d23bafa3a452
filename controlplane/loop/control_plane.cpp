// The turn, the timer, signals, and a reload: all or nothing over the clusters of this host.
#include "controlplane/loop/control_plane.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sodium.h>

#include "config/daemon/clock.hpp"
#include "config/daemon/log.hpp"
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/agent/reload.hpp"
#include "controlplane/api/serving.hpp"
#include "controlplane/loop/neighbours.hpp"
#include "controlplane/loop/sodium_authenticator.hpp"
#include "core/base/assert.hpp"
#include "core/base/durations.hpp"

namespace nlb::controlplane {
namespace {

using daemon::Level;
using daemon::monotonic_now;

constexpr Duration kPublishEvery = std::chrono::milliseconds{250};
constexpr Duration kNeighboursEvery = std::chrono::seconds{1};
constexpr Duration kLateAtLeast = std::chrono::milliseconds{5};
constexpr Duration kLateToldEvery = std::chrono::seconds{1};
// A wish that is always due must not turn the loop into a busy one.
constexpr Duration kTimerMin = std::chrono::microseconds{50};

std::uint32_t random_boot() {
    const std::uint32_t boot = randombytes_random();
    return boot == 0 ? 1 : boot;  // 0 stands for none
}

// Whoever asks for the file may have been started elsewhere.
std::shared_ptr<const ConfigSource> source_of(const std::string& file, std::string text) {
    std::error_code unknown;
    const auto absolute = std::filesystem::absolute(file, unknown);
    return std::make_shared<const ConfigSource>(
        ConfigSource{unknown ? file : absolute.lexically_normal().string(), std::move(text)});
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

ControlPlane::ControlPlane(config::Loaded loaded, std::string host_name, const Place& place)
    : config_(std::move(loaded.config)),
      source_(source_of(config_.file, std::move(loaded.text))),
      host_name_(std::move(host_name)),
      run_(place.run),
      manager_(place.manager),
      timer_(loop_),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      connection_(loop_, run_.dataplane_socket(), *this),
      commands_(agents_, history_,
                [this](const Request& request, CommandService::Reloaded done) {
                    reload(request.max_moves, std::move(done));
                }),
      socket_(loop_,
              [this](std::string_view line, ControlSocket::Answer answer) {
                  commands_.handle(monotonic_now(), line, std::move(answer));
                  turn();
              }),
      state_(loop_, place.state_directory) {}

// The longest sleep that is still no lateness is a tick of the fastest cluster.
Status ControlPlane::prepare() {
    const auto members = config::memberships_of(config_, host_name_);
    if (!members) return members.error();
    const StoredState& kept = state_.read();
    late_after_ = kLateAtLeast;
    for (const config::Member& member : members.value())
        if (const Status made = make_agent(member, kept); !made) return made;
    Duration shortest = Duration::max();
    for (const auto& agent : agents_) shortest = std::min(shortest, agent->params().timing.tick);
    late_after_ = std::max(kLateAtLeast, shortest);
    return socket_.listen(run_.control_socket());
}

Status ControlPlane::make_agent(const config::Member& member, const StoredState& stored) {
    const auto secrets = read_secrets(*member.cluster);
    if (!secrets) return secrets.error();
    ClusterSettings settings{*member.cluster, *member.host,
                             config::derive_hash_key(secrets.value().sending), source_};
    auto authenticator = std::make_unique<const SodiumAuthenticator>(secrets.value().sending,
                                                                     secrets.value().former);
    secrets_[member.cluster->name] = secrets.value();
    const auto kept = stored.find(member.cluster->name);
    agents_.push_back(std::make_unique<ClusterAgent>(
        std::move(settings), std::move(authenticator), connection_, events_,
        kept == stored.end() ? StoredCluster{} : kept->second, random_boot()));
    return Done{};
}

void ControlPlane::run() {
    await_signals();
    state_.tell_unreadable();
    connection_.start();
    turn();
    // Each agent has taken its initial state. Whether this host serves is its status, not its
    // readiness: that is decided with the other hosts, and may take as long as they are away.
    manager_.ready();
    loop_.run();
    reader_.join();
    state_.finish();
}

void ControlPlane::on_readable() {
    turn();
}

// One turn. Everything that has arrived is read before time passes: whoever was stopped for a while
// hears first what the others said meanwhile, and only then judges who is silent (R5).
void ControlPlane::turn() {
    connection_.drain();
    const Instant now = monotonic_now();
    for (const auto& agent : agents_)
        if (now >= agent->next_wake()) agent->on_tick(now);
    commands_.poll(now);
    keep_state();
    publish(now);
    if (desk_) desk_->look(now);
    const bool all_left =
        std::all_of(agents_.begin(), agents_.end(), [](const auto& c) { return !c->active(); });
    if (departing_ && (all_left || now >= depart_by_)) return loop_.stop();
    set_timer(now);
}

// The nearest of what the agents want and the next metrics.
void ControlPlane::set_timer(Instant now) {
    Instant wake = next_publish_;
    for (const auto& agent : agents_) wake = std::min(wake, agent->next_wake());
    if (desk_) wake = std::min(wake, desk_->next_look());
    wake = std::max(wake, now + kTimerMin);
    timer_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(wake - now));
    timer_.async_wait([this, wake](const asio::error_code& error) {
        if (error) return;
        note_lateness(monotonic_now(), wake);
        turn();
    });
}

// A late loop costs leases; it is told at most once a second.
void ControlPlane::note_lateness(Instant now, Instant wanted) {
    const Duration late = now - wanted;
    numbers_.lateness.observe(in_seconds(late));
    if (late <= late_after_) return;
    ++numbers_.late;
    if (late_told_ != kLongAgo && now - late_told_ < kLateToldEvery) return;
    late_told_ = now;
    daemon::log(Level::warning, "loop_late",
                {{"late_ms", std::to_string(in_milliseconds(late))},
                 {"times", std::to_string(numbers_.late)}});
}

void ControlPlane::publish(Instant now) {
    if (now < next_publish_) return;
    next_publish_ = now + kPublishEvery;
    if (now >= next_neighbours_) {
        next_neighbours_ = now + kNeighboursEvery;
        for (const auto& agent : agents_) agent->use_neighbours(known_neighbours());
    }
    Serving serving = serving_of(agents_, now);
    tell_manager(now, serving.sentence);
    if (!board_) return;
    MetricsSnapshot snapshot;
    snapshot.serving = std::move(serving);
    snapshot.loop = numbers_;
    snapshot.dataplane_connected = connection_.connected();
    for (const auto& agent : agents_) snapshot.clusters.push_back(numbers_of(*agent, now));
    board_->publish(std::move(snapshot));
}

// From the loop, so that the manager's watchdog bites when the loop stands still.
void ControlPlane::tell_manager(Instant now, const std::string& sentence) {
    manager_.alive(now);
    manager_.status(departing_ ? "leaving" : sentence);
}

void ControlPlane::on_message(const ipc::MessageView& message) {
    if (message.type == ipc::MessageType::refused) {
        const std::string said{message.payload.begin(), message.payload.end()};
        return connection_.abandon("it refused this control plane: " + said);
    }
    const Instant now = monotonic_now();
    if (message.type == ipc::MessageType::hello) return on_hello(now, message);
    ClusterAgent* const agent = roster_.agent_of(message.cluster);
    if (agent != nullptr) agent->on_message(now, message);
}

// A refusal is said to the other side too, so that both logs name it.
void ControlPlane::on_hello(Instant now, const ipc::MessageView& message) {
    const auto agreed = roster_.on_hello(now, message);
    if (!agreed) {
        connection_.send(ipc::write_refusal(agreed.error().message));
        return connection_.abandon(agreed.error().message);
    }
    if (!agreed.value()) return;
    dataplane_found_ = true;
    last_complaint_.clear();
}

// One line when it is lost, and one for each new reason why it cannot be used; not one for each
// attempt.
void ControlPlane::on_lost(const std::string& because) {
    const Instant now = monotonic_now();
    roster_.forget();
    for (const auto& agent : agents_) agent->on_dataplane_lost(now);
    if (dataplane_found_ || because != last_complaint_)
        daemon::log(Level::error, "dataplane_lost", {{"because", because}});
    last_complaint_ = because;
    dataplane_found_ = false;
    turn();
}

void ControlPlane::on_missing(const std::string& because) {
    daemon::log(Level::warning, "dataplane_missing", {{"because", because}});
}

// Only when it changed: a command, not a heartbeat, changes it.
void ControlPlane::keep_state() {
    StoredState state = state_.wanted();
    for (const auto& agent : agents_) state[agent->settings().cluster.name] = agent->stored();
    state_.keep(std::move(state));
}

void ControlPlane::await_signals() {
    signals_.async_wait([this](const asio::error_code& error, int signal) {
        if (error) return;
        if (signal != SIGHUP) {
            shut_down();
        } else {
            reload(std::nullopt, [](const CommandResult& result) {
                daemon::log(is_ok(result.value) ? Level::info : Level::error, "reload",
                            {{"return_value", std::to_string(static_cast<int>(result.value))},
                             {"message", result.message}});
            });
        }
        await_signals();
    });
}

// A second signal does not wait for the cluster.
void ControlPlane::shut_down() {
    if (departing_) return loop_.stop();
    departing_ = true;
    manager_.stopping();
    const Instant now = monotonic_now();
    Duration patience{};
    for (const auto& agent : agents_) {
        patience =
            std::max(patience, agent->params().timing.bury_after + agent->params().timing.period);
        agent->depart(now);
    }
    depart_by_ = now + patience;
    daemon::log(Level::info, "leaving", {{"host", host_name_}});
    turn();
}

// A file that does not read changes nothing; the first mistake is the answer. Another thread reads
// it, and the loop goes on meanwhile.
void ControlPlane::reload(std::optional<std::uint64_t> max_moves, CommandService::Reloaded done) {
    if (reload_is_read_)
        return done({ReturnValue::refused, "a reload is under way; ask again in a moment"});
    read_again([this, max_moves, done = std::move(done)](const Result<config::Loaded>& fresh) {
        if (fresh)
            done(apply(fresh.value(), max_moves));
        else
            done({ReturnValue::refused, first_line(fresh.error().message)});
    });
}

// What the file asks of one cluster, or why it cannot be; nothing is changed yet.
Result<ControlPlane::ReloadPlan> ControlPlane::plan_for(ClusterAgent& agent,
                                                        const config::Config& fresh,
                                                        const Source& source) const {
    const ClusterSettings& in_force = agent.settings();
    const auto found =
        std::find_if(fresh.clusters.begin(), fresh.clusters.end(),
                     [&in_force](const auto& one) { return one.name == in_force.cluster.name; });
    NLB_ASSERT(found != fresh.clusters.end());  // check_surroundings compared the names
    const config::Cluster& cluster = *found;
    const auto host = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                   [this](const auto& one) { return one.name == host_name_; });
    if (host == cluster.hosts.end())
        return Error{"cluster " + cluster.name + ": host " + host_name_ + " is not in the file"};
    auto secrets = read_secrets(cluster);
    if (!secrets) return secrets.error();
    ReloadPlan plan{&agent,
                    {cluster, *host, config::derive_hash_key(secrets.value().sending), source},
                    secrets.value(),
                    {}};
    auto changes = changes_between(in_force, plan.settings);
    if (!changes) return changes.error();
    plan.changes = std::move(changes.value());
    if (agent.reload_is_under_way())
        return Error{
            "cluster " + cluster.name +
            ": the hosts are changing over to the last configuration; ask again in a moment"};
    return plan;
}

// What was held is in force once the agent holds nothing any more.
ClusterSecrets& ControlPlane::keys_in_force(const ClusterAgent& agent) {
    const std::string& name = agent.settings().cluster.name;
    const auto held = staged_secrets_.find(name);
    if (held != staged_secrets_.end() && !agent.has_staged()) {
        secrets_[name] = std::move(held->second);
        staged_secrets_.erase(held);
    }
    return secrets_[name];
}

// While the next configuration is held both keys are accepted, and after the change the former one
// still is: whoever is late is heard.
void ControlPlane::carry_out(ReloadPlan plan, Instant now) {
    ClusterAgent& agent = *plan.agent;
    ClusterSecrets& present = keys_in_force(agent);
    if (plan.changes.agreed.empty()) {
        if (agent.has_staged()) agent.drop_staged(now);
        staged_secrets_.erase(agent.settings().cluster.name);
        agent.use_keys(
            std::make_unique<const SodiumAuthenticator>(plan.secrets.sending, plan.secrets.former));
        if (!plan.changes.local.empty()) agent.apply_local(now, plan.settings);
        present = std::move(plan.secrets);
        return;
    }
    ClusterSecrets until_then = present;
    until_then.former.push_back(plan.secrets.sending);
    ClusterSecrets from_then = plan.secrets;
    from_then.former.push_back(present.sending);
    NextConfiguration next{
        std::move(plan.settings),
        std::make_unique<const SodiumAuthenticator>(until_then.sending, until_then.former),
        std::make_unique<const SodiumAuthenticator>(from_then.sending, from_then.former)};
    staged_secrets_[agent.settings().cluster.name] = std::move(from_then);
    agent.hold(now, std::move(next));
}

// Plans are made for every cluster before the first is carried out.
CommandResult ControlPlane::apply(const config::Loaded& loaded,
                                  std::optional<std::uint64_t> max_moves) {
    const config::Config& fresh = loaded.config;
    const Source source = source_of(config_.file, loaded.text);
    if (const Status same = check_surroundings(config_, fresh); !same)
        return {ReturnValue::refused, same.error().message};
    // All or nothing: the first cluster is touched when the last one has agreed.
    std::vector<ReloadPlan> plans;
    for (const auto& agent : agents_) {
        auto plan = plan_for(*agent, fresh, source);
        if (!plan) return {ReturnValue::refused, plan.error().message};
        plans.push_back(std::move(plan.value()));
    }
    if (max_moves)
        for (const ReloadPlan& plan : plans)
            if (const std::size_t moves = moves_of_reload(*plan.agent, plan.settings);
                moves > *max_moves)
                return {ReturnValue::refused, too_many_moves(plan.settings, moves, *max_moves)};
    std::string message;
    for (ReloadPlan& plan : plans) {
        const bool gives_up = plan.agent->has_staged() && plan.changes.agreed.empty();
        const std::string name = plan.settings.cluster.name;
        std::string done = plan.changes.text();
        if (gives_up) done += (done.empty() ? "" : "; ") + std::string{"what was held is given up"};
        if (!plan.changes.agreed.empty()) done += "; in force once every live host holds it";
        if (!done.empty()) message += (message.empty() ? "" : "; ") + name + ": " + done;
        carry_out(std::move(plan), monotonic_now());
    }
    const std::string file = config_.file;
    config_ = fresh;
    config_.file = file;
    source_ = source;
    if (message.empty()) return {ReturnValue::already, "nothing changes on this host"};
    return {ReturnValue::ok, message};
}

}  // namespace nlb::controlplane
