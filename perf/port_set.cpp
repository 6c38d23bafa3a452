// ethdev calls in the order that it wants them.
#include "perf/port_set.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_errno.h>

#include "dataplane/startup/memory.hpp"

namespace nlb::perf {
namespace {

Error refused(std::uint16_t port, const char* what, int error) {
    return Error{fmt::format("port {}: it cannot {}: {}", port, what,
                             rte_strerror(error < 0 ? -error : error))};
}

}  // namespace

Result<std::unique_ptr<PortSet>> PortSet::open(const Options& options) {
    std::unique_ptr<PortSet> set(new PortSet);
    if (auto added = set->rings_.add_pairs(options.ring_pairs,
                                           std::max(options.rx_queues, options.tx_queues),
                                           options.ring_frames);
        !added)
        return added.error();
    if (options.loop_frames != 0)
        if (auto added = set->rings_.add_loop(options.ring_frames); !added) return added.error();
    for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; ++port) {
        if (rte_eth_dev_is_valid_port(port) == 0) continue;
        if (auto opened = set->open_port(port, options); !opened) return opened.error();
    }
    if (set->ports_.empty())
        return Error{
            "no ports: bind a NIC to vfio-pci (scripts/bind-nic), or name a device with --vdev "
            "before `--`"};
    if (options.mode == Mode::nlb && set->ports_.size() % 2 != 0)
        return Error{
            "--forward-mode nlb: expected pairs of an outside and an inside port; add "
            "--vdev=net_null0,no-rx=1 as an inside port"};
    return set;
}

Status PortSet::open_port(std::uint16_t port, const Options& options) {
    const int socket = std::max(rte_eth_dev_socket_id(port), 0);
    constexpr std::uint16_t kPrivate = RTE_CACHE_LINE_ROUNDUP(sizeof(dataplane::FrameNote));
    dataplane::Pool pool(rte_pktmbuf_pool_create(fmt::format("perf {}", port).c_str(),
                                                 options.buffers, dataplane::kBufferCache, kPrivate,
                                                 options.buffer_bytes, socket));
    if (pool == nullptr)
        return Error{fmt::format(
            "port {}: no memory for {} buffers: lower --total-num-mbufs or raise EAL's -m", port,
            options.buffers)};
    rte_eth_conf settings{};
    rte_eth_dev_info info{};
    int error = rte_eth_dev_info_get(port, &info);
    if (options.rx_queues > 1 && info.flow_type_rss_offloads != 0) {
        settings.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        settings.rx_adv_conf.rss_conf.rss_hf =
            (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) & info.flow_type_rss_offloads;
    }
    if (error == 0)
        error = rte_eth_dev_configure(port, options.rx_queues, options.tx_queues, &settings);
    if (error != 0) return refused(port, "have so many queues", error);
    std::uint16_t rx = options.rx_descriptors;
    std::uint16_t tx = options.tx_descriptors;
    if (error = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx, &tx); error != 0)
        return refused(port, "have so many descriptors", error);
    for (std::uint16_t queue = 0; queue < options.rx_queues && error == 0; ++queue)
        error = rte_eth_rx_queue_setup(port, queue, rx, static_cast<unsigned>(socket), nullptr,
                                       pool.get());
    for (std::uint16_t queue = 0; queue < options.tx_queues && error == 0; ++queue)
        error = rte_eth_tx_queue_setup(port, queue, tx, static_cast<unsigned>(socket), nullptr);
    if (error != 0) return refused(port, "set up its queues", error);
    if (error = rte_eth_dev_start(port); error != 0) return refused(port, "be started", error);
    ports_.push_back(port);
    pools_.push_back(std::move(pool));
    // a device that knows no such mode takes everything anyhow
    static_cast<void>(rte_eth_promiscuous_enable(port));
    return Done{};
}

PortSet::~PortSet() {
    for (const std::uint16_t port : ports_) {
        static_cast<void>(rte_eth_dev_stop(port));
        static_cast<void>(rte_eth_dev_close(port));
    }
}

std::uint16_t PortSet::peer_of(std::size_t index, PortRange range) const {
    const std::size_t peer = range.begin + ((index - range.begin) ^ 1U);
    return ports_[peer < range.end ? peer : index];
}

std::vector<std::unique_ptr<Stream>> PortSet::make_streams(const Options& options, Mode mode,
                                                           PortRange range) const {
    const bool alone = mode == Mode::flowgen || mode == Mode::txonly;
    std::vector<std::unique_ptr<Stream>> streams;
    for (std::uint16_t queue = 0; queue < std::min(options.rx_queues, options.tx_queues); ++queue) {
        for (std::size_t i = range.begin; i < range.end; ++i) {
            // the worker serves both directions of a pair
            if (mode == Mode::nlb && (i - range.begin) % 2 != 0) continue;
            auto stream = std::make_unique<Stream>();
            stream->rx_port = ports_[i];
            stream->tx_port = alone ? ports_[i] : peer_of(i, range);
            stream->queue = queue;
            stream->pool = pools_[i].get();
            streams.push_back(std::move(stream));
        }
    }
    return streams;
}

Json PortSet::describe() const {
    Json all = Json::array();
    for (const std::uint16_t port : ports_) {
        rte_eth_dev_info info{};
        if (rte_eth_dev_info_get(port, &info) != 0) continue;
        std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
        std::array<char, 128> firmware{};
        static_cast<void>(rte_eth_dev_get_name_by_port(port, name.data()));
        if (rte_eth_dev_fw_version_get(port, firmware.data(), firmware.size()) != 0)
            firmware[0] = 0;
        rte_eth_link link{};
        static_cast<void>(rte_eth_link_get_nowait(port, &link));
        all.push_back({{"name", name.data()},
                       {"driver", info.driver_name != nullptr ? info.driver_name : ""},
                       {"firmware", firmware.data()},
                       {"numa_node", rte_eth_dev_socket_id(port)},
                       {"link_mbps", link.link_speed},
                       {"rx_queues_max", info.max_rx_queues},
                       {"tx_queues_max", info.max_tx_queues},
                       {"rx_offloads", info.rx_offload_capa},
                       {"rss", info.flow_type_rss_offloads}});
    }
    return all;
}

rte_eth_stats PortSet::totals() const {
    rte_eth_stats sum{};
    for (const std::uint16_t port : ports_) {
        rte_eth_stats one{};
        if (rte_eth_stats_get(port, &one) != 0) continue;
        sum.ipackets += one.ipackets;
        sum.opackets += one.opackets;
        sum.ibytes += one.ibytes;
        sum.obytes += one.obytes;
        sum.imissed += one.imissed;
        sum.ierrors += one.ierrors;
        sum.oerrors += one.oerrors;
        sum.rx_nombuf += one.rx_nombuf;
    }
    return sum;
}

void PortDisplay::show(std::uint16_t port) {
    rte_eth_stats now{};
    if (rte_eth_stats_get(port, &now) != 0) return;
    const std::uint64_t cycles = rte_rdtsc();
    Last& last = last_[port];
    const double seconds = last.cycles == 0 ? 0
                                            : static_cast<double>(cycles - last.cycles) /
                                                  static_cast<double>(rte_get_tsc_hz());
    const auto rate = [&](std::uint64_t to, std::uint64_t from) {
        return seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(to - from) / seconds)
                           : std::uint64_t{0};
    };
    std::printf(
        "\n  ######################## NIC statistics for port %-2u ########################\n",
        port);
    std::printf("  RX-packets: %-10" PRIu64 " RX-missed: %-10" PRIu64 " RX-bytes:  %-10" PRIu64
                "\n",
                now.ipackets, now.imissed, now.ibytes);
    std::printf("  RX-errors: %-10" PRIu64 "\n  RX-nombuf:  %-10" PRIu64 "\n", now.ierrors,
                now.rx_nombuf);
    std::printf("  TX-packets: %-10" PRIu64 " TX-errors: %-10" PRIu64 " TX-bytes:  %-10" PRIu64
                "\n",
                now.opackets, now.oerrors, now.obytes);
    std::printf("\n  Throughput (since last show)\n");
    std::printf("  Rx-pps: %12" PRIu64 "          Rx-bps: %12" PRIu64 "\n",
                rate(now.ipackets, last.stats.ipackets), rate(now.ibytes, last.stats.ibytes) * 8);
    std::printf("  Tx-pps: %12" PRIu64 "          Tx-bps: %12" PRIu64 "\n",
                rate(now.opackets, last.stats.opackets), rate(now.obytes, last.stats.obytes) * 8);
    std::printf("  ############################################################################\n");
    std::fflush(stdout);
    last = {now, cycles};
}

}  // namespace nlb::perf
