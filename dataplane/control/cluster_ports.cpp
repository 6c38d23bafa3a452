// A cluster's two ports: started together, watched, brought back, counted.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/packet/frame_room.hpp"
#include "dataplane/control/cluster.hpp"
#include "dataplane/ports/heartbeat_queue.hpp"

namespace nlb::dataplane {
namespace {

ipc::PortState shown(PortHealth::State state) {
    if (state == PortHealth::State::serving) return ipc::PortState::up;
    return state == PortHealth::State::lost ? ipc::PortState::lost : ipc::PortState::failed;
}

const char* because_of(PortHealth::State state) {
    switch (state) {
        case PortHealth::State::serving:
            return "the device is back";
        case PortHealth::State::recovering:
            return "its driver mends an error of the device";
        case PortHealth::State::failed:
            return "the device has to be reset";
        case PortHealth::State::lost:
            break;
    }
    return "the device is gone from its bus; it is looked for each second";
}

}  // namespace

Status Cluster::configure_outside(std::uint16_t queues, EalLog& log) {
    heartbeats_apart_ = false;
    if (outside_.rx_queues_max() > queues && outside_.configure(queues, pool_, log, 1) &&
        knows_flow_rules(outside_.id())) {
        heartbeats_apart_ = true;
        return Done{};
    }
    static_cast<void>(log.take());
    return outside_.configure(queues, pool_, log);
}

// Once, unless the adapter promised what it does not do.
Status Cluster::start_both(std::uint16_t queues, EalLog& log, std::vector<std::string>& warnings) {
    for (Port* port : {&outside_, &inside_}) port->stop();
    if (auto done = configure_outside(queues, log); !done) return done;
    if (auto done = inside_.configure(queues, pool_, log); !done) return done;
    for (Port* port : {&outside_, &inside_})
        if (auto done = port->start(log); !done) return done;
    if (!heartbeats_apart_) return Done{};
    const Status parted = give_heartbeats_queue(outside_.id(), queues);
    if (parted) return Done{};
    warnings.push_back(
        fmt::format("cluster {} outside: heartbeats share the queues of clients ({})", name(),
                    parted.error().message));
    heartbeats_apart_ = false;
    outside_.stop();
    if (auto done = outside_.configure(queues, pool_, log); !done) return done;
    return outside_.start(log);
}

void Cluster::pair_ports(const std::vector<std::uint16_t>& tap_cpus) {
    outside_.pair_with(inside_, tap_cpus);
    inside_.pair_with(outside_, tap_cpus);
    for (Port* const port : {&outside_, &inside_})
        if (port->tap() != nullptr) tap_buffers_.push_back(port->tap()->buffers());
}

void Cluster::connect_taps() {
    for (const auto& lane : lanes_) {
        if (lane->queue == kNoQueue) continue;
        for (Port* const port : {&outside_, &inside_})
            if (Tap* const tap = port->tap(); tap != nullptr)
                tap->set_reader(lane->queue, lane->bell);
    }
}

Result<std::uint16_t> Cluster::start_ports(std::uint16_t wanted, EalLog& log,
                                           std::vector<std::string>& warnings) {
    const std::array<std::pair<Port*, const char*>, 2> sides{
        {{&outside_, "outside"}, {&inside_, "inside"}}};
    std::uint16_t queues = std::min({wanted, outside_.queues_max(), inside_.queues_max()});
    std::string why = queues == wanted
                          ? ""
                          : fmt::format("its ports have {} queues for {} lcores", queues, wanted);
    const auto limit_to = [&](std::uint16_t fewer, const char* side, const std::string& reason) {
        queues = fewer;
        why = fmt::format("{} spreads flows over {} of {} lcores: {}", side, fewer, wanted, reason);
    };
    for (const auto& [port, side] : sides)
        if (const Spread spread = port->spread_over(queues); !spread.limit.empty())
            limit_to(spread.queues, side, spread.limit);
    if (auto done = start_both(queues, log, warnings); !done) return done.error();
    for (const auto& [port, side] : sides) {
        const std::string refusal = queues == 1 ? "" : port->confirm_spread();
        if (refusal.empty()) continue;
        limit_to(1, side, refusal);
        if (auto done = start_both(queues, log, warnings); !done) return done.error();
    }
    if (queues < wanted)
        warnings.push_back(fmt::format(
            "cluster=\"{}\" {}; the others get their flows from those that have one", name(), why));
    return queues;
}

Status Cluster::level_mtu(std::uint16_t wanted, std::vector<std::string>& warnings) {
    const std::uint16_t mtu = outside_.mtu();
    if (wanted != 0 && mtu != wanted) static_cast<void>(outside_.set_mtu(wanted));
    const std::uint16_t outside = outside_.mtu();
    if (outside < kMtuMin)
        return Error{
            fmt::format("cluster \"{}\": outside: the port's MTU is {}; frames of the cluster, and "
                        "IPv6, take at "
                        "least {}: set `mtu: {}` for this host, on the whole segment",
                        name(), outside, kMtuMin, kMtuMin)};
    if (inside_.mtu() == outside || inside_.set_mtu(outside)) return Done{};
    warnings.push_back(
        fmt::format("cluster {}: MTU outside {} inside {}: larger packets are lost; set both alike",
                    name(), outside, inside_.mtu()));
    return Done{};
}

void Cluster::join_ports() {
    for (const auto& lane : lanes_) {
        lane->outside_port = outside_.id();
        lane->inside_port = inside_.id();
        if (lane->queue == kNoQueue) continue;
        lane->outside_waker = outside_.waker(lane->queue);
        lane->inside_waker = inside_.waker(lane->queue);
        if (Tap* const tap = outside_.tap()) lane->outside_tap = &tap->bell(lane->queue);
        if (Tap* const tap = inside_.tap()) lane->inside_tap = &tap->bell(lane->queue);
        if (lane->heartbeat_queue != kNoQueue)
            lane->heartbeat_waker = outside_.waker(lane->heartbeat_queue);
        lane->sleep_most_ns = std::min(outside_.sleep_most_ns(), inside_.sleep_most_ns());
    }
}

void Cluster::shut_gates(Rcu& rcu) {
    if (grace_) return;
    for (const auto& lane : lanes_) lane->gate.shut();
    grace_ = rcu.start();
}

Status Cluster::reopen(Port& port, PortHealth::Step step, EalLog& log) {
    if (auto done = port.reopen(step, log); !done) return done;
    if (&port != &outside_ || !heartbeats_apart_) return Done{};
    const auto queue = lanes_.front()->heartbeat_queue;
    return give_heartbeats_queue(port.id(), queue);
}

std::vector<Cluster::PortChange> Cluster::keep_ports(Instant now, Rcu& rcu, EalLog& log) {
    std::vector<PortChange> changes;
    const std::array<std::pair<Port*, const char*>, 2> sides{
        {{&outside_, "outside"}, {&inside_, "inside"}}};
    for (const auto& [port, side] : sides) {
        PortHealth& health = port->health();
        const bool quiet = grace_ && rcu.over(*grace_);
        bool changed = health.on_events(port->events().take(), now);
        std::string because = because_of(health.state());
        if (const auto step = health.next(now, quiet); step != PortHealth::Step::none) {
            const auto state = health.state();
            const Status done = reopen(*port, step, log);
            health.on_done(now, done.ok());
            changed |= health.state() != state;
            because = done ? because_of(health.state()) : done.error().message;
            // what it told of its own reset
            static_cast<void>(port->events().take());
        }
        if (changed) changes.push_back({side, port->name(), shown(health.state()), because});
        if (!health.serves()) shut_gates(rcu);
    }
    if (grace_ && outside_.health().serves() && inside_.health().serves()) {
        // A driver that has mended itself may have been quicker than the workers.
        if (!rcu.over(*grace_)) return changes;
        join_ports();
        grace_.reset();
        for (const auto& lane : lanes_) lane->gate.open();
    }
    return changes;
}

void Cluster::count_ports(Instant now) {
    outside_.count(now);
    inside_.count(now);
}

void Cluster::add_port_numbers(ipc::CountersReport& report) const {
    report.ports = {outside_.report(), inside_.report()};
    report.buffers = pool_->size;
    report.buffers_free = rte_mempool_avail_count(pool_);
    const auto look = [&report](const rte_ring* ring) {
        if (ring == nullptr) return;
        const std::uint64_t used = rte_ring_count(ring);
        const std::uint64_t room = rte_ring_get_capacity(ring);
        if (report.ring_frames_room != 0 &&
            used * report.ring_frames_room <= report.ring_frames_most * room)
            return;
        report.ring_frames_most = used;
        report.ring_frames_room = room;
    };
    look(to_main_.get());
    look(from_main_.get());
    for (const auto& lane : lanes_)
        for (const rte_ring* ring : {lane->steered.get(), lane->rss.from_inside.get(),
                                     lane->rss.to_outside.get(), lane->rss.to_inside.get()})
            look(ring);
}

}  // namespace nlb::dataplane
