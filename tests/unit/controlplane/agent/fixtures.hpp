// What tests of the agent share: a small cluster, sinks that record messages and events, and the
// answers of a dataplane that obeys. It links with the agent alone.
#pragma once

#include <memory>
#include <vector>

#include "config/digest.hpp"
#include "controlplane/agent/cluster_agent.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/ipc/messages.hpp"
#include "tests/unit/controlplane/agent/toy_authenticator.hpp"

namespace nlb::controlplane::testing {

inline config::Cluster small_cluster(std::size_t hosts = 2) {
    config::Cluster cluster;
    cluster.name = "web";
    cluster.address = {IpAddress::v4(0xc0000250), 24};
    config::PortRule http;
    http.name = "http";
    http.ports = {80, 80};
    http.protocols = config::Protocols::tcp;
    config::PortRule admin;
    admin.name = "admin";
    admin.vip = IpAddress::v4(0xc0000251);
    admin.ports = {8443, 8443};
    admin.mode = RuleMode::single;
    cluster.virtual_addresses = {{IpAddress::v4(0xc0000251), 32}};
    cluster.port_rules = {http, admin};
    for (std::size_t i = 1; i <= hosts; ++i) {
        config::Host host;
        host.name = "edge" + std::to_string(i);
        host.id = static_cast<HostId>(i);
        host.addresses = {{IpAddress::v4(0xc0000200 + 10 + static_cast<std::uint32_t>(i)), 24}};
        cluster.hosts.push_back(host);
    }
    return cluster;
}

inline ClusterSettings small_settings(
    std::size_t hosts = 2, config::InitialState initial = config::InitialState::started) {
    ClusterSettings settings;
    settings.cluster = small_cluster(hosts);
    for (config::Host& host : settings.cluster.hosts) host.initial_state = initial;
    settings.host = settings.cluster.hosts[0];
    settings.hash_key = {1, 2, 3, 4};
    return settings;
}

class RecordingSink : public MessageSink {
public:
    void send(std::vector<Byte> datagram) override { datagrams.push_back(std::move(datagram)); }
    [[nodiscard]] std::vector<ipc::MessageType> types() const {
        std::vector<ipc::MessageType> all;
        for (const auto& datagram : datagrams) all.push_back(ipc::read_message(datagram)->type);
        return all;
    }
    std::vector<std::vector<Byte>> datagrams;
};

class RecordingEvents : public EventSink {
public:
    void on_event(const Event& event) override { events.push_back(event); }
    // Names in order.
    [[nodiscard]] std::vector<std::string_view> names() const {
        std::vector<std::string_view> all;
        for (const Event& event : events) all.push_back(event.name());
        return all;
    }
    // The newest one of that name; nullptr when there is none.
    [[nodiscard]] const Event* last(std::string_view name) const {
        const auto found = std::find_if(events.rbegin(), events.rend(), [name](const Event& event) {
            return event.name() == name;
        });
        return found == events.rend() ? nullptr : &*found;
    }
    std::vector<Event> events;
};

inline std::string field_of(const Event& event, std::string_view key) {
    for (const auto& [name, value] : event.fields)
        if (name == key) return value;
    return "(none)";
}

// An agent with a dataplane that answers installs after one step of time.
class Bench {
public:
    explicit Bench(ClusterSettings settings = small_settings(1), const StoredCluster& stored = {})
        : agent(std::move(settings), keys({7}), sink, events, stored, 4711) {}

    static std::unique_ptr<const Authenticator> keys(std::vector<std::uint16_t> ids) {
        return std::make_unique<ToyAuthenticator>(std::move(ids));
    }

    // `key` is what the next configuration sends under.
    void hold(ClusterSettings settings, std::uint16_t key = 7) {
        agent.hold(now, {std::move(settings), keys({7, key}), keys({key, 7})});
    }

    std::string hello(const ipc::Hello& message, const std::vector<Byte>& block = {}) {
        ipc::Hello body = message;
        body.block_bytes = static_cast<std::uint32_t>(block.size());
        const auto datagram =
            ipc::write_message(ipc::MessageType::hello, 0, ipc::bytes_of(body), block);
        return agent.on_hello(now, *ipc::read_message(datagram));
    }
    static ipc::Hello fresh_hello() {
        ipc::Hello hello{};
        hello.version = ipc::kProtocolVersion;
        hello.link_up = 1;
        hello.build = ipc::layout_digest();
        hello.valid_until_ns = kLongAgo.time_since_epoch().count();
        hello.inside = {};
        return hello;
    }
    template <class Body>
    void deliver(ipc::MessageType type, const Body& body, const std::vector<Byte>& rest = {}) {
        const auto datagram = ipc::write_message(type, 0, ipc::bytes_of(body), rest);
        agent.on_message(now, *ipc::read_message(datagram));
    }
    void status(std::uint64_t connections) {
        ipc::Status status{};
        status.link_up = 1;
        status.last_rx_ns = now.time_since_epoch().count();  // the wire is not silent
        status.oldest_poll_ns = (workers_stand ? *workers_stand : now).time_since_epoch().count();
        status.connections[0] = connections;
        status.inside = inside;
        deliver(ipc::MessageType::status, status);
    }
    // Lets time pass in steps of 5 ms; the dataplane answers every install and status request.
    void pass(Duration time, std::uint64_t connections = 0) {
        const Instant end = now + time;
        while (now < end) {
            now += std::chrono::milliseconds{5};
            answer(connections);
            if (now >= agent.next_wake()) agent.on_tick(now);
        }
    }
    void answer(std::uint64_t connections) {
        for (; answered < sink.datagrams.size(); ++answered) {
            const auto datagram = sink.datagrams[answered];
            const auto message = *ipc::read_message(datagram);
            if (message.type == ipc::MessageType::install)
                deliver(ipc::MessageType::installed,
                        ipc::Installed{message.body<ipc::Install>()->token, {}});
            if (message.type == ipc::MessageType::status_request) status(connections);
        }
    }

    ipc::Inside inside{};                  // as the dataplane finds it
    std::optional<Instant> workers_stand;  // since when one of them has not polled
    RecordingSink sink;
    RecordingEvents events;
    ClusterAgent agent;
    Instant now{std::chrono::seconds{1000}};
    std::size_t answered = 0;
};

}  // namespace nlb::controlplane::testing
