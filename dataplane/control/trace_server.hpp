// The dataplane's end of core/ipc/trace_messages.hpp: one `nlb trace` at a time gets a trace on one
// cluster's lanes, and what the trace takes. A trace needs no control plane, and changes nothing
// but what it costs. It ends with its connection, however that ends.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/ipc/trace_messages.hpp"
#include "dataplane/control/cluster.hpp"
#include "dataplane/control/seqpacket_server.hpp"
#include "dataplane/worker/packet_trace.hpp"
#include "dataplane/worker/rcu.hpp"

namespace nlb::dataplane {

// Thread: main.
class TraceServer {
public:
    using Clusters = std::vector<std::unique_ptr<Cluster>>;
    TraceServer(SeqpacketServer socket, const Clusters& clusters, Rcu& rcu)
        : socket_(std::move(socket)), clusters_(clusters), rcu_(rcu) {}
    TraceServer(const TraceServer&) = delete;
    TraceServer& operator=(const TraceServer&) = delete;

    // The listening socket is readable.
    void on_newcomer();
    // The connection is readable.
    void on_readable();
    // Sends what was taken, frees traces that no worker uses any more. True: there may be more to
    // send.
    bool serve(Instant now);

    [[nodiscard]] const SeqpacketServer& socket() const { return socket_; }
    void accept_again() { socket_.try_again(); }

private:
    // The sentence of a refusal, when it is one.
    [[nodiscard]] std::optional<std::string> begin(std::span<const Byte> datagram);
    [[nodiscard]] Result<Cluster*> cluster_named(const trace::Request& request) const;
    void send_progress(Instant now);
    void end();

    struct Retired {
        std::uint64_t grace;
        std::unique_ptr<PacketTrace> trace;
    };
    SeqpacketServer socket_;
    const Clusters& clusters_;
    Rcu& rcu_;
    std::unique_ptr<PacketTrace> trace_;
    Cluster* traced_ = nullptr;
    std::uint64_t unsent_ = 0;
    Instant progress_at_ = kLongAgo;
    std::deque<Retired> retired_;
    std::vector<Byte> datagram_;
};

}  // namespace nlb::dataplane
