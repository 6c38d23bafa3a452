// Checks a request, hangs its trace into the lanes, and takes it out again behind a grace period.
#include "dataplane/control/trace_server.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>

#include "config/daemon/event_line.hpp"
#include "dataplane/control/trace_request.hpp"
#include "dataplane/worker/clock.hpp"

namespace nlb::dataplane {
namespace {

using ipc::MessageType;

constexpr int kSentAtOnce = 64;
constexpr Duration kProgressPeriod = std::chrono::seconds{1};

std::int64_t realtime_of(std::int64_t monotonic_ns, Instant now) {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec -
           (now.time_since_epoch().count() - monotonic_ns);
}

}  // namespace

void TraceServer::on_newcomer() {
    // Whoever came and asks for nothing keeps nobody out.
    if (socket_.connected() && !trace_) on_readable();
    if (socket_.connected() && !trace_) end();
    if (socket_.connected()) {
        socket_.turn_away(ipc::write_refusal(
            fmt::format("another trace runs (process {}): end it first", socket_.peer_pid())));
        return;
    }
    socket_.accept();
}

void TraceServer::on_readable() {
    const auto received = socket_.receive(datagram_, trace::kMessageBytesMax);
    if (received == SeqpacketServer::Received::nothing) return;
    if (received == SeqpacketServer::Received::closed) return end();
    const auto sentence = trace_ ? "a trace takes one request" : begin(datagram_);
    if (!sentence) return;
    static_cast<void>(socket_.send_now(ipc::write_refusal(*sentence)));
    end();
}

Result<Cluster*> TraceServer::cluster_named(const trace::Request& request) const {
    const std::string name = request.cluster.data();
    for (const auto& cluster : clusters_)
        if (name.empty() || cluster->name() == name) return cluster.get();
    return Error{"this dataplane has no cluster \"" + name + "\""};
}

std::optional<std::string> TraceServer::begin(std::span<const Byte> datagram) {
    const auto read = read_trace_request(datagram);
    if (!read) return read.error().message;
    const trace::Request& request = read.value().request;
    const auto cluster = cluster_named(request);
    if (!cluster) return cluster.error().message;
    auto trace = PacketTrace::create(request, read.value().filter, cluster.value()->lanes().size());
    if (!trace) return trace.error().message;
    trace_ = std::move(trace.value());
    traced_ = cluster.value();
    unsent_ = 0;
    progress_at_ = kLongAgo;
    for (const auto& lane : traced_->lanes())
        lane->trace.store(trace_.get(), std::memory_order_release);
    daemon::log_event(daemon::EventId::trace,
                      {{"cluster", traced_->name()},
                       {"process", std::to_string(socket_.peer_pid())},
                       {"state", "on"},
                       {"rate", std::to_string(request.packets_per_second)}});
    return std::nullopt;
}

void TraceServer::end() {
    if (trace_) {
        for (const auto& lane : traced_->lanes())
            lane->trace.store(nullptr, std::memory_order_release);
        daemon::log_event(daemon::EventId::trace, {{"cluster", traced_->name()},
                                                   {"process", std::to_string(socket_.peer_pid())},
                                                   {"state", "off"}});
        retired_.push_back({rcu_.start(), std::move(trace_)});
    }
    socket_.disconnect();
}

void TraceServer::send_progress(Instant now) {
    if (now < progress_at_) return;
    progress_at_ = now + kProgressPeriod;
    trace::Progress progress = trace_->progress();
    progress.passed_by += unsent_;
    static_cast<void>(socket_.send_now(
        ipc::write_message(MessageType::trace_progress, 0, ipc::bytes_of(progress))));
}

bool TraceServer::serve(Instant now) {
    while (!retired_.empty() && rcu_.over(retired_.front().grace)) retired_.pop_front();
    if (!trace_) return false;
    send_progress(now);
    int sent = 0;
    for (PacketTrace::Taken* taken = nullptr;
         sent < kSentAtOnce && (taken = trace_->take()) != nullptr; ++sent) {
        trace::Packet packet = taken->packet;
        packet.time_ns = realtime_of(packet.time_ns, now);
        packet.progress = trace_->progress();
        packet.progress.passed_by += unsent_;
        const std::span<const Byte> bytes{taken->bytes.data(), taken->captured};
        if (!socket_.send_now(
                ipc::write_message(MessageType::trace_packet, 0, ipc::bytes_of(packet), bytes)))
            ++unsent_;
        trace_->give_back(taken);
    }
    return sent == kSentAtOnce;
}

}  // namespace nlb::dataplane
