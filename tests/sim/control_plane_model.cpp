// The simulated control plane's shell; see the header.
#include "tests/sim/control_plane_model.hpp"

#include <algorithm>
#include <utility>

#include "core/wire/frame_codec.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {

void ControlPlaneModel::start() {
    if (state_ != State::off) return;
    ++life_;
    state_ = State::running;
    world_.note(id_, [] { return "control plane starts"; });
    connect();
}

void ControlPlaneModel::kill() {
    if (state_ == State::off) return;
    ++life_;
    state_ = State::off;
    connection_ = 0;
    greeted_ = started_ = false;
    hello_.reset();
    membership_.reset();
    inbox_.clear();
    frames_waiting_ = 0;
    call_.reset();
    actions_.clear();
    next_action_ = 0;
    busy_until_ = pulse_at_ = tick_at_ = woken_at_ = Duration{0};
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
    tick_first_ = world_.prng().chance(500'000);
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

void ControlPlaneModel::connect() {
    if (state_ == State::off || connection_ != 0 || !world_.host(id_).dataplane.alive()) return;
    connection_ = ++connections_made_;
    greeted_ = false;
    world_.host(id_).dataplane.connect(connection_);
}

void ControlPlaneModel::post(LoopItem item) {
    if (state_ == State::off) return;
    if (const auto* hello = std::get_if<HelloItem>(&item)) {
        if (hello->connection != connection_) return;
        greeted_ = true;
    }
    const bool from_dataplane =
        std::holds_alternative<InstalledItem>(item) || std::holds_alternative<StatusItem>(item) ||
        std::holds_alternative<LinkItem>(item) || std::holds_alternative<FrameItem>(item) ||
        std::holds_alternative<RequestsItem>(item);
    if (from_dataplane && !greeted_) return;
    if (std::holds_alternative<FrameItem>(item) && ++frames_waiting_ > kQueueFrames) {
        --frames_waiting_;  // the socket is full
        return;
    }
    inbox_.push_back(std::move(item));
    pump();
}

void ControlPlaneModel::receive(const WireFrame& frame) {
    post(FrameItem{frame});
}

void ControlPlaneModel::on_dataplane_gone() {
    if (connection_ == 0) return;
    greeted_ = false;
    post(LostItem{});
}

void ControlPlaneModel::pump() {
    if (pumping_) return;
    pumping_ = true;
    while (state_ == State::running) {
        if (busy_until_ > world_.scheduler().now() || !take_step()) break;
    }
    pumping_ = false;
    if (state_ != State::running) return;
    if (busy_until_ > world_.scheduler().now())
        wake_at(busy_until_);
    else if (started_)
        wake_at(tick_at_);
}

// False: nothing to do.
bool ControlPlaneModel::take_step() {
    if (next_action_ < actions_.size()) {
        if (fault_strikes()) return true;
        carry_out(actions_[next_action_++]);
        return true;
    }
    if (call_) {
        if (fault_strikes()) return true;
        perform(*std::exchange(call_, std::nullopt));
        return true;
    }
    if (tick_is_due() && (tick_first_ || inbox_.empty())) {
        call_ = Call{TickItem{}, world_.local_time(id_)};
        return true;
    }
    if (inbox_.empty()) return false;
    call_ = Call{std::move(inbox_.front()), world_.local_time(id_)};
    inbox_.pop_front();
    if (std::holds_alternative<FrameItem>(call_->item)) --frames_waiting_;
    return true;
}

bool ControlPlaneModel::fault_strikes() {
    if (!armed_fault_ || armed_steps_-- != 0) return false;
    const auto fault = std::exchange(armed_fault_, nullptr);
    world_.note(id_, [this] {
        return "fault before step " + std::to_string(next_action_) + " of " +
               std::to_string(actions_.size());
    });
    fault();
    return true;
}

bool ControlPlaneModel::tick_is_due() const {
    return started_ && world_.scheduler().now() >= tick_at_;
}

void ControlPlaneModel::perform(Call call) {
    actions_connection_ = connection_;
    next_action_ = 0;
    actions_ = std::visit([this, now = call.now](const auto& item) { return handle(item, now); },
                          call.item);
    if (!membership_ || !started_) return;
    Prng& prng = world_.prng();
    const Duration now = world_.scheduler().now();
    if (lateness_ > Duration{0} && prng.chance(300'000))
        busy_until_ = now + Duration{prng.between(0, lateness_.count())};
    // The pulse is due whoever speaks meanwhile: frames put the membership's next wake off, with
    // many peers for ever.
    const Duration due = std::min(world_.host(id_).clock.when(membership_->next_wake()), pulse_at_);
    tick_at_ = std::max(now, due) + Duration{prng.between(0, 100'000)};
    // only the first choice after a stop is by chance; otherwise the queue is drained first
    tick_first_ = false;
    world_.after_call(id_, actions_);
}

Actions ControlPlaneModel::handle(const TickItem&, Instant now) {
    const Duration time = world_.scheduler().now();
    if (time >= pulse_at_) {
        pulse_at_ = time + world_.settings().timing.period * 4 / 10;
        world_.host(id_).dataplane.post(connection_, StatusRequestMessage{});
    }
    return membership_->on_tick(now);
}

Actions ControlPlaneModel::handle(const FrameItem& item, Instant now) {
    if (!started_) return {};
    const DecodedFrame decoded = decode_frame(*item.frame.bytes, kCluster, world_.authenticator());
    if (item.frame.origin == Origin::forged && decoded.fault == FrameFault::none)
        world_.fail("I7", "a forged frame was decoded", id_);
    if (decoded.fault != FrameFault::none) return {};
    world_.before_frame(id_, item.frame);
    FrameFault fault = FrameFault::none;
    Actions actions = membership_->on_frame(now, decoded.frame, &fault);
    world_.after_frame(id_, item.frame, fault);
    return actions;
}

Actions ControlPlaneModel::handle(const InstalledItem& item, Instant now) {
    return started_ ? membership_->on_installed(now, item.token, item.dirty) : Actions{};
}

Actions ControlPlaneModel::handle(const StatusItem& item, Instant now) {
    if (!started_) return {};
    membership_->on_dataplane_alive(now, item.last_rx);
    return membership_->on_dirty(now, item.dirty);
}

Actions ControlPlaneModel::handle(const RequestsItem& item, Instant now) {
    return started_ ? membership_->on_grant_requests(now, item.requests) : Actions{};
}

Actions ControlPlaneModel::handle(const LinkItem& item, Instant now) {
    if (hello_) hello_->link_up = item.up;
    return started_ ? membership_->on_link(now, item.up) : Actions{};
}

Actions ControlPlaneModel::handle(const HelloItem& item, Instant now) {
    // A new process reads the file; an old one goes on with what it has in use.
    if (!membership_)
        membership_.emplace(world_.params_of(id_),
                            world_.desired_rules_of(id_, world_.host(id_).file));
    hello_ = item;
    adapt_memory();
    started_ = false;
    return world_.host(id_).wanted ? begin(now) : Actions{};
}

Actions ControlPlaneModel::handle(const LostItem&, Instant) {
    if (membership_) membership_->on_dataplane_lost();
    started_ = false;
    hello_.reset();
    connection_ = 0;
    connect();
    return {};
}

Actions ControlPlaneModel::handle(const WishesItem&, Instant now) {
    const auto& host = world_.host(id_);
    if (!started_) return {};
    Actions actions =
        membership_->on_desired(now, world_.desired_rules_of(id_, variant()), host.draining);
    for (Action& action : hold(now)) actions.push_back(std::move(action));
    return actions;
}

Actions ControlPlaneModel::handle(const HoldItem&, Instant now) {
    return started_ ? hold(now) : Actions{};
}

Actions ControlPlaneModel::hold(Instant now) {
    if (World::digest_of(world_.host(id_).file) == membership_->config_digest())
        return membership_->on_staged(now, std::nullopt);
    return membership_->on_staged(now, world_.held_by(id_));
}

Variant ControlPlaneModel::variant() const {
    return World::variant_of(membership_->config_digest());
}

// What a dataplane remembers under another configuration would be misread; its tables are fenced.
// Tables that are older than the checkpoint own nothing, but where their descriptors are is
// unknown.
void ControlPlaneModel::adapt_memory() {
    if (!hello_->memory) return;
    DataplaneMemory& memory = *hello_->memory;
    if (memory.checkpoint.config_digest != membership_->config_digest()) {
        hello_->memory.reset();
        hello_->unknown_tables = true;
    } else if (hello_->variant != variant()) {
        const bool any = std::any_of(memory.dirty.begin(), memory.dirty.end(),
                                     [](BucketMask mask) { return mask != 0; });
        memory.dirty.fill(any ? kAllBuckets : 0);
        memory.own = {};
    }
}

Actions ControlPlaneModel::handle(const LeaveItem&, Instant now) {
    return started_ ? membership_->on_leave(now) : Actions{};
}

Actions ControlPlaneModel::handle(const StartAgainItem&, Instant now) {
    if (!membership_ || !hello_) return {};
    if (!started_) return begin(now);
    if (!membership_->has_left()) return {};
    hello_->memory.reset();  // everything was given back
    return begin(now);
}

Actions ControlPlaneModel::begin(Instant now) {
    started_ = true;
    install_variant_ = variant();
    const auto& host = world_.host(id_);
    Actions actions =
        membership_->on_start(now, world_.draw_boot(id_), hello_->memory, hello_->unknown_tables);
    const auto append = [&actions](Actions more) {
        for (Action& action : more) actions.push_back(std::move(action));
    };
    append(membership_->on_desired(now, world_.desired_rules_of(id_, variant()), host.draining));
    append(hold(now));
    append(membership_->on_link(now, hello_->link_up));
    world_.note(id_, [this] { return hello_->memory ? "warm start" : "cold start"; });
    return actions;
}

void ControlPlaneModel::carry_out(Action& action) {
    DataplaneModel& dataplane = world_.host(id_).dataplane;
    if (auto* send = std::get_if<SendFrame>(&action)) {
        dataplane.post(actions_connection_, SendMessage{std::make_shared<const Bytes>(encode_frame(
                                                send->frame, world_.authenticator()))});
    } else if (const auto* install = std::get_if<InstallTables>(&action)) {
        world_.note(id_, [&] { return "installs " + describe(install->own, world_.settings()); });
        dataplane.post(
            actions_connection_,
            InstallMessage{install->token, install->own, install->dirty_elsewhere, install_variant_,
                           install->owner, install->era, install->settled});
    } else if (auto* grants = std::get_if<GiveGrants>(&action)) {
        world_.note(id_, [&] {
            return "is granted " + std::to_string(grants->grants.size()) + " clients";
        });
        dataplane.post(actions_connection_, GrantsMessage{grants->era, std::move(grants->grants)});
    } else if (const auto* use = std::get_if<UseConfig>(&action)) {
        install_variant_ = World::variant_of(use->digest);
        world_.note(id_, [&] { return "uses configuration " + std::to_string(install_variant_); });
    } else if (const auto* lease = std::get_if<SetLease>(&action)) {
        dataplane.post(actions_connection_, LeaseMessage{lease->valid_until});
    } else if (auto* store = std::get_if<StoreCheckpoint>(&action)) {
        if (actions_connection_ == connection_)
            world_.invariants().check_one_map(id_, store->checkpoint.map);
        dataplane.post(actions_connection_, StoreMessage{std::move(store->checkpoint)});
    } else if (const auto* report = std::get_if<Report>(&action)) {
        world_.on_report(id_, *report);
    }
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
