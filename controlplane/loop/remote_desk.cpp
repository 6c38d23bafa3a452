// Requests wait for the turn's end: everything that the dataplane has said is read first.
#include "controlplane/loop/remote_desk.hpp"

#include <algorithm>
#include <utility>

#include "config/daemon/clock.hpp"
#include "config/format.hpp"
#include "core/ipc/messages.hpp"

namespace nlb::controlplane {
namespace {

using remote::Outcome;
using remote::RemoteHost;

// Nobody waits for an answer longer.
constexpr Duration kFramesKeep = std::chrono::seconds{1};

bool is_virtual(const config::Cluster& cluster, const IpAddress& address) {
    return cluster.address.address == address ||
           std::any_of(cluster.virtual_addresses.begin(), cluster.virtual_addresses.end(),
                       [&](const config::Prefix& prefix) { return prefix.address == address; });
}

// At a dedicated address nobody else answers.
remote::Identity identity_of(const ClusterSettings& settings, const IpAddress& asked) {
    const bool all = is_virtual(settings.cluster, asked);
    return {settings.host.name, settings.host.id, settings.cluster.name,
            static_cast<std::uint8_t>(all ? settings.cluster.hosts.size() : 1)};
}

}  // namespace

void RemoteDesk::read_keys() {
    for (const auto& agent : agents_) read_key(*agent);
}

void RemoteDesk::read_key(const ClusterAgent& agent) {
    const config::Cluster& cluster = agent.settings().cluster;
    if (!cluster.remote_control.enabled) {
        seats_.erase(cluster.name);
        return;
    }
    Seat& seat = seats_[cluster.name];
    seat.key_file = cluster.remote_control.key_file;
    const auto key = config::read_key(seat.key_file);
    if (!key) {
        seat.host.reset();
        seat.sealer.reset();
        events_.on_event({EventId::remote_not_served,
                          {{"cluster", cluster.name}, {"because", key.error().message}}});
        return;
    }
    if (seat.host && seat.key.bytes == key.value().bytes) return;
    seat.key = key.value();
    seat.host.reset();
    seat.waiting.clear();
    seat.sealer = std::make_unique<config::RemoteSealer>(seat.key);
    seat.host = std::make_unique<RemoteHost>(*seat.sealer, seat.counts);
}

bool RemoteDesk::may_look(Instant now) {
    if (now >= window_ends_) {
        window_ends_ = now + kWindow;
        looks_left_ = kLooksPerWindow;
    }
    if (looks_left_ == 0) return false;
    --looks_left_;
    return true;
}

bool RemoteDesk::take(Instant now, const ClusterAgent& agent, std::uint16_t number,
                      std::span<const Byte> frame) {
    const config::RemoteControl& wanted = agent.settings().cluster.remote_control;
    if (!wanted.enabled) return false;
    const auto datagram = read_udp(frame);
    if (!datagram || datagram->destination_port != wanted.port) return false;
    const std::string& name = agent.settings().cluster.name;
    // Enabled by a configuration that every host holds since a moment ago.
    if (const auto known = seats_.find(name);
        known == seats_.end() || known->second.key_file != wanted.key_file)
        read_key(agent);
    Seat& seat = seats_[name];
    if (!seat.host) return true;
    if (!may_look(now)) {
        ++seat.counts[static_cast<std::size_t>(Outcome::busy)];
        return true;
    }
    seat.number = number;
    const remote::Peer from{datagram->source, datagram->source_port, datagram->destination,
                            datagram->station};
    auto wishes = seat.host->on_datagram(now, identity_of(agent.settings(), datagram->destination),
                                         from, datagram->payload);
    if (wishes.send) send(now, seat, wanted.port, *wishes.send);
    if (wishes.run) seat.waiting.push_back(std::move(*wishes.run));
    return true;
}

void RemoteDesk::on_tick(Instant now) {
    for (const auto& agent : agents_) {
        const auto found = seats_.find(agent->settings().cluster.name);
        if (found == seats_.end() || !found->second.host) continue;
        Seat& seat = found->second;
        for (const RemoteHost::Run& run : std::exchange(seat.waiting, {}))
            carry_out(now, *agent, run);
        for (const RemoteHost::Send& one : seat.host->on_tick(now))
            send(now, seat, agent->settings().cluster.remote_control.port, one);
    }
}

Instant RemoteDesk::next_wake() const {
    Instant wake = kForever;
    for (const auto& [name, seat] : seats_) {
        if (!seat.host) continue;
        wake = std::min(wake, seat.waiting.empty() ? seat.host->next_wake() : kLongAgo);
    }
    return wake;
}

// The service may answer after this seat is gone: the answer looks for it by name.
void RemoteDesk::carry_out(Instant now, const ClusterAgent& agent, const RemoteHost::Run& run) {
    const config::Cluster& cluster = agent.settings().cluster;
    const Caller caller{cluster.name, cluster.remote_control.configure,
                        [this, &agent, &run](const Request& request, bool accepted) {
                            note_change(agent, run.from, request, accepted);
                        }};
    commands_.handle(
        now, run.text,
        [this, name = cluster.name, client = run.client](std::string line) {
            answer(daemon::monotonic_now(), name, client, std::move(line));
        },
        caller);
}

void RemoteDesk::answer(Instant now, const std::string& cluster, const remote::Token& client,
                        std::string line) {
    const auto seat = seats_.find(cluster);
    if (seat == seats_.end() || !seat->second.host) return;
    if (line.size() > remote::kAnswerBytesMax)
        line = encode_answer({ReturnValue::truncated,
                              "the answer is longer than the 256 KiB that remote control carries; "
                              "ask for less, or type the command on the host"},
                             nlohmann::json::array());
    seat->second.host->on_answer(now, client, std::move(line));
}

void RemoteDesk::note_change(const ClusterAgent& agent, const remote::Peer& from,
                             const Request& request, bool accepted) {
    const std::string& cluster = agent.settings().cluster.name;
    if (!accepted) {
        ++seats_[cluster].counts[static_cast<std::size_t>(Outcome::refused)];
        return;
    }
    Fields fields{{"cluster", cluster},
                  {"from", config::to_string(from.address)},
                  {"command", std::string{name_of(request.verb)}}};
    if (request.rule) fields.emplace_back("rule", *request.rule);
    events_.on_event({EventId::remote_command, std::move(fields)});
}

void RemoteDesk::send(Instant now, const Seat& seat, std::uint16_t port,
                      const RemoteHost::Send& send) {
    if (!seat.number) return;
    const UdpDatagram asked{
        send.to.station, send.to.address, send.to.asked, send.to.port, port, {}};
    const ipc::Send until{(now + kFramesKeep).time_since_epoch().count()};
    dataplane_.send(ipc::write_message(ipc::MessageType::send, *seat.number, ipc::bytes_of(until),
                                       build_udp_answer(asked, send.bytes)));
}

void RemoteDesk::on_dataplane_lost() {
    for (auto& [name, seat] : seats_) seat.number.reset();
}

std::optional<remote::OutcomeCounts> RemoteDesk::counts(const ClusterAgent& agent) const {
    const auto seat = seats_.find(agent.settings().cluster.name);
    if (seat == seats_.end()) return std::nullopt;
    return seat->second.counts;
}

}  // namespace nlb::controlplane
