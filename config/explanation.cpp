// Tables are built as an install would build them; the clock starts above zero, so that ages can be
// subtracted from it.
#include "config/explanation.hpp"

#include <algorithm>

#include "config/endpoint.hpp"
#include "config/format.hpp"
#include "config/inside_device.hpp"
#include "config/table_builder.hpp"
#include "config/targets.hpp"
#include "core/packet/frame_builder.hpp"

namespace nlb::config {
namespace {

constexpr Instant kStart{std::chrono::hours{100}};
constexpr Duration kSweepEach = std::chrono::seconds{1};
constexpr std::uint16_t kEphemeralPort = 49152;  // a client's, when none is given

// Ports of a machine that does not exist: locally administered, by id.
PortAddresses invented_ports(HostId id) {
    return {MacAddress{{0x02, 0x6e, 0x6c, 0x62, 0x01, id}},
            MacAddress{{0x02, 0x6e, 0x6c, 0x62, 0x02, id}}};
}

// What the cores have buffers for: two taps of our own pass what TCP has joined.
std::uint16_t room_of(const Host& host) {
    return is_own_tap(host.outside) && is_own_tap(host.inside) ? kFrameRoomJoined
                                                               : frame_room(host.mtu);
}

Result<std::uint16_t> destination_port(const PacketWish& wish, const Endpoint& destination) {
    if (wish.protocol == "icmp") return std::uint16_t{0};
    if (!destination.port)
        return Error{"destination: expected ADDRESS:PORT for " + wish.protocol + ", got " +
                     in_quotes(wish.destination)};
    return *destination.port;
}

}  // namespace

std::vector<HostScene> ideal_scenes(const Cluster& cluster, HostSet members,
                                    const std::vector<const Host*>& hosts) {
    Ownership ownership;
    ownership.epoch = 1;
    ownership.owner = targets_of(cluster, members, {});
    std::vector<HostScene> scenes;
    for (const Host* host : hosts) {
        ownership.own = owned_by(ownership.owner, host->id);
        scenes.push_back({host, ownership, true});
    }
    return scenes;
}

Explainer::Explainer(const Cluster& cluster, const std::vector<HostScene>& scenes,
                     const HashKey& hash_key, std::uint32_t clients)
    : cluster_(cluster), now_(kStart), swept_(kStart) {
    for (const HostScene& scene : scenes)
        views_.push_back(
            {scene.host,
             scene.fence_holds,
             build_tables(cluster, *scene.host, hash_key, scene.ownership),
             invented_ports(scene.host->id),
             SimpleConnections(cluster.connections.max),
             FragmentTable(0),
             std::make_unique<IndexMemory>(),
             has_sticky_rules(cluster) ? std::make_unique<ClientTable>(clients) : nullptr,
             {}});
}

std::vector<Explanation> Explainer::explain_packet(std::span<const Byte> frame,
                                                   std::chrono::nanoseconds time) {
    advance(time);
    std::vector<Explanation> explanations;
    for (HostView& view : views_)
        explanations.push_back(explain(frame, context_of(view), view.connections, view.fragments,
                                       room_of(*view.host)));
    return explanations;
}

std::vector<ExplainedPacket> Explainer::offer(std::span<const Byte> frame,
                                              std::chrono::nanoseconds time) {
    kept_back_.push_back({++offered_, explain_packet(frame, time)});
    const std::vector<Explanation>& explanations = kept_back_.back().explanations;
    for (std::size_t i = 0; i < views_.size(); ++i)
        if (explanations[i].reason == Reason::fragment_held)
            views_[i].waiting[explanations[i].info.fragment.slot] = offered_;
    resolve_waiting();
    return take_settled();
}

std::vector<ExplainedPacket> Explainer::finish() {
    for (HostView& view : views_) view.fragments.expire(kForever);
    resolve_waiting();
    return take_settled();
}

void Explainer::resolve_waiting() {
    for (std::size_t i = 0; i < views_.size(); ++i) {
        HostView& view = views_[i];
        for (Explanation& late : explain_released(context_of(view), view.fragments)) {
            const std::uint64_t number = view.waiting[late.info.fragment.slot];
            kept_back_[number - kept_back_.front().number].explanations[i] = std::move(late);
        }
    }
}

std::vector<ExplainedPacket> Explainer::take_settled() {
    const auto waits = [](const Explanation& e) { return e.reason == Reason::fragment_held; };
    std::vector<ExplainedPacket> settled;
    while (!kept_back_.empty()) {
        ExplainedPacket& first = kept_back_.front();
        if (std::any_of(first.explanations.begin(), first.explanations.end(), waits)) break;
        settled.push_back(std::move(first));
        kept_back_.pop_front();
    }
    return settled;
}

void Explainer::advance(std::chrono::nanoseconds time) {
    if (!begun_) first_ = time;
    begun_ = true;
    now_ = std::max(now_, kStart + std::max(time - first_, std::chrono::nanoseconds{0}));
    if (now_ - swept_ < kSweepEach) return;
    for (HostView& view : views_) {
        view.connections.sweep(view.tables, now_);
        if (view.clients != nullptr) view.clients->sweep(view.tables, now_);
    }
    swept_ = now_;
}

void AcceptTally::count(const std::vector<Explanation>& explanations) {
    const auto accepts =
        std::count_if(explanations.begin(), explanations.end(),
                      [](const Explanation& e) { return verdict_of(e.reason) == Verdict::accept; });
    ++(accepts == 0 ? none : accepts == 1 ? one : several);
}

Result<std::vector<Byte>> frame_of(const PacketWish& wish, const MacAddress& destination_mac) {
    const bool tcp = wish.protocol == "tcp";
    const bool icmp = wish.protocol == "icmp";
    if (!tcp && !icmp && wish.protocol != "udp")
        return Error{"expected tcp, udp or icmp, got " + in_quotes(wish.protocol)};
    const auto source = parse_endpoint(wish.source);
    if (!source) return Error{"source: " + source.error().message};
    const auto destination = parse_endpoint(wish.destination);
    if (!destination) return Error{"destination: " + destination.error().message};
    const bool v4 = source.value().address.is_v4();
    if (v4 != destination.value().address.is_v4())
        return Error{"expected two IPv4 or two IPv6 addresses, got one of each"};
    if (icmp && (source.value().port || destination.value().port))
        return Error{"expected no ports: an echo request has none"};
    if (!tcp && !wish.flags.empty()) return Error{"--flags: only TCP has flags"};
    const auto port = destination_port(wish, destination.value());
    if (!port) return port.error();
    const auto flags =
        wish.flags.empty() ? Result<std::uint8_t>(kTcpSyn) : parse_tcp_flags(wish.flags);
    if (!flags) return Error{"--flags: " + flags.error().message};
    FrameSpec spec;
    spec.destination_mac = destination_mac;
    spec.source = source.value().address;
    spec.destination = destination.value().address;
    spec.protocol = tcp     ? kProtocolTcp
                    : !icmp ? kProtocolUdp
                    : v4    ? kProtocolIcmp
                            : kProtocolIcmpv6;
    spec.source_port = source.value().port.value_or(kEphemeralPort);
    spec.destination_port = port.value();
    spec.tcp_flags = flags.value();
    return build_frame(spec);
}

}  // namespace nlb::config
