// The simulated clients; see the header.
#include "tests/sim/workload.hpp"

#include <algorithm>

#include "core/pipeline.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {

Workload::Workload(World& world) : world_(world) {}

void Workload::go_on() {
    Prng& prng = world_.prng();
    if (prng.chance(100'000)) {
        send_stateless();
    } else {
        Flow& flow = flows_[prng.below(kFlows)];
        if (flow.home == kNoHost)
            open(flow);
        else
            speak(flow);
    }
    world_.scheduler().after(Duration{prng.between(100'000, 20'000'000)}, [this] { go_on(); });
}

FrameSpec Workload::packet_of(const Flow& flow, std::uint8_t tcp_flags) const {
    const Tables& tables = world_.configurations().tables_of(0);
    FrameSpec spec;
    spec.destination_mac = tables.cluster_mac;
    spec.source = IpAddress::v4(flow.client);
    spec.destination = tables.addresses[0].address;
    spec.source_port = flow.port;
    spec.destination_port = flow.vip_port;
    spec.tcp_flags = tcp_flags;
    return spec;
}

void Workload::open(Flow& flow) {
    Prng& prng = world_.prng();
    flow.client = 0x0a000000U + ++clients_;  // 10.0.0.0/8, each used once
    flow.port = static_cast<std::uint16_t>(prng.between(1024, 65535));
    // the last is no rule's
    flow.vip_port = static_cast<std::uint16_t>(1000 + prng.below(world_.settings().slots));
    const HostSet accepted = offer(packet_of(flow, kTcpSyn), true);
    if (accepted.empty()) return;
    flow.home = accepted.lowest();
    flow.interruptions = world_.host(flow.home).interruptions;
    flow.packets_left = static_cast<std::uint32_t>(prng.between(1, 30));
}

void Workload::speak(Flow& flow) {
    if (flow.packets_left-- == 0) {
        close(flow);
        return;
    }
    const HostSet accepted = offer(packet_of(flow, kTcpAck), false);
    judge(flow, accepted);
    // cut with its host; somebody's server answers with RST
    if (!accepted.contains(flow.home) && !accepted.empty()) flow.home = kNoHost;
}

void Workload::close(Flow& flow) {
    const bool reset = world_.prng().chance(500'000);
    judge(flow,
          offer(packet_of(flow, reset ? kTcpRst : static_cast<std::uint8_t>(kTcpFin | kTcpAck)),
                false));
    flow.home = kNoHost;
}

// A host that was a member with an open fence ever since accepts the packets of its flows, and
// nobody else does.
void Workload::judge(const Flow& flow, HostSet accepted) {
    const HostModel& home = world_.host(flow.home);
    const bool stayed = home.interruptions == flow.interruptions && !home.cuts;
    const std::string client =
        "client " + std::to_string(flow.client & 0xffffff) + ": a packet of a flow ";
    if (accepted.size() > 1) {
        HostSet others = accepted;
        others.erase(flow.home);
        if (stayed)
            world_.fail_owners("I4", client, flow.home, others.lowest());
        else
            ++late_doubles_;
    } else if (stayed && !is_behind(flow.home) && home.dataplane.is_open() &&
               home.dataplane.receives() && !accepted.contains(flow.home)) {
        world_.fail("I4", client + "that began here is not accepted any more", flow.home);
    }
}

void Workload::send_stateless() {
    Flow client;
    client.client = 0x0a000000U + ++clients_;
    client.port = static_cast<std::uint16_t>(world_.prng().between(1024, 65535));
    client.vip_port =
        static_cast<std::uint16_t>(1000 + world_.prng().below(world_.settings().slots));
    FrameSpec spec = packet_of(client, 0);
    spec.protocol = world_.prng().chance(500'000) ? kProtocolUdp : kProtocolIcmp;
    static_cast<void>(offer(spec, true));
}

HostSet Workload::offer(const FrameSpec& spec, bool is_new) {
    Offered offered{build_frame(spec), is_new, {}, {}};
    std::vector<HostId> behind;
    ++packets_;
    for (HostId id = 1; id <= world_.settings().machines(); ++id) {
        if (world_.host(id).foreign || !world_.host(id).hears_clients()) continue;
        world_.host(id).dataplane.process().note_client();
        if (is_behind(id))
            behind.push_back(id);
        else
            offer_to(id, offered,
                     *world_.host(id).dataplane.process().tables_of_some_core().tables);
    }
    const HostSet at_once = offered.accepted;
    if (behind.empty()) return at_once;
    for (HostId a = 1; a <= world_.settings().machines(); ++a)
        for (HostId b = 1; b < a; ++b)
            if (world_.invariants().is_exempt(a, b)) offered.excused.emplace_back(b, a);
    const auto shared = std::make_shared<Offered>(std::move(offered));
    for (const HostId id : behind) offer_later(id, shared);
    return at_once;
}

bool Workload::is_behind(HostId id) const {
    const HostModel& host = world_.host(id);
    return host.lag > Duration{0} || host.judged_until > world_.scheduler().now();
}

bool Workload::somebody_is_behind() const {
    for (HostId id = 1; id <= world_.settings().machines(); ++id)
        if (is_behind(id)) return true;
    return false;
}

// By the tables of the moment in which it came in: a core takes new ones only when it has judged
// what came before them. Later than that no former ones are in use.
void Workload::offer_later(HostId id, const std::shared_ptr<Offered>& offered) {
    DataplaneProcess& process = world_.host(id).dataplane.process();
    const auto [then, number] = process.tables_of_some_core();
    const auto tables = std::make_shared<const Tables>(*then);
    HostModel& host = world_.host(id);
    const Duration now = world_.scheduler().now();
    // in their order
    host.judged_until =
        std::max(host.judged_until, now + Duration{world_.prng().between(0, host.lag.count())});
    const auto judge = [this, id, offered, tables, number = number, life = process.life()] {
        if (life.expired() || !world_.host(id).hears_clients()) return;
        const auto oldest = world_.host(id).dataplane.process().oldest_in_use();
        offer_to(id, *offered, number < oldest.number ? *oldest.tables : *tables);
    };
    world_.scheduler().at(host.judged_until, judge);
}

void Workload::offer_to(HostId id, Offered& offered, const Tables& tables) {
    if (!accepts(id, offered.frame, tables)) return;
    for (HostId other = 1; other <= world_.settings().machines(); ++other) {
        if (!offered.is_new || other == id || !offered.accepted.contains(other)) continue;
        const auto pair = std::minmax(id, other);
        const auto& excused = offered.excused;
        if (std::find(excused.begin(), excused.end(), std::pair{pair.first, pair.second}) ==
            excused.end())
            world_.fail_owners("I1", "a packet of a new flow ", other, id);
    }
    offered.accepted.insert(id);
}

bool Workload::accepts(HostId id, std::vector<Byte>& frame, const Tables& tables) {
    DataplaneProcess& process = world_.host(id).dataplane.process();
    const BurstContext context{tables,
                               ports_,
                               world_.local_time(id),
                               world_.host(id).dataplane.is_open(),
                               0,
                               1,
                               process.clients(),
                               {},
                               &indexes_[id].of(tables)};
    Burst burst;
    burst.count = 1;
    burst.frames[0] = {frame.data(), static_cast<std::uint16_t>(frame.size()),
                       static_cast<std::uint16_t>(frame.size())};
    settle_ingress(burst, context, process.connections(), fragments_, counters_);
    if (process.clients() != nullptr) process.clients()->sweep(tables, context.now);
    process.pass_requests_on();
    return verdict_of(burst.reasons[0]) == Verdict::accept;
}

}  // namespace nlb::sim
