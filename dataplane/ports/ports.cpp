// ethdev calls in the order that it wants them. A device that lacks an optional feature works
// without it.
#include "dataplane/ports/ports.hpp"

#include <algorithm>
#include <cstring>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "core/base/assert.hpp"
#include "core/packet/frame_room.hpp"
#include "dataplane/ports/flow_control.hpp"
#include "dataplane/ports/packet_sockets.hpp"
#include "dataplane/startup/diagnosis.hpp"

namespace nlb::dataplane {
namespace {

// Of an adapter that does not say how long its key is.
constexpr std::size_t kRssKeyBytes = 40;

}  // namespace

Port::Port(Device device, std::string where, std::uint16_t id)
    : device_(std::move(device)),
      where_(std::move(where)),
      id_(id),
      spreads_without_rss_(nlb::dataplane::spreads_without_rss(device_.driver)) {
    attached_.is = true;
}

Port::~Port() {
    detach();
}

void Port::pair_with(const Port& other, const std::vector<std::uint16_t>& tap_cpus) {
    one_pool_ = other.tap_ == nullptr;
    if (tap_ == nullptr) return;
    tap_cpus_ = tap_cpus;
    tap_->set_offloads({other.tap_ != nullptr, other.tap_ != nullptr});
}

void Port::detach() {
    if (!attached_.is) return;
    stop();
    events_->unwatch();
    attached_.is = false;
    rte_eth_dev_close(id_);
}

Error Port::refused(EalLog& log, int error) const {
    return device_refused(device_, where_, log.take(), error < 0 ? -error : error);
}

Result<Port> Port::attach(const Device& device, const std::string& where, std::uint16_t rss_word,
                          EalLog& log, const PortWish& wish) {
    static_cast<void>(log.take());
    std::uint16_t id = 0;
    // EAL has probed the PCI devices that it was told to allow, and kept what it said then.
    const PacketSockets sockets;
    std::unique_ptr<Tap> tap;
    if (device.driver == kTapDriver) {
        auto opened = Tap::open(device, frame_room(wish.mtu));
        if (!opened)
            return Error{where + ": device \"" + device.text() + "\": " + opened.error().message};
        tap = std::move(opened.value());
        id = tap->port();
    } else {
        const int probed = device.is_pci() ? 0 : rte_dev_probe(device.text().c_str());
        const int found =
            probed == 0 ? rte_eth_dev_get_port_by_name(device.name.c_str(), &id) : probed;
        if (found != 0)
            return device_refused(device, where, device.is_pci() ? log.probe() : log.take(),
                                  -found);
    }
    Port port(device, where, id);
    port.tap_ = std::move(tap);
    port.wish_ = wish;
    port.rss_word_ = rss_word;
    port.sockets_ = sockets.appeared();
    if (auto looked = port.look_at_device(log); !looked) return looked.error();
    if (const std::string name = borrowed_name(device); !name.empty()) {
        port.borrowed_ = std::make_unique<BorrowedInterface>(name);
        port.borrowed_->prepare(wish.mtu);
    }
    return port;
}

Status Port::look_at_device(EalLog& log) {
    rte_eth_dev_info info{};
    if (const int error = rte_eth_dev_info_get(id_, &info); error != 0) return refused(log, error);
    driver_ = info.driver_name != nullptr ? info.driver_name : "";
    queues_max_ = std::min(info.max_rx_queues, info.max_tx_queues);
    rx_queues_max_ = info.max_rx_queues;
    speed_most_mbps_ = speed_most_mbps(info.speed_capa);
    interrupts_ = interrupts_of(info, device_, wish_);
    socket_ = std::max(rte_eth_dev_socket_id(id_), 0);
    return Done{};
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
    queues_ = queues;
    more_ = more;
    pool_ = pool;
    const auto rx_queues = static_cast<std::uint16_t>(queues + more);
    rte_eth_dev_info info{};
    if (const int error = rte_eth_dev_info_get(id_, &info); error != 0) return refused(log, error);
    auto settings = settings_of(info, device_, wish_, rx_queues);
    if (!settings) return Error{where_ + ": " + settings.error().message};
    if (!one_pool_) settings.value().device.txmode.offloads &= ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    rss_key_.clear();
    if (queues > 1 && !spreads_without_rss_) {
        rss_key_ = rss_key(rss_word_, info.hash_key_size != 0 ? info.hash_key_size : kRssKeyBytes);
        rss_flow_types_ = kRssFlowTypes & info.flow_type_rss_offloads;
    }
    int error = configure_device(settings.value(), rx_queues);
    if (error == 0) error = set_up_queues(settings.value(), rx_queues, pool);
    if (error != 0) return refused(log, error);
    return tap_ == nullptr ? Status{Done{}} : tap_->set_queues(queues);
}

// With all that the device may have, and with less where it refuses.
int Port::configure_device(PortSettings& settings, std::uint16_t rx_queues) {
    rte_eth_conf& wanted = settings.device;
    wanted.intr_conf.rxq = interrupts_.rx ? 1 : 0;
    wanted.intr_conf.lsc = interrupts_.link ? 1 : 0;
    rss_error_ = 0;
    if (!rss_key_.empty()) {
        wanted.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        wanted.rx_adv_conf.rss_conf = rss_settings();
    }
    int error = rte_eth_dev_configure(id_, rx_queues, queues_, &wanted);
    if (error != 0 && device_.is_pci() && (interrupts_.rx || interrupts_.link)) {
        interrupts_ = {};
        wanted.intr_conf = {};
        error = rte_eth_dev_configure(id_, rx_queues, queues_, &wanted);
    }
    if (error == 0 || rss_key_.empty()) return error;
    rss_error_ = error;
    wanted.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
    wanted.rx_adv_conf = {};
    return rte_eth_dev_configure(id_, rx_queues, queues_, &wanted);
}

int Port::set_up_queues(const PortSettings& settings, std::uint16_t rx_queues, rte_mempool* pool) {
    rx_ring_ = settings.rx_ring;
    tx_ring_ = settings.tx_ring;
    const auto node = static_cast<unsigned>(socket_);
    if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_ring_, &tx_ring_); error != 0)
        return error;
    for (std::uint16_t queue = 0; queue < rx_queues; ++queue) {
        const std::uint16_t places =
            queue < queues_ ? rx_ring_ : std::min(rx_ring_, kHeartbeatDescriptors);
        if (const int error = rte_eth_rx_queue_setup(id_, queue, places, node, &settings.rx, pool);
            error != 0)
            return error;
    }
    for (std::uint16_t queue = 0; queue < queues_; ++queue)
        if (const int error = rte_eth_tx_queue_setup(id_, queue, tx_ring_, node, nullptr);
            error != 0)
            return error;
    return 0;
}

Status Port::start(EalLog& log) {
    NLB_ASSERT(!started_.is);
    events_->watch(id_);
    int error = rte_eth_dev_start(id_);
    if (error != 0 && device_.is_pci() && (interrupts_.rx || interrupts_.link)) {
        // Under some buses there are too few interrupts for what the driver has promised.
        interrupts_ = {};
        if (auto again = configure(queues_, pool_, log, more_); !again) return again;
        error = rte_eth_dev_start(id_);
    }
    if (error != 0) return refused(log, error);
    started_.is = true;
    link_at_ = kLongAgo;
    if (const auto set = set_filters(filter_calls(id_), filters_, !device_.is_pci()); set)
        reception_ = set.value();
    else
        return Error{where_ + ": device \"" + device_.text() + "\": " + set.error().message};
    if (device_.is_pci()) flow_control_ = end_flow_control(flow_control_calls(id_));
    statistics_.bind(id_);
    if (tap_ != nullptr) return tap_->start(tap_cpus_);
    wakes_ = interrupts_.rx && rte_eth_dev_rx_intr_ctl_q_get_fd(id_, 0) >= 0;
    if (!wakes_ || !device_.is_pci()) return Done{};
    wakes_ = rte_eth_dev_rx_intr_enable(id_, 0) == 0;
    if (wakes_) static_cast<void>(rte_eth_dev_rx_intr_disable(id_, 0));
    return Done{};
}

void Port::stop() {
    if (!started_.is) return;
    started_.is = false;
    if (tap_ != nullptr) tap_->stop();
    static_cast<void>(rte_eth_dev_stop(id_));
}

Status Port::reopen(PortHealth::Step step, EalLog& log) {
    static_cast<void>(log.take());
    if (step == PortHealth::Step::attach) {
        if (auto again = attach_again(log); !again) return again;
    } else {
        stop();
        if (const int error = rte_eth_dev_reset(id_); error != 0) return refused(log, error);
    }
    if (auto done = configure(queues_, pool_, log, more_); !done) return done;
    return start(log);
}

Status Port::attach_again(EalLog& log) {
    if (attached_.is) {
        rte_eth_dev_info info{};
        rte_device* const bus_device =
            rte_eth_dev_info_get(id_, &info) == 0 ? info.device : nullptr;
        detach();
        if (bus_device != nullptr) static_cast<void>(rte_dev_remove(bus_device));
    }
    const int probed = rte_dev_probe(device_.text().c_str());
    std::uint16_t id = 0;
    if (probed != 0 || rte_eth_dev_get_port_by_name(device_.name.c_str(), &id) != 0)
        return refused(log, probed != 0 ? probed : -ENODEV);
    id_ = id;
    attached_.is = true;
    return look_at_device(log);
}

}  // namespace nlb::dataplane
