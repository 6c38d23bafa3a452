// The turn, the timer and signals.
#include "controlplane/loop/control_plane.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sodium.h>
#include <unistd.h>

#include "config/daemon/clock.hpp"
#include "config/daemon/log.hpp"
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/agent/reload.hpp"
#include "controlplane/api/serving.hpp"
#include "controlplane/loop/neighbours.hpp"
#include "controlplane/loop/process_numbers.hpp"
#include "controlplane/loop/sodium_authenticator.hpp"
#include "core/base/assert.hpp"
#include "core/base/durations.hpp"

namespace nlb::controlplane {
namespace {

using daemon::monotonic_now;

constexpr Duration kPublishEvery = std::chrono::milliseconds{250};
constexpr Duration kNeighboursEvery = std::chrono::seconds{1};
// Twenty files of /proc each time.
constexpr Duration kProcessNumbersEvery = std::chrono::seconds{1};
constexpr Duration kLateAtLeast = std::chrono::milliseconds{5};
constexpr Duration kLateToldEvery = std::chrono::seconds{1};
constexpr Duration kOnTimeAfter = std::chrono::seconds{10};
// A wish that is always due must not turn the loop into a busy one.
constexpr Duration kTimerMin = std::chrono::microseconds{50};

std::int64_t wall_ns() {
    return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::uint32_t random_boot() {
    const std::uint32_t boot = randombytes_random();
    return boot == 0 ? 1 : boot;  // 0 stands for none
}

}  // namespace

// Whoever asks for the file may have been started elsewhere.
ControlPlane::Source ControlPlane::source_of(const std::string& file, std::string text) const {
    const auto absolute = [](const std::string& path) {
        std::error_code unknown;
        const auto whole = std::filesystem::absolute(path, unknown);
        return unknown ? path : whole.lexically_normal().string();
    };
    return std::make_shared<const ConfigSource>(
        ConfigSource{absolute(file), std::move(text), absolute(files_.own)});
}

ControlPlane::ControlPlane(ChosenConfiguration chosen, std::string host_name, const Place& place)
    : files_{chosen.own.file, place.state_directory, host_name},
      own_(std::move(chosen.own)),
      config_(std::move(chosen.loaded.config)),
      source_(source_of(chosen.file, std::move(chosen.loaded.text))),
      host_name_(std::move(host_name)),
      run_(place.run),
      manager_(place.manager),
      timer_(loop_),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      connection_(loop_, run_.dataplane_socket(), *this),
      store_(loop_, history_, place.state_directory),
      log_(store_),
      events_(log_, checks_),
      flight_(loop_, place.state_directory, events_),
      commands_(
          agents_, history_,
          [this](const Request& request, const CommandService::Reloaded& done) {
              reload(request, done);
          },
          [this](const Request& request, CommandService::Answer answer) {
              answer_recordings(request, answer);
          },
          [this](const Request& request, const Caller& caller,
                 const CommandService::Answer& answer) { stage(request, caller, answer); },
          [this](const std::string& cluster) {
              const Instant now = monotonic_now();
              return text_of(numbers(now, serving_of(agents_, now), cluster));
          }),
      socket_(loop_,
              [this](std::string_view line, ControlSocket::Answer answer) {
                  commands_.handle(monotonic_now(), line, std::move(answer));
                  turn();
              }),
      remote_(agents_, commands_, connection_, events_),
      state_(loop_, place.state_directory, events_) {}

// The longest sleep that is still no lateness is a tick of the fastest cluster.
Status ControlPlane::prepare() {
    const auto members = config::memberships_of(config_, host_name_);
    if (!members) return members.error();
    store_.read();
    const StoredState& kept = state_.read();
    late_after_ = kLateAtLeast;
    for (const config::Member& member : members.value())
        if (const Status made = make_agent(member, kept, members.value().size()); !made)
            return made;
    Duration shortest = Duration::max();
    for (const auto& agent : agents_) shortest = std::min(shortest, agent->params().timing.tick);
    late_after_ = std::max(kLateAtLeast, shortest);
    remote_.read_keys();
    return socket_.listen(run_.control_socket());
}

Status ControlPlane::make_agent(const config::Member& member, const StoredState& stored,
                                std::size_t clusters) {
    const auto secrets = read_secrets(*member.cluster);
    if (!secrets) return secrets.error();
    ClusterSettings settings{*member.cluster, *member.host,
                             config::derive_hash_key(secrets.value().sending), source_};
    auto authenticator = std::make_unique<const SodiumAuthenticator>(secrets.value().sending,
                                                                     secrets.value().former);
    secrets_[member.cluster->name] = secrets.value();
    events_.use(member.cluster->name, member.cluster->notify);
    const auto kept = stored.find(member.cluster->name);
    AgentRecorder& recorder = *recorders_.emplace_back(std::make_unique<AgentRecorder>(
        connection_, events_, flight_.sink_for(member.cluster->name), NLB_VERSION,
        AgentRecorder::kSegmentLasts, AgentRecorder::kSegmentBytesMax / clusters));
    agents_.push_back(std::make_unique<ClusterAgent>(
        std::move(settings), std::move(authenticator), recorder, recorder,
        kept == stored.end() ? StoredCluster{} : kept->second, random_boot()));
    recorder.watch(*agents_.back(), monotonic_now(), wall_ns());
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
    record(monotonic_now());
    flight_.finish();
    store_.finish();
}

void ControlPlane::record(Instant now) {
    for (const auto& recorder : recorders_) recorder->flush(now, wall_ns());
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
    run_checks(now);
    remote_.on_tick(now);
    commands_.poll(now);
    keep_state();
    publish(now);
    if (desk_) desk_->look(now);
    const bool all_left =
        std::all_of(agents_.begin(), agents_.end(), [](const auto& c) { return !c->active(); });
    if (departing_ && (all_left || now >= depart_by_)) return loop_.stop();
    set_timer(now);
}

// Answers come from the runner's thread through the loop's queue.
void ControlPlane::run_checks(Instant now) {
    for (const auto& agent : agents_)
        for (CheckOrder& order : agent->take_due_checks(now)) {
            const std::uint64_t token = order.token;
            checks_.run(std::move(order), [this, to = agent.get(), token](CheckResult result) {
                asio::post(loop_, [this, to, token, result = std::move(result)] {
                    to->on_check(monotonic_now(), token, result);
                    turn();
                });
            });
        }
}

// The nearest of what the agents want and the next metrics. A timer that is armed for earlier
// stays: to move it for each heartbeat costs more than the turn in which nothing is due.
void ControlPlane::set_timer(Instant now) {
    Instant wake = std::min(next_publish_, remote_.next_wake());
    for (const auto& agent : agents_) wake = std::min(wake, agent->next_wake());
    if (desk_) wake = std::min(wake, desk_->next_look());
    wake = std::max(wake, now + kTimerMin);
    if (armed_for_ && *armed_for_ <= wake) return;
    armed_for_ = wake;
    timer_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(wake - now));
    timer_.async_wait([this, wake](const asio::error_code& error) {
        if (error) return;
        armed_for_.reset();
        note_lateness(monotonic_now(), wake);
        turn();
    });
}

// A late loop costs leases; it is told at most once a second.
void ControlPlane::note_lateness(Instant now, Instant wanted) {
    const Duration late = now - wanted;
    numbers_.lateness.observe(in_seconds(late));
    if (late <= late_after_) return note_punctuality(now);
    ++numbers_.late;
    last_late_ = now;
    starved_ = true;
    if (late_told_ != kLongAgo && now - late_told_ < kLateToldEvery) return;
    late_told_ = now;
    events_.tell(EventId::loop_late, {{"late_ms", std::to_string(in_milliseconds(late))},
                                      {"times", std::to_string(numbers_.late)}});
}

// Told once when it is over.
void ControlPlane::note_punctuality(Instant now) {
    if (!starved_ || now - last_late_ < kOnTimeAfter) return;
    starved_ = false;
    events_.tell(EventId::loop_on_time, {{"times", std::to_string(numbers_.late)}});
}

void ControlPlane::publish(Instant now) {
    if (now < next_publish_) return;
    next_publish_ = now + kPublishEvery;
    record(now);
    if (now >= next_neighbours_) {
        next_neighbours_ = now + kNeighboursEvery;
        for (const auto& agent : agents_) agent->use_neighbours(known_neighbours());
    }
    for (const auto& agent : agents_)
        for (const Event& event : maps_.observe(moment_of(*agent))) events_.on_event(event);
    Serving serving = serving_of(agents_, now);
    tell_manager(now, serving.sentence);
    if (board_) board_->publish(numbers(now, std::move(serving)));
}

// /proc is read rarely: it costs more than all the rest.
MetricsSnapshot ControlPlane::numbers(Instant now, Serving serving, const std::string& cluster) {
    MetricsSnapshot snapshot;
    snapshot.serving = std::move(serving);
    snapshot.loop = numbers_;
    snapshot.dataplane_connected = connection_.connected();
    if (now >= next_process_numbers_) {
        next_process_numbers_ = now + kProcessNumbersEvery;
        own_process_ = process_numbers(getpid());
        dataplane_process_ = process_numbers(connection_.peer());
    }
    snapshot.own = own_process_;
    snapshot.dataplane = dataplane_process_;
    for (const auto& agent : agents_) {
        if (!cluster.empty() && agent->settings().cluster.name != cluster) continue;
        snapshot.clusters.push_back(numbers_of(*agent, now));
        snapshot.clusters.back().remote_requests = remote_.counts(*agent);
    }
    return snapshot;
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
    if (agent == nullptr) return;
    if (message.type == ipc::MessageType::punted && message.body<ipc::Punted>() &&
        remote_.take(now, *agent, message.cluster, message.rest_after<ipc::Punted>()))
        return;
    agent->on_message(now, message);
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
    remote_.on_dataplane_lost();
    for (const auto& agent : agents_) agent->on_dataplane_lost(now);
    if (dataplane_found_ || because != last_complaint_)
        events_.tell(EventId::dataplane_lost, {{"because", because}});
    last_complaint_ = because;
    dataplane_found_ = false;
    turn();
}

void ControlPlane::on_missing(const std::string& because) {
    events_.tell(EventId::dataplane_missing, {{"because", because}});
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
            reload({}, [](const CommandResult&) {});
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
    events_.tell(EventId::leaving, {{"host", host_name_}});
    turn();
}

}  // namespace nlb::controlplane
