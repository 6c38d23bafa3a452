// What a port tells while it runs: link, wake-ups, counters.
#include <algorithm>
#include <rte_ethdev.h>

#include "core/base/assert.hpp"
#include "dataplane/ports/flow_control.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/startup/kernel_interface.hpp"

namespace nlb::dataplane {
namespace {

// How often a device is asked for its link that has no interrupt for it: some need a millisecond.
constexpr Duration kLinkPoll = std::chrono::milliseconds{200};

}  // namespace

Waker Port::waker(std::uint16_t queue) const {
    NLB_ASSERT(started_.is);
    if (tap_ != nullptr) return {-1, false, id_, queue, true};
    if (queue < sockets_.size()) return {sockets_[queue], false, id_, queue};
    if (!wakes_) return {};
    return {rte_eth_dev_rx_intr_ctl_q_get_fd(id_, queue), device_.is_pci(), id_, queue};
}

std::uint32_t Port::sleep_most_ns() const {
    constexpr std::uint32_t kForOthers = 1'000'000'000;
    return device_.is_pci() ? nlb::dataplane::sleep_most_ns(rx_ring_, speed_most_mbps_)
                            : kForOthers;
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

bool Port::link_up(Instant now) {
    if (!health_.serves() || !started_.is) return false;
    if (tap_ != nullptr) return link_ = tap_->interface().link_up();
    // net_af_packet reports its link up whatever happens to the cable.
    if (borrowed_) return link_ = kernel_link_up(borrowed_->name(), link_);
    // With an interrupt the driver has the answer ready.
    const bool is_cheap = !device_.is_pci() || interrupts_.link;
    // kLongAgo is no moment that can be subtracted: it has not been asked yet.
    const bool is_asked = link_at_ != kLongAgo;
    if (!is_cheap && is_asked && now - link_at_ < kLinkPoll) return link_;
    link_at_ = now;
    rte_eth_link link{};
    const bool was_up = link_;
    link_ = rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
    speed_mbps_ = link_ && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? link.link_speed : 0;
    if (link_ && !was_up && device_.is_pci())
        flow_control_ = read_flow_control(flow_control_calls(id_));
    return link_;
}

std::uint16_t Port::mtu() const {
    if (tap_ != nullptr) return tap_->interface().mtu();
    // Of a borrowed interface the kernel knows better than the driver.
    if (const std::uint16_t known = borrowed_ ? kernel_mtu(borrowed_->name()) : 0; known != 0)
        return known;
    std::uint16_t mtu = 0;
    return rte_eth_dev_get_mtu(id_, &mtu) == 0 ? mtu : std::uint16_t{1500};
}

bool Port::set_mtu(std::uint16_t mtu) {
    if (tap_ != nullptr) return tap_->interface().set_mtu(mtu);
    return borrowed_ ? borrowed_->set_mtu(mtu) : rte_eth_dev_set_mtu(id_, mtu) == 0;
}

void Port::count(Instant now) {
    if (!attached_.is || !started_.is) return;
    static_cast<void>(link_up(now));
    counted_mtu_ = mtu();
    statistics_.read(id_);
}

ipc::PortReport Port::report() const {
    ipc::PortReport report;
    ipc::set_text(report.name, device_.name);
    ipc::set_text(report.driver, driver_);
    if (health_.serves())
        report.state = link_ ? ipc::PortState::up : ipc::PortState::down;
    else
        report.state = health_.state() == PortHealth::State::lost ? ipc::PortState::lost
                                                                  : ipc::PortState::failed;
    report.speed_mbps = speed_mbps_;
    report.mtu = counted_mtu_;
    report.numa_node = numa_node();
    report.rx_queues = static_cast<std::uint32_t>(queues_ + more_);
    report.tx_queues = queues_;
    report.rx_ring = rx_ring_;
    report.tx_ring = tx_ring_;
    report.flow_control = flow_control_;
    report.reception = reception_;
    report.link_watch = interrupts_.link ? ipc::LinkWatch::interrupt : ipc::LinkWatch::polled;
    if (wish_.sleeps)
        report.waking = wakes_ || tap_ != nullptr || !sockets_.empty() ? ipc::Waking::interrupt
                                                                       : ipc::Waking::polled;
    else
        report.waking = ipc::Waking::never_sleeps;
    report.reopened = health_.reopened();
    report.counters = statistics_.counters();
    return report;
}

std::vector<std::string> Port::complaints() const {
    std::vector<std::string> all;
    const std::string begin = where_ + ": device \"" + device_.text() + "\": ";
    if (flow_control_ == ipc::FlowControl::tx_only || flow_control_ == ipc::FlowControl::both)
        all.push_back(begin +
                      "it sends pause frames when it is too slow, and refused to be told not to; "
                      "the switch may then stop the other hosts: turn flow control off at the "
                      "switch's port");
    if (device_.is_pci() && reception_ == ipc::Reception::promiscuous && !filters_.everything)
        all.push_back(begin +
                      "it takes no second address, so it hears all stations: frames for others "
                      "cost this host time");
    if (wish_.mtu != 0 && mtu() != wish_.mtu)
        all.push_back(begin + "its MTU is " + std::to_string(mtu()) + ", not " +
                      std::to_string(wish_.mtu) + " as `mtu` says");
    if (borrowed_)
        for (const std::string& line : borrowed_->complaints()) all.push_back(begin + line);
    return all;
}

}  // namespace nlb::dataplane
