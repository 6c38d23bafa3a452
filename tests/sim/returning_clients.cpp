// The simulated clients that come back; see the header.
#include "tests/sim/returning_clients.hpp"

#include <algorithm>

#include "core/tables/affinity_hash.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

using std::chrono::milliseconds;

}  // namespace

ReturningClients::ReturningClients(World& world, Workload& workload)
    : world_(world), workload_(workload), prng_(Prng{world.prng()}.next() ^ 0x636c69656e7473ULL) {
    for (std::size_t i = 0; i < kClients; ++i) {
        clients_[i].flow.client = 0x0b000000U + static_cast<std::uint32_t>(i) * 0x10107U;
        clients_[i].flow.vip_port =
            static_cast<std::uint16_t>(1000 + world.settings().sticky_port());
    }
}

// Often within the time-out, and often about when it ends: what is agreed there is what two hosts
// could see differently.
Duration ReturningClients::pause() {
    const std::int64_t timeout = std::int64_t{world_.settings().sticky_ms} * 1'000'000;
    if (prng_.chance(300'000))
        return Duration{prng_.between(timeout * 95 / 100, timeout * 130 / 100)};
    return Duration{prng_.between(0, timeout / (prng_.chance(500'000) ? 1 : 8))};
}

void ReturningClients::go_on() {
    if (world_.settings().sticky_ms == 0) return;
    for (Client& client : clients_)
        if (client.due <= world_.scheduler().now()) speak(client);
    world_.scheduler().after(Duration{prng_.between(50'000, 3'000'000)}, [this] { go_on(); });
}

void ReturningClients::speak(Client& client) {
    Workload::Flow& flow = client.flow;
    if (flow.home == kNoHost) {
        if (prng_.chance(100'000)) send_datagram(client);
        return knock(client);
    }
    const bool ends = flow.packets_left == 0 || --flow.packets_left == 0;
    const auto flags = static_cast<std::uint8_t>(
        ends ? (prng_.chance(500'000) ? kTcpRst : kTcpFin | kTcpAck) : kTcpAck);
    const HostSet accepted = workload_.offer(workload_.packet_of(flow, flags), false);
    workload_.judge(flow, accepted);
    client.left = world_.scheduler().now();
    client.due =
        world_.scheduler().now() + (ends ? pause() : Duration{prng_.between(500'000, 20'000'000)});
    const bool cut = !accepted.contains(flow.home) && !accepted.empty();
    if (!ends && !cut) return;
    flow.home = kNoHost;
    client.counted = false;
}

void ReturningClients::send_datagram(Client& client) {
    FrameSpec spec = workload_.packet_of(client.flow, 0);
    spec.protocol = kProtocolUdp;
    spec.source_port = 5353;
    static_cast<void>(workload_.offer(spec, true));
}

// A port that this client has not used: one that it uses again while a host whose link is down
// holds the former connection would be two connections in one, which TIME-WAIT forbids (RFC 9293
// 3.6.1).
std::uint16_t ReturningClients::port_after(std::uint16_t port) {
    constexpr std::uint32_t kPorts = 65536 - 1024;
    constexpr std::uint32_t kStep = 4099;  // shares no divisor with kPorts: each comes once
    if (port == 0) return static_cast<std::uint16_t>(prng_.between(1024, 65535));
    return static_cast<std::uint16_t>(1024 + (port - 1024U + kStep) % kPorts);
}

// A client repeats its SYN; what counts is where its connection ends up.
void ReturningClients::knock(Client& client) {
    Workload::Flow& flow = client.flow;
    // A core that is behind may have taken the last SYN since: that connection is nobody's here.
    if (!client.counted || workload_.somebody_is_behind()) flow.port = port_after(flow.port);
    if (!client.counted) weigh_return(client);
    const HostSet accepted = workload_.offer(workload_.packet_of(flow, kTcpSyn), true);
    client.due = world_.scheduler().now() +
                 Duration{prng_.between(100'000, prng_.chance(500'000) ? 2'000'000 : 60'000'000)};
    if (accepted.empty()) return;
    flow.home = accepted.lowest();
    flow.interruptions = world_.host(flow.home).interruptions;
    flow.packets_left = static_cast<std::uint32_t>(prng_.between(1, 8));
    if (client.is_return) {
        ++returns_;
        moved_ += client.is_moved ? 1U : 0U;
        const bool found = flow.home == client.former;
        found_ += found ? 1U : 0U;
        moved_found_ += found && client.is_moved ? 1U : 0U;
    }
    client.former = flow.home;
    client.interruptions = flow.interruptions;
    client.left = world_.scheduler().now();
}

// In time, and its host has been a member ever since and has a share of the rule by its own map.
void ReturningClients::weigh_return(Client& client) {
    client.counted = true;
    client.is_return = client.is_moved = false;
    if (client.former == kNoHost) return;
    HostModel& host = world_.host(client.former);
    const bool in_time = world_.scheduler().now() - client.left <
                         milliseconds{world_.settings().sticky_ms} * 97 / 100;
    if (!in_time || host.cuts || host.interruptions != client.interruptions ||
        !host.dataplane.receives() || host.control.membership() == nullptr)
        return;
    const Membership& membership = *host.control.membership();
    const Configurations& files = world_.configurations();
    const Variant variant = files.variant_of_digest(membership.config_digest());
    const RuleId rule = files.rule_of(world_.settings().sticky_port(), variant);
    const BucketId bucket = bucket_of(client_hash(
        files.tables_of(variant).hash_key, Affinity::single, IpAddress::v4(client.flow.client), 0));
    const auto& owners = membership.map().targets[rule];
    client.is_return = std::find(owners.begin(), owners.end(), client.former) != owners.end();
    client.is_moved = client.is_return && owners[bucket] != client.former;
}

}  // namespace nlb::sim
