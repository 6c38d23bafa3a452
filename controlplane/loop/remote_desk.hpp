// Remote control of this host's clusters: takes their datagrams from what the dataplane punts,
// hands requests to the command service, and answers through the dataplane. One seat for each
// cluster that has it enabled, with the cluster's own key: who holds it speaks of that cluster
// alone. What a request means is the service's, how it is sealed and answered is core/remote's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/remote_sealer.hpp"
#include "controlplane/agent/cluster_roster.hpp"
#include "controlplane/agent/events.hpp"
#include "controlplane/agent/message_sink.hpp"
#include "controlplane/api/command_service.hpp"
#include "core/packet/udp_datagram.hpp"
#include "core/remote/remote_host.hpp"

namespace nlb::controlplane {

// Thread: the loop's.
class RemoteDesk {
public:
    // Datagrams that are looked at in one window, over all cores: a look costs a decryption.
    static constexpr std::size_t kLooksPerWindow = 64;
    static constexpr Duration kWindow = std::chrono::milliseconds{10};

    // What they refer to outlives it.
    RemoteDesk(const ClusterAgents& agents, CommandService& commands, MessageSink& dataplane,
               EventSink& events)
        : agents_(agents), commands_(commands), dataplane_(dataplane), events_(events) {}

    // Reads the key files again; who cannot be served is told. Where a key has changed, answers
    // under the former one are forgotten.
    void read_keys();
    // Whether the frame is for remote control of the agent's cluster: then it is taken, and
    // `number` is what the dataplane calls the cluster.
    [[nodiscard]] bool take(Instant now, const ClusterAgent& agent, std::uint16_t number,
                            std::span<const Byte> frame);
    // Carries requests out, and sends what is due.
    void on_tick(Instant now);
    [[nodiscard]] Instant next_wake() const;
    // The dataplane is gone, and with it the cluster's number.
    void on_dataplane_lost();

    // Nothing: it is off for this cluster.
    [[nodiscard]] std::optional<remote::OutcomeCounts> counts(const ClusterAgent& agent) const;

private:
    struct Seat {
        std::string key_file;
        config::ClusterKey key;
        std::unique_ptr<config::RemoteSealer> sealer;  // nothing: the key cannot be read
        std::unique_ptr<remote::RemoteHost> host;
        remote::OutcomeCounts counts{};
        std::optional<std::uint16_t> number;
        std::vector<remote::RemoteHost::Run> waiting;
    };
    void read_key(const ClusterAgent& agent);
    [[nodiscard]] bool may_look(Instant now);
    void carry_out(Instant now, const ClusterAgent& agent, const remote::RemoteHost::Run& run);
    void answer(Instant now, const std::string& cluster, const remote::Token& client,
                std::string line);
    void send(Instant now, const Seat& seat, std::uint16_t port,
              const remote::RemoteHost::Send& send);
    void note_change(const ClusterAgent& agent, const remote::Peer& from, const Request& request,
                     bool accepted);

    const ClusterAgents& agents_;
    CommandService& commands_;
    MessageSink& dataplane_;
    EventSink& events_;
    std::map<std::string, Seat> seats_;  // by the cluster's name
    Instant window_ends_ = kLongAgo;
    std::size_t looks_left_ = 0;
};

}  // namespace nlb::controlplane
