// ethdev calls in the order that it wants them. A device that lacks an optional feature works
// without it.
#include "dataplane/ports/ports.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <set>
#include <sys/socket.h>
#include <vector>

#include "core/base/assert.hpp"
#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/kernel_interface.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/worker/sleeper.hpp"

namespace nlb::dataplane {
namespace {

// Of an adapter that does not say how long its key is.
constexpr std::size_t kRssKeyBytes = 40;

// The kernel's interface behind a driver that borrows it; empty: there is none.
std::string borrowed_interface(const Device& device) {
    const bool borrows = device.driver == "net_af_packet" || device.driver == "net_af_xdp";
    return borrows ? device.argument("iface").value_or("") : "";
}

// net_af_packet does not tell its sockets, one per queue in the order of the queues; they are those
// that appear while it is probed.
std::set<int> packet_sockets() {
    std::set<int> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
        const int fd = std::atoi(entry.path().filename().c_str());
        int domain = 0;
        socklen_t bytes = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 && domain == AF_PACKET)
            found.insert(fd);
    }
    return found;
}

}  // namespace

Port::Port(Device device, std::string where, std::uint16_t id)
    : device_(std::move(device)),
      where_(std::move(where)),
      id_(id),
      spreads_without_rss_(nlb::dataplane::spreads_without_rss(device_.driver)) {}

Port::Port(Port&& other) noexcept
    : device_(std::move(other.device_)),
      tap_(std::move(other.tap_)),
      tap_cpus_(std::move(other.tap_cpus_)),
      one_pool_(other.one_pool_),
      where_(std::move(other.where_)),
      id_(other.id_),
      spreads_without_rss_(other.spreads_without_rss_),
      rss_word_(other.rss_word_),
      rss_key_(std::move(other.rss_key_)),
      rss_flow_types_(other.rss_flow_types_),
      rss_error_(other.rss_error_),
      sockets_(std::move(other.sockets_)),
      queues_max_(other.queues_max_),
      rx_queues_max_(other.rx_queues_max_),
      socket_(other.socket_),
      attached_(std::exchange(other.attached_, false)),
      started_(std::exchange(other.started_, false)) {}

Port::~Port() {
    if (!attached_) return;
    stop();
    rte_eth_dev_close(id_);
}

Error Port::refused(EalLog& log, int error) const {
    return device_refused(device_, where_, log.take(), error < 0 ? -error : error);
}

Result<Port> Port::attach(const Device& device, const std::string& where, std::uint16_t rss_word,
                          EalLog& log) {
    static_cast<void>(log.take());
    std::uint16_t id = 0;
    std::unique_ptr<Tap> tap;
    if (device.driver == kTapDriver) {
        auto opened = Tap::open(device);
        if (!opened)
            return Error{where + ": device \"" + device.text() + "\": " + opened.error().message};
        tap = std::move(opened.value());
    }
    // EAL has probed the PCI devices that it was told to allow.
    const std::set<int> before = packet_sockets();
    const bool is_there = device.is_pci() || tap != nullptr;
    const int probed = is_there ? 0 : rte_dev_probe(device.text().c_str());
    const int found = tap != nullptr || probed != 0
                          ? probed
                          : rte_eth_dev_get_port_by_name(device.name.c_str(), &id);
    if (found != 0) return device_refused(device, where, log.take(), -found);
    Port port(device, where, tap != nullptr ? tap->port() : id);
    port.tap_ = std::move(tap);
    for (const int fd : packet_sockets())
        if (!before.contains(fd)) port.sockets_.push_back(fd);
    rte_eth_dev_info info{};
    if (const int error = rte_eth_dev_info_get(id, &info); error != 0)
        return port.refused(log, error);
    port.rss_word_ = rss_word;
    port.queues_max_ = std::min(info.max_rx_queues, info.max_tx_queues);
    port.rx_queues_max_ = info.max_rx_queues;
    port.socket_ = std::max(rte_eth_dev_socket_id(id), 0);
    return port;
}

Spread Port::spread_over(std::uint16_t wanted) const {
    rte_eth_dev_info info{};
    if (spreads_without_rss_ || rte_eth_dev_info_get(id_, &info) != 0) return {wanted, ""};
    return spread_of(info, wanted);
}

std::string Port::confirm_spread() {
    if (rss_key_.empty()) return "";
    if (rss_error_ != 0)
        return std::string{"the adapter refused RSS: "} + rte_strerror(std::abs(rss_error_));
    std::vector<std::uint8_t> held(rss_key_.size());
    rte_eth_rss_conf settings{held.data(), static_cast<std::uint8_t>(held.size()), 0};
    const auto read = [&] { return rte_eth_dev_rss_hash_conf_get(id_, &settings); };
    // A driver that cannot read its settings has taken them when it was configured.
    if (read() != 0) return "";
    std::string refusal = rss_refusal(settings.rss_hf, held, rss_key_);
    if (refusal.empty()) return "";
    // Some drivers take a key only when they are told once more.
    rte_eth_rss_conf wanted = rss_settings();
    if (rte_eth_dev_rss_hash_update(id_, &wanted) != 0 || read() != 0) return refusal;
    return rss_refusal(settings.rss_hf, held, rss_key_);
}

rte_eth_rss_conf Port::rss_settings() {
    return {rss_key_.data(), static_cast<std::uint8_t>(rss_key_.size()), rss_flow_types_};
}

Status Port::configure(std::uint16_t queues, rte_mempool* pool, EalLog& log, std::uint16_t more) {
    NLB_ASSERT(queues >= 1 && queues <= queues_max_ && queues + more <= rx_queues_max_);
    const auto rx_queues = static_cast<std::uint16_t>(queues + more);
    rte_eth_dev_info info{};
    int error = rte_eth_dev_info_get(id_, &info);
    rte_eth_conf settings{};
    // What the cores send is whole, one segment of the one pool, and nobody else's.
    if (one_pool_)
        settings.txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE & info.tx_offload_capa;
    // only tells its descriptors, see waker()
    settings.intr_conf.rxq = device_.driver == "net_tap" ? 1 : 0;
    rss_key_.clear();
    if (queues > 1 && !spreads_without_rss_) {
        rss_key_ = rss_key(rss_word_, info.hash_key_size != 0 ? info.hash_key_size : kRssKeyBytes);
        rss_flow_types_ = kRssFlowTypes & info.flow_type_rss_offloads;
        settings.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        settings.rx_adv_conf.rss_conf = rss_settings();
    }
    if (error == 0) error = rte_eth_dev_configure(id_, rx_queues, queues, &settings);
    rss_error_ = rss_key_.empty() ? 0 : error;
    if (rss_error_ != 0) {
        settings.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
        settings.rx_adv_conf = {};
        error = rte_eth_dev_configure(id_, rx_queues, queues, &settings);
    }
    if (error == 0) error = set_up_queues(rx_queues, queues, pool);
    if (error != 0) return refused(log, error);
    return tap_ == nullptr ? Status{Done{}} : tap_->set_queues(queues);
}

int Port::set_up_queues(std::uint16_t rx_queues, std::uint16_t tx_queues, rte_mempool* pool) {
    std::uint16_t rx = rx_descriptors_of(device_);
    std::uint16_t tx = kRingDescriptors;
    if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx); error != 0) return error;
    for (std::uint16_t queue = 0; queue < rx_queues; ++queue) {
        const std::uint16_t places = queue < tx_queues ? rx : std::min(rx, kHeartbeatDescriptors);
        if (const int error = rte_eth_rx_queue_setup(id_, queue, places,
                                                     static_cast<unsigned>(socket_), nullptr, pool);
            error != 0)
            return error;
    }
    for (std::uint16_t queue = 0; queue < tx_queues; ++queue) {
        if (const int error =
                rte_eth_tx_queue_setup(id_, queue, tx, static_cast<unsigned>(socket_), nullptr);
            error != 0)
            return error;
    }
    return 0;
}

Status Port::start(bool everything, EalLog& log) {
    NLB_ASSERT(!started_);
    if (const int error = rte_eth_dev_start(id_); error != 0) return refused(log, error);
    started_ = true;
    if (tap_ != nullptr) return tap_->start(tap_cpus_);
    if (!everything) return Done{};
    // A device that knows no such mode takes everything anyhow.
    for (const int error : {rte_eth_promiscuous_enable(id_), rte_eth_allmulticast_enable(id_)})
        if (error != 0 && error != -ENOTSUP) return refused(log, error);
    return Done{};
}

void Port::stop() {
    if (!started_) return;
    started_ = false;
    if (tap_ != nullptr) tap_->stop();
    static_cast<void>(rte_eth_dev_stop(id_));
}

int Port::waker(std::uint16_t queue) const {
    NLB_ASSERT(started_);
    if (tap_ != nullptr) return kRingsBell;
    if (queue < sockets_.size()) return sockets_[queue];
    return device_.driver == "net_tap" ? rte_eth_dev_rx_intr_ctl_q_get_fd(id_, queue) : -1;
}

MacAddress Port::mac() const {
    if (tap_ != nullptr) return tap_->interface().mac();
    rte_ether_addr address{};
    MacAddress mac;
    if (rte_eth_macaddr_get(id_, &address) == 0)
        std::copy_n(address.addr_bytes, mac.bytes.size(), mac.bytes.begin());
    return mac;
}

MacAddress Port::station_mac() const {
    MacAddress station = mac();
    if (tap_ != nullptr) station.bytes.back() ^= 1;
    return station;
}

int Port::numa_node() const {
    return device_.is_pci() ? rte_eth_dev_socket_id(id_) : -1;
}

bool Port::link_up() const {
    if (tap_ != nullptr) return tap_->interface().link_up();
    // net_af_packet reports its link up whatever happens to the cable.
    if (const std::string interface = borrowed_interface(device_); !interface.empty())
        return kernel_link_up(interface);
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::uint16_t Port::mtu() const {
    if (tap_ != nullptr) return tap_->interface().mtu();
    // Of a borrowed interface the kernel knows better than the driver.
    const std::string interface = borrowed_interface(device_);
    if (const std::uint16_t known = interface.empty() ? 0 : kernel_mtu(interface); known != 0)
        return known;
    std::uint16_t mtu = 0;
    return rte_eth_dev_get_mtu(id_, &mtu) == 0 ? mtu : std::uint16_t{1500};
}

bool Port::set_mtu(std::uint16_t mtu) {
    return tap_ != nullptr ? tap_->interface().set_mtu(mtu) : rte_eth_dev_set_mtu(id_, mtu) == 0;
}

}  // namespace nlb::dataplane
