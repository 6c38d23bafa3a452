// The main lcore's loop: it waits for its sockets, its workers' doorbell and the next tick, and
// never longer than one of them needs.
#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

#include "config/daemon/event_line.hpp"
#include "dataplane/control/dataplane.hpp"
#include "dataplane/worker/scheduling.hpp"

namespace nlb::dataplane {
namespace {

constexpr Duration kTick = std::chrono::milliseconds{50};
// How often drivers are asked what they count: some need a millisecond for it.
constexpr Duration kCountPorts = std::chrono::milliseconds{500};
// While a grace period runs: workers pass one within a burst, or are asleep and stand in nobody's
// way.
constexpr Duration kGracePoll = std::chrono::microseconds{50};
constexpr unsigned kPuntsAtOnce = 64;

enum Watched : std::size_t {
    kSignals,
    kDoorbell,
    kListening,
    kConnected,
    kTraceListening,
    kTraceConnected,
    kWatchedCount
};

timespec to_timespec(Duration duration) {
    const auto ns = std::max<std::int64_t>(duration.count(), 0);
    return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

Status Dataplane::run(std::optional<Duration> idle_exit, daemon::ServiceManager& manager) {
    manager_ = &manager;
    tick(monotonic_now());
    start_workers();
    if (!fixed_)
        if (const auto refused = ask_for_real_time())
            daemon::log_event(daemon::EventId::dataplane_not_real_time, {{"because", *refused}});
    report_ready();
    manager.ready();
    if (idle_exit) {
        idle_look_ = std::max(*idle_exit / 4, Duration{std::chrono::milliseconds{1}});
        idle_watch_.emplace(*idle_exit);
    }
    while (!stopping_) {
        const Instant now = monotonic_now();
        if (now >= next_tick_ || ports_told()) tick(now);
        if (idle_watch_ && is_idle(now)) break;
        deliver_punts(now);
        deliver_requests();
        finish_installs();
        more_traced_ = tracer_ && tracer_->serve(now);
        const bool grace_runs = publisher_.pending() != 0;
        wait(now, more_punts_ || more_traced_ ? now
                  : grace_runs                ? std::min(next_tick_, now + kGracePoll)
                                              : next_tick_);
    }
    manager.stopping();
    stop_workers();
    daemon::log_event(daemon::EventId::dataplane_stopped, {{"host", host_}});
    return Done{};
}

bool Dataplane::has_punts() const {
    return std::any_of(clusters_.begin(), clusters_.end(),
                       [](const auto& cluster) { return rte_ring_empty(cluster->punted()) == 0; });
}

void Dataplane::wait(Instant now, Instant until) {
    until = std::min(until, looks_.next());
    doorbell_.look_by(until.time_since_epoch().count());
    if (has_punts()) until = now;
    std::array<pollfd, kWatchedCount> fds;
    fds.fill({-1, POLLIN, 0});
    fds[kSignals].fd = signals_;
    fds[kDoorbell].fd = doorbell_.fd();
    if (server_) {
        fds[kListening].fd = server_->takes_newcomers() ? socket_->listening_fd() : -1;
        fds[kConnected].fd = socket_->connected_fd();
        fds[kConnected].events = static_cast<short>((is_busy() ? 0 : POLLIN) |
                                                    (socket_->wants_to_write() ? POLLOUT : 0));
    }
    if (tracer_) {
        fds[kTraceListening].fd = tracer_->socket().listening_fd();
        fds[kTraceConnected].fd = tracer_->socket().connected_fd();
    }
    const timespec timeout = to_timespec(until - now);
    if (ppoll(fds.data(), fds.size(), &timeout, nullptr) <= 0) return;
    doorbell_heard_ = fds[kDoorbell].revents != 0;
    if (fds[kSignals].revents != 0) {
        signalfd_siginfo ignored;
        stopping_ = read(signals_, &ignored, sizeof ignored) > 0;
    }
    if ((fds[kConnected].revents & POLLOUT) != 0) socket_->flush();
    if ((fds[kConnected].revents & (POLLIN | POLLHUP | POLLERR)) != 0) server_->on_readable();
    if (fds[kListening].revents != 0) server_->on_newcomer();
    if (fds[kTraceConnected].revents != 0) tracer_->on_readable();
    if (fds[kTraceListening].revents != 0) tracer_->on_newcomer();
}

// A doorbell that was not heard is not answered: it will be, and that costs a read each time.
void Dataplane::deliver_punts(Instant now) {
    if (std::exchange(doorbell_heard_, false)) doorbell_.answer();
    more_punts_ = false;
    bool found = false;
    for (std::uint16_t index = 0; index < clusters_.size(); ++index) {
        std::array<rte_mbuf*, kPuntsAtOnce> frames;
        const unsigned count = rte_ring_sc_dequeue_burst(clusters_[index]->punted(),
                                                         reinterpret_cast<void**>(frames.data()),
                                                         kPuntsAtOnce, nullptr);
        more_punts_ |= count == kPuntsAtOnce;
        found |= count != 0;
        for (unsigned i = 0; i < count; ++i) {
            const ipc::Punted punted{note_of(frames[i]).received_ns};
            const std::span<Byte> frame{rte_pktmbuf_mtod(frames[i], Byte*), frames[i]->data_len};
            if (note_of(frames[i]).reason == Reason::inside_answer)
                clusters_[index]->hear_inside(frame, Instant{Duration{punted.received_ns}});
            else if (server_ && socket_->connected() && frame.size() <= ipc::kFrameBytesMax &&
                     !server_->send_punted(index, punted, frame))
                clusters_[index]->count_lost_punt();
            rte_pktmbuf_free(frames[i]);
        }
    }
    looks_.note(now, found);
}

// What nobody is there to be asked is lost, and asked again when the client comes again.
void Dataplane::deliver_requests() {
    std::array<GrantRequest, ipc::kGrantsAtOnce> requests;
    for (std::uint16_t index = 0; index < clusters_.size(); ++index) {
        const std::size_t count = clusters_[index]->link().take_requests(requests);
        more_punts_ |= count == requests.size();
        if (count != 0 && server_ && socket_->connected())
            server_->send_requests(index, {requests.data(), count});
    }
}

void Dataplane::finish_installs() {
    publisher_.poll([this](const Publisher::Published& what) {
        if (server_ && what.token != 0)
            server_->on_installed(what.cluster, clusters_[what.cluster]->installed(what.token));
    });
}

void Dataplane::tick(Instant now) {
    next_tick_ = now + kTick;
    const Clock::Reading reading = clock_.read();
    if (const Duration stood = clock_.stood(reading); stood > stands_most_)
        give_leases_back(now, stood);
    clock_.calibrate(reading.cycles, reading.now);
    if (socket_) socket_->try_again();
    if (tracer_) tracer_->accept_again();
    keep_ports(now);
    if (!fixed_)
        for (std::uint16_t index = 0; index < clusters_.size(); ++index) {
            report_change(*clusters_[index], index, now);
            Cluster& cluster = *clusters_[index];
            if (cluster.look_inside(now) && server_) server_->send_status(index);
        }
    for (const std::string& line : log_.take())
        daemon::log_event(daemon::EventId::dpdk, {{"line", line}});
    if (manager_->listens()) tell_manager(now);
}

// Others may have buried this host while it stood still, and no clock of the daemons shows how long
// that was. Its control plane begins anew, as after a lease that ended while it was away (R10), and
// hears the others before it owns anything.
void Dataplane::give_leases_back(Instant now, Duration stood) {
    if (fixed_) return;
    for (const auto& cluster : clusters_) cluster->link().set_lease(kLongAgo, now);
    if (server_)
        server_->hang_up("this machine stood still for " +
                         std::to_string(stood / std::chrono::milliseconds{1}) +
                         " ms that its clock does not show");
}

// Not fed while a worker is stuck: the manager then starts this program anew.
void Dataplane::tell_manager(Instant now) {
    if (stuck_watch_.all_move(now, progress())) manager_->alive(now);
    std::string text;
    for (const auto& cluster : clusters_) {
        const Fence& fence = cluster->fence();
        const char* const does = !fence.link_up()    ? "link down"
                                 : !fence.holds(now) ? "no lease, answers for no virtual address"
                                                     : "serves";
        text += (text.empty() ? "" : "; ") + cluster->name() + ": " + does;
    }
    manager_->status(text);
}

bool Dataplane::ports_told() const {
    return std::any_of(clusters_.begin(), clusters_.end(),
                       [](const auto& cluster) { return cluster->has_port_events(); });
}

void Dataplane::keep_ports(Instant now) {
    const bool counts = now >= next_count_;
    if (counts) next_count_ = now + kCountPorts;
    for (const auto& cluster : clusters_) {
        for (const Cluster::PortChange& change : cluster->keep_ports(now, rcu_, log_))
            daemon::log_event(change.state == ipc::PortState::up ? daemon::EventId::device_back
                                                                 : daemon::EventId::device_lost,
                              {{"cluster", cluster->name()},
                               {"port", change.side},
                               {"device", change.device},
                               {"state", std::string{word_of(change.state, ipc::kPortStateNames)}},
                               {"because", change.because}});
        if (counts) cluster->count_ports(now);
    }
}

void Dataplane::report_change(Cluster& cluster, std::uint16_t index, Instant now) {
    const ClusterLink::Change change = cluster.look(now);
    if (change.link) {
        const bool up = cluster.fence().link_up();
        daemon::log_event(daemon::EventId::link,
                          {{"cluster", cluster.name()}, {"state", up ? "up" : "down"}});
        if (server_) server_->send_status(index);
    }
    if (change.fenced)
        daemon::log_event(daemon::EventId::fenced,
                          {{"cluster", cluster.name()}, {"because", "the lease ran out"}});
    if (change.unfenced)
        daemon::log_event(daemon::EventId::unfenced, {{"cluster", cluster.name()}});
}

std::vector<Progress> Dataplane::progress() const {
    std::vector<Progress> workers;
    for (const auto& worker : workers_) workers.push_back(worker->progress());
    return workers;
}

bool Dataplane::is_idle(Instant now) {
    const std::vector<Progress> workers = progress();
    next_tick_ = std::min(next_tick_, now + idle_look_);
    return idle_watch_->is_over(now, workers);
}

}  // namespace nlb::dataplane
