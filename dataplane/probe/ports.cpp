// An adapter is opened by the very code of the start (dataplane/ports), so that what that would
// complain about is said here.
#include "dataplane/probe/ports.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <rte_ethdev.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/frames/buffers.hpp"
#include "dataplane/ports/heartbeat_queue.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/ports/rss.hpp"
#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/eal.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

constexpr Duration kLinkPatience = std::chrono::seconds{4};

struct RssType {
    std::uint64_t bits;
    const char* name;
};
constexpr RssType kRssTypes[] = {{RTE_ETH_RSS_IPV4, "ipv4"},
                                 {RTE_ETH_RSS_NONFRAG_IPV4_TCP, "ipv4-tcp"},
                                 {RTE_ETH_RSS_NONFRAG_IPV4_UDP, "ipv4-udp"},
                                 {RTE_ETH_RSS_IPV6, "ipv6"},
                                 {RTE_ETH_RSS_NONFRAG_IPV6_TCP, "ipv6-tcp"},
                                 {RTE_ETH_RSS_NONFRAG_IPV6_UDP, "ipv6-udp"}};

Instant now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return Instant{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
}

std::vector<std::string> names_of(std::uint64_t bits, const char* (*name)(std::uint64_t)) {
    std::vector<std::string> names;
    for (unsigned bit = 0; bit < 64; ++bit)
        if ((bits >> bit & 1U) != 0) names.emplace_back(name(std::uint64_t{1} << bit));
    return names;
}

void read_info(std::uint16_t id, PortFacts& facts) {
    rte_eth_dev_info info{};
    if (rte_eth_dev_info_get(id, &info) != 0) return;
    facts.opened = true;
    facts.driver = info.driver_name != nullptr ? info.driver_name : "";
    std::array<char, 64> firmware{};
    if (rte_eth_dev_fw_version_get(id, firmware.data(), firmware.size()) == 0)
        facts.firmware = firmware.data();
    facts.rx_queues_max = info.max_rx_queues;
    facts.tx_queues_max = info.max_tx_queues;
    facts.table_entries = info.reta_size;
    facts.key_bytes = info.hash_key_size;
    for (const RssType& type : kRssTypes)
        if ((info.flow_type_rss_offloads & type.bits) != 0) facts.rss_types.emplace_back(type.name);
    facts.rx_offloads = names_of(info.rx_offload_capa, &rte_eth_dev_rx_offload_name);
    facts.tx_offloads = names_of(info.tx_offload_capa, &rte_eth_dev_tx_offload_name);
    facts.mtu_min = info.min_mtu;
    facts.mtu_max = info.max_mtu;
    static_cast<void>(rte_eth_dev_get_mtu(id, &facts.mtu));
    facts.numa_node = rte_eth_dev_socket_id(id);
}

// Virtual devices: nothing but what the driver says of itself.
void look_only(const Device& device, EalLog& log, PortFacts& facts) {
    static_cast<void>(log.take());
    std::uint16_t id = 0;
    const int probed = rte_dev_probe(device.text().c_str());
    const int found = probed == 0 ? rte_eth_dev_get_port_by_name(device.name.c_str(), &id) : probed;
    if (found != 0) {
        facts.refusal = device_refused(device, facts.subject, log.take(), -found).message;
        return;
    }
    read_info(id, facts);
    facts.queues = std::min({facts.lcores, facts.rx_queues_max, facts.tx_queues_max});
    facts.fewer_because = fmt::format("it has {} queues", facts.queues);
    rte_eth_dev_close(id);
}

// What a start would do with it, up to its first frame.
Status use(Port& port, const ClusterPlan& cluster, bool is_outside, EalLog& log, rte_mempool* pool,
           PortFacts& facts) {
    const auto lanes = static_cast<std::uint16_t>(cluster.cpus.size());
    const std::uint16_t wanted = std::min(lanes, port.queues_max());
    const Spread spread = port.spread_over(wanted);
    facts.queues = spread.queues;
    facts.fewer_because = wanted < lanes ? fmt::format("it has {} queues", wanted) : spread.limit;
    if (is_outside)
        port.want(filter_wish(cluster.tables));
    else
        port.want({{}, {}, true});
    if (auto done = port.configure(facts.queues, pool, log); !done) return done;
    if (auto done = port.start(log); !done) return done;
    facts.started = true;
    if (facts.queues > 1)
        if (const std::string refusal = port.confirm_spread(); !refusal.empty()) {
            facts.queues = 1;
            facts.fewer_because = refusal;
        }
    for (const Instant begun = now(); !port.link_up(now()) && now() - begun < kLinkPatience;)
        usleep(100'000);
    port.count(now());
    const ipc::PortReport report = port.report();
    facts.link = report.state == ipc::PortState::up;
    facts.speed_mbps = report.speed_mbps;
    facts.flow_control = report.flow_control;
    facts.reception = report.reception;
    facts.flow_rules = knows_flow_rules(port.id());
    facts.complaints = port.complaints();
    facts.mtu = port.mtu();
    return Done{};
}

// An adapter that vfio-pci holds is nobody else's.
void open_adapter(const Device& device, const ClusterPlan& cluster, bool is_outside,
                  const EalPlan& eal, EalLog& log, PortFacts& facts) {
    const auto known = eal.adapters.find(device.name);
    const int node = known == eal.adapters.end() ? 0 : std::max(known->second.node, 0);
    // One port at a time is open: the buffers of all are enough for each. They outlive the port.
    const auto pool = make_pool(eal.need.buffers, eal.need.frame_room, node);
    if (!pool) {
        facts.refusal = facts.subject + ": " + pool.error().message;
        return;
    }
    auto port = Port::attach(device, facts.subject, draw_rss_word(), log, cluster.port);
    if (!port) {
        facts.refusal = port.error().message;
        return;
    }
    read_info(port.value().id(), facts);
    if (auto used = use(port.value(), cluster, is_outside, log, pool.value().get(), facts); !used)
        facts.refusal = used.error().message;
    port.value().stop();
}

PortFacts look_at(const Device& device, const ClusterPlan& cluster, bool is_outside,
                  const EalPlan& eal, bool usable, EalLog& log) {
    PortFacts facts;
    facts.subject = cluster.name + (is_outside ? " outside" : " inside");
    facts.device = device.text();
    facts.lcores = static_cast<std::uint16_t>(cluster.cpus.size());
    facts.mtu_wanted = cluster.port.mtu;
    const auto adapter = eal.adapters.find(device.name);
    const bool shared = adapter != eal.adapters.end() && is_shared_driver(adapter->second.driver);
    facts.not_opened_because = why_not_opened(device, shared);
    if (!facts.not_opened_because.empty()) return facts;
    if (!usable)
        facts.not_opened_because = "the machine does not let it be opened";
    else if (device.is_pci())
        open_adapter(device, cluster, is_outside, eal, log, facts);
    else
        look_only(with_queues(device, facts.lcores), log, facts);
    return facts;
}

}  // namespace

std::string why_not_opened(const Device& device, bool shared_with_kernel) {
    if (shared_with_kernel) return "the kernel uses it too, and would lose frames meanwhile";
    static constexpr std::array<std::string_view, 10> kNoticed{
        "net_af_xdp", "net_vhost", "eth_vhost", "net_virtio_user", "virtio_user",
        "net_memif",  "net_pcap",  "net_kni",   "net_bonding",     "net_tun"};
    if (device.driver == kTapDriver || device.driver == "net_tap")
        return "opening it would make the interface";
    return std::find(kNoticed.begin(), kNoticed.end(), device.driver) == kNoticed.end()
               ? ""
               : "opening it would show to others";
}

OpenedPorts open_ports(const StartupPlan& plan, EalPlan eal,
                       const std::vector<std::string>& usable) {
    OpenedPorts opened;
    std::array<char, 32> directory{"/tmp/nlb-probe.XXXXXX"};
    if (mkdtemp(directory.data()) == nullptr) {
        opened.eal_refusal = "no directory can be made below /tmp";
        return opened;
    }
    for (std::string& argument : eal.arguments)
        if (argument.starts_with("--file-prefix="))
            argument = "--file-prefix=nlb-probe-" + std::to_string(getpid());
    EalLog& log = EalLog::capture();
    {
        auto running = Eal::start(eal, directory.data(), log);
        if (!running) opened.eal_refusal = running.error().message;
        for (const ClusterPlan& cluster : plan.clusters) {
            if (!running) break;
            for (const bool is_outside : {true, false}) {
                const Device& device = is_outside ? cluster.outside : cluster.inside;
                const bool may_open =
                    std::find(usable.begin(), usable.end(), device.name) != usable.end();
                opened.ports.push_back(look_at(device, cluster, is_outside, eal, may_open, log));
            }
        }
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory.data(), ignored);
    return opened;
}

Findings judge_port(const PortFacts& facts) {
    Findings findings;
    const auto add = [&](FindingId id, std::string says, std::string mend) {
        findings.push_back({id, facts.subject, std::move(says), std::move(mend)});
    };
    if (!facts.refusal.empty()) {
        add(FindingId::device_refused, facts.refusal,
            "nlb-dataplane --probe --config FILE --host NAME");
        return findings;
    }
    if (!facts.opened) return findings;
    if (facts.mtu_wanted != 0 && facts.mtu_max != 0 && facts.mtu_wanted > facts.mtu_max)
        add(FindingId::device_refused,
            fmt::format("`mtu` is {}, and the adapter takes at most {}", facts.mtu_wanted,
                        facts.mtu_max),
            fmt::format("`mtu: {}` of this host", facts.mtu_max));
    if (facts.queues != 0 && facts.queues < facts.lcores)
        add(FindingId::queues_few,
            fmt::format("flows spread over {} of {} lcores by the port, over the others in "
                        "software: {}",
                        facts.queues, facts.lcores, facts.fewer_because),
            "name fewer `lcores`, or take an adapter with more queues");
    if (facts.started && !facts.link)
        add(FindingId::no_carrier,
            facts.device + " has no link: a host without one outside serves nobody",
            "check the cable and the switch's port");
    for (const std::string& complaint : facts.complaints)
        add(FindingId::port_complains, complaint, "ask the adapter's vendor, or accept it");
    return findings;
}

}  // namespace nlb::dataplane
