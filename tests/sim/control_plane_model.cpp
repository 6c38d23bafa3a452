// The simulated control plane's process; see the header.
#include "tests/sim/control_plane_model.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/agent/reload.hpp"
#include "core/ipc/tables_codec.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {

using controlplane::ClusterAgent;

void ControlPlaneModel::start() {
    if (state_ != State::off) return;
    ++life_;
    state_ = State::running;
    world_.note(id_, [] { return "control plane starts"; });
    make_agent();
    roster_.emplace(agents_);
    tick_at_ = retry_at_ = world_.scheduler().now();
    pump();
}

void ControlPlaneModel::make_agent() {
    const HostModel& host = world_.host(id_);
    controlplane::MessageSink& own_messages = *this;
    controlplane::EventSink& own_events = *this;
    if (!world_.recorded_below().empty())
        recording_ = std::make_unique<RecordedLife>(
            world_.recorded_below() + "/machine" + std::to_string(id_) + "/flight", life_,
            world_.segment_lasts(), own_messages, own_events);
    controlplane::MessageSink& messages = recording_ ? recording_->recorder() : own_messages;
    controlplane::EventSink& events = recording_ ? recording_->recorder() : own_events;
    keys_ = world_.keys_of(id_, host.file);
    held_keys_.clear();
    auto settings =
        world_.files_of(id_).settings_of(host.acts_as, host.file, host.ring, host.offers);
    settings.versions = host.versions();
    agents_.push_back(std::make_unique<ClusterAgent>(
        std::move(settings), std::make_unique<const CheapAuthenticator>(keys_), messages, events,
        host.stored, world_.draw_boot(id_)));
    agents_.front()->use_neighbours({world_.gateway()});
    if (recording_)
        recording_->recorder().watch(*agents_.front(), world_.local_time(id_),
                                     world_.scheduler().now().count());
}

void ControlPlaneModel::end_recording() {
    if (recording_ && !agents_.empty())
        recording_->flush(world_.local_time(id_), world_.scheduler().now());
}

void ControlPlaneModel::kill() {
    if (state_ == State::off) return;
    end_recording();
    ++life_;
    state_ = State::off;
    if (connection_ != 0) world_.host(id_).dataplane.on_hung_up(connection_);
    connection_ = 0;
    closed_ = false;
    roster_.reset();
    agents_.clear();
    recording_.reset();
    inbox_.clear();
    commands_.clear();
    checked_.clear();
    call_.reset();
    written_.clear();
    busy_until_ = tick_at_ = retry_at_ = woken_at_ = Duration{0};
    armed_fault_ = nullptr;
    world_.note(id_, [] { return "control plane killed"; });
}

void ControlPlaneModel::stop() {
    if (state_ != State::running) return;
    state_ = State::stopped;
    world_.note(id_, [] { return "control plane stopped"; });
}

void ControlPlaneModel::resume() {
    if (state_ != State::stopped) return;
    state_ = State::running;
    world_.note(id_, [this] {
        return "control plane resumes, " + std::to_string(inbox_.size()) + " messages wait";
    });
    pump();
}

void ControlPlaneModel::arm(std::uint32_t steps, std::function<void()> fault) {
    if (state_ != State::running) return;
    armed_steps_ = steps;
    armed_fault_ = std::move(fault);
}

void ControlPlaneModel::command(const Command& command) {
    if (state_ == State::off) return;
    commands_.push_back(command);
    pump();
}

bool ControlPlaneModel::hear(std::uint64_t connection, Datagram datagram, std::size_t queue_max) {
    if (connection != connection_ || closed_ || inbox_.size() >= queue_max) return false;
    datagram.at = world_.scheduler().now();
    inbox_.push_back(std::move(datagram));
    pump();
    return true;
}

void ControlPlaneModel::on_closed(std::uint64_t connection) {
    if (connection != connection_ || connection == 0) return;
    closed_ = true;
    pump();
}

void ControlPlaneModel::pump() {
    if (pumping_) return;
    pumping_ = true;
    while (state_ == State::running) {
        if (busy_until_ > world_.scheduler().now() || !take_step()) break;
    }
    pumping_ = false;
    if (state_ != State::running) return;
    if (busy_until_ > world_.scheduler().now()) return wake_at(busy_until_);
    wake_at(connection_ == 0 ? std::min(tick_at_, retry_at_) : tick_at_);
}

// False: nothing to do.
bool ControlPlaneModel::take_step() {
    if (!written_.empty()) {
        if (fault_strikes()) return true;
        Bytes datagram = std::move(written_.front());
        written_.pop_front();
        write(std::move(datagram));
        return true;
    }
    if (call_) {
        if (fault_strikes()) return true;
        perform(*std::exchange(call_, std::nullopt));
        return true;
    }
    if (connection_ == 0 && world_.scheduler().now() >= retry_at_) try_connect();
    call_ = next_call();
    return call_.has_value();
}

bool ControlPlaneModel::fault_strikes() {
    if (!armed_fault_ || armed_steps_-- != 0) return false;
    const auto fault = std::exchange(armed_fault_, nullptr);
    world_.note(id_, [this] {
        return "fault before a step, " + std::to_string(written_.size()) + " messages are written";
    });
    fault();
    return true;
}

void ControlPlaneModel::try_connect() {
    retry_at_ = world_.scheduler().now() + kRetryEvery;
    DataplaneModel& dataplane = world_.host(id_).dataplane;
    if (!dataplane.alive()) return;
    connection_ = ++connections_made_;
    dataplane.connect(connection_);
}

// As the product's turn() does: a command when its socket is looked at first, then everything that
// has arrived, and time only after that.
std::optional<ControlPlaneModel::Call> ControlPlaneModel::next_call() {
    const Instant now = world_.local_time(id_);
    const bool arrived = !inbox_.empty() || closed_;
    if (!commands_.empty() && (!arrived || world_.prng().chance(500'000))) {
        Call call{commands_.front(), now};
        commands_.pop_front();
        return call;
    }
    if (!checked_.empty()) {
        Call call{checked_.front(), now};
        checked_.pop_front();
        return call;
    }
    if (!inbox_.empty()) {
        // Whoever takes in a frame so late acknowledges it too late for its sender's lease.
        const Datagram& next = inbox_.front();
        if (next.frame && world_.scheduler().now() - next.at > world_.settings().timing.period / 2)
            world_.network().note_disturbance(next.frame->sender, id_);
        Call call{std::move(inbox_.front()), now};
        inbox_.pop_front();
        return call;
    }
    if (closed_) return Call{Lost{}, now};
    // The end of a turn: what follows from all that has arrived.
    if (std::exchange(turned_, false) && now >= agents_.front()->next_wake())
        return Call{Tick{}, now};
    if (world_.scheduler().now() >= tick_at_) return Call{Tick{}, now};
    return std::nullopt;
}

void ControlPlaneModel::perform(const Call& call) {
    written_to_ = connection_;
    turned_ = !std::holds_alternative<Tick>(call.what);
    std::visit([this, now = call.now](const auto& what) { handle(what, now); }, call.what);
    ClusterAgent& agent = *agents_.front();
    run_checks(call.now);
    if (recording_) recording_->look(call.now, world_.scheduler().now());
    world_.host(id_).stored = agent.stored();
    Prng& prng = world_.prng();
    const Duration now = world_.scheduler().now();
    if (lateness_ > Duration{0} && prng.chance(300'000))
        busy_until_ = now + Duration{prng.between(0, lateness_.count())};
    tick_at_ = std::max(now + kTimerMin, world_.host(id_).clock.when(agent.next_wake())) +
               Duration{prng.between(0, 100'000)};
    world_.after_call(id_);
}

void ControlPlaneModel::handle(const Tick&, Instant now) {
    if (now >= agents_.front()->next_wake()) agents_.front()->on_tick(now);
}

void ControlPlaneModel::handle(const Lost&, Instant now) {
    connection_ = 0;
    closed_ = false;
    retry_at_ = world_.scheduler().now() + kRetryEvery;
    roster_->forget();
    agents_.front()->on_dataplane_lost(now);
}

void ControlPlaneModel::handle(const Command& command, Instant now) {
    ClusterAgent& agent = *agents_.front();
    if (const auto* host = std::get_if<HostAsked>(&command)) {
        static_cast<void>(agent.command_host(now, host->command));
    } else if (const auto* rule = std::get_if<RuleAsked>(&command)) {
        const Variant variant =
            world_.files_of(id_).variant_of_digest(agent.membership().config_digest());
        static_cast<void>(agent.command_rules(
            now, {world_.files_of(id_).rule_of(rule->port, variant)}, rule->state));
    } else {
        reload(now);
    }
}

void ControlPlaneModel::handle(const Datagram& datagram, Instant now) {
    const auto message = ipc::read_message(datagram.bytes);
    NLB_ASSERT(message.has_value());
    if (message->type == ipc::MessageType::refused)
        return world_.fail("shell", std::string{message->payload.begin(), message->payload.end()},
                           id_);
    if (message->type == ipc::MessageType::hello) {
        const auto agreed = roster_->on_hello(now, *message);
        if (!agreed) world_.fail("shell", agreed.error().message, id_);
        return;
    }
    ClusterAgent* const agent = roster_->agent_of(message->cluster);
    if (agent == nullptr) return;
    if (datagram.frame) world_.before_frame(id_, *datagram.frame);
    agent->on_message(now, *message);
    if (datagram.frame) world_.after_frame(id_, *datagram.frame);
}

RuleId ControlPlaneModel::port_of(RuleId rule) const {
    const auto& rules = agents_.front()->settings().cluster.port_rules;
    return static_cast<RuleId>(std::stoi(rules[rule].name.substr(4)));  // "port3"
}

// A server answers within the time-out, a hung one never: then the time-out is the answer.
void ControlPlaneModel::run_checks(Instant now) {
    for (const controlplane::CheckOrder& order : agents_.front()->take_due_checks(now)) {
        const RuleId port = port_of(order.rule);
        const bool hung = world_.host(id_).servers[port] == Server::hung;
        const Duration takes =
            hung ? order.health.timeout
                 : Duration{world_.prng().between(100'000, order.health.timeout.count() / 2)};
        world_.scheduler().after(takes, [this, life = life_, token = order.token, port, hung] {
            if (life != life_ || state_ == State::off) return;
            checked_.push_back({token, port, hung});
            pump();
        });
    }
}

void ControlPlaneModel::handle(const Checked& checked, Instant now) {
    using Outcome = controlplane::CheckResult::Outcome;
    const bool passed = !checked.hung && world_.host(id_).servers[checked.port] == Server::well;
    agents_.front()->on_check(
        now, checked.token,
        {passed ? Outcome::passed : Outcome::failed, passed ? "" : "simulated", Duration{}});
}

// What was held is in force once the agent holds nothing any more.
std::vector<SimulatedKey>& ControlPlaneModel::keys_in_force() {
    if (!held_keys_.empty() && !agents_.front()->has_staged())
        keys_ = std::exchange(held_keys_, {});
    return keys_;
}

namespace {

std::vector<SimulatedKey> beside(std::vector<SimulatedKey> keys, const SimulatedKey& other) {
    const bool is_new = std::none_of(keys.begin(), keys.end(),
                                     [&](const SimulatedKey& key) { return key.id == other.id; });
    if (is_new) keys.push_back(other);
    return keys;
}

}  // namespace

// What controlplane/loop/control_plane_reload.cpp does with the file. While the hosts change over
// the operator is told to ask again, and does.
void ControlPlaneModel::reload(Instant now) {
    ClusterAgent& agent = *agents_.front();
    const HostModel& host = world_.host(id_);
    if (agent.reload_is_under_way()) {
        world_.scheduler().after(world_.settings().timing.period, [this, life = life_] {
            if (life == life_) command(ReloadAsked{});
        });
        return;
    }
    auto fresh = world_.files_of(id_).settings_of(host.acts_as, host.file, host.ring, host.offers);
    fresh.versions = agent.params().versions;
    const auto changes = controlplane::changes_between(agent.settings(), fresh);
    if (!changes) return world_.fail("shell", changes.error().message, id_);
    const std::vector<SimulatedKey> read = world_.keys_of(id_, host.file);
    const std::vector<SimulatedKey> present = keys_in_force();
    if (!changes.value().agreed.empty()) {
        held_keys_ = beside(read, present.front());
        return agent.hold(
            now, {std::move(fresh),
                  std::make_unique<const CheapAuthenticator>(beside(present, read.front())),
                  std::make_unique<const CheapAuthenticator>(held_keys_)});
    }
    if (agent.has_staged()) agent.drop_staged(now);
    held_keys_.clear();
    keys_ = read;
    agent.use_keys(std::make_unique<const CheapAuthenticator>(keys_));
    if (!changes.value().local.empty()) agent.apply_local(now, fresh);
}

void ControlPlaneModel::send(std::vector<Byte> datagram) {
    written_.push_back(std::move(datagram));
}

void ControlPlaneModel::on_event(const controlplane::Event& event) {
    world_.invariants().on_event(id_, event);
    world_.note(id_, [&] {
        std::string text{event.name()};
        for (const auto& [name, value] : event.fields)
            if (name != "cluster" && name != "host") text += " " + std::string(name) + "=" + value;
        return text;
    });
}

// A message takes effect when it is written; one whose connection is gone never does.
void ControlPlaneModel::write(Bytes datagram) {
    if (written_to_ == 0 || written_to_ != connection_ || closed_) return;
    const auto message = ipc::read_message(datagram);
    if (message->type == ipc::MessageType::store)
        world_.invariants().on_stored(id_, decode_checkpoint(message->payload));
    if (message->type == ipc::MessageType::install) {
        note_cuts(decode_tables(message->rest_after<ipc::Install>()).value().ended_rules != 0);
        world_.note(id_, [&] {
            const auto tables = decode_tables(message->rest_after<ipc::Install>());
            return "installs " + describe(tables.value().own, world_.settings());
        });
    }
    world_.host(id_).dataplane.hear(connection_, std::move(datagram));
}

// From the writing of tables that cut to that of tables that do not, no flow here is promised to
// stay.
void ControlPlaneModel::note_cuts(bool cuts) {
    HostModel& host = world_.host(id_);
    if (host.cuts || cuts) ++host.interruptions;
    host.cuts = cuts;
}

void ControlPlaneModel::wake_at(Duration time) {
    const Duration now = world_.scheduler().now();
    if (woken_at_ != Duration{0} && woken_at_ <= time && woken_at_ >= now) return;
    woken_at_ = std::max(time, now);
    world_.scheduler().at(woken_at_, [this, life = life_, time = woken_at_] {
        if (life != life_) return;
        if (woken_at_ == time) woken_at_ = Duration{0};
        pump();
    });
}

}  // namespace nlb::sim
