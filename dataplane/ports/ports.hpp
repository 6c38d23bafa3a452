// A cluster's outside and inside port: probed, given as many queues as there are workers and the
// device allows, started, watched, opened again after a reset or a loss, stopped. Main only;
// workers use nothing but port and queue numbers. Offloads are not asked for: frames are judged and
// passed as they are.
#pragma once

#include <cstdint>
#include <memory>
#include <rte_mempool.h>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "core/ipc/port_report.hpp"
#include "dataplane/ports/address_filter.hpp"
#include "dataplane/ports/borrowed_interface.hpp"
#include "dataplane/ports/port_events.hpp"
#include "dataplane/ports/port_settings.hpp"
#include "dataplane/ports/port_statistics.hpp"
#include "dataplane/ports/rss.hpp"
#include "dataplane/ports/waker.hpp"
#include "dataplane/startup/device.hpp"
#include "dataplane/startup/eal_log.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/tap/tap.hpp"

namespace nlb::dataplane {

// An attached device; it is stopped and detached with this value. Thread: main.
class Port {
public:
    // Probes a device that is not on the PCI bus; EAL has probed those that are. `where` names it
    // in errors: `cluster "web": outside`. What the driver wrote to `log` becomes part of an error.
    // `rss_word` is drawn once for both ports of a pair (dataplane/ports/rss.hpp).
    static Result<Port> attach(const Device& device, const std::string& where,
                               std::uint16_t rss_word, EalLog& log, const PortWish& wish = {});
    Port(Port&& other) = default;
    Port& operator=(Port&&) = delete;
    ~Port();

    // Over how many of `wanted` queues the device can spread flows, as far as it says so before it
    // is configured.
    [[nodiscard]] Spread spread_over(std::uint16_t wanted) const;
    // `more`: so many receive queues besides, over which no flow is spread. Also of a port that was
    // stopped. Requires: 1 <= queues <= queues_max(), queues + more <= rx_queues_max().
    Status configure(std::uint16_t queues, rte_mempool* pool, EalLog& log, std::uint16_t more = 0);
    // Which frames it takes from its start on; none: those to its own address. Thread: main.
    void want(FilterWish filters) { filters_ = std::move(filters); }
    // Requires: configured.
    Status start(EalLog& log);
    // Does nothing when it is stopped. Requires: no worker polls it.
    void stop();
    // Asks the device whether it spreads flows over the queues that were configured, and tells it
    // the key once more where it does not. Why it does not after all; empty: it does. Requires:
    // started.
    [[nodiscard]] std::string confirm_spread();
    // Brings a device back that was reset or is lost, as it was configured last; it may have
    // another number afterwards. `step` is not none. Requires: no worker polls it.
    Status reopen(PortHealth::Step step, EalLog& log);

    [[nodiscard]] std::uint16_t id() const { return id_; }
    // The NUMA node for its rings; 0 where there is none.
    [[nodiscard]] int socket() const { return socket_; }
    // Of an adapter; -1: it has none, or is no adapter.
    [[nodiscard]] int numa_node() const;
    [[nodiscard]] std::uint16_t rx_queues_max() const { return rx_queues_max_; }
    [[nodiscard]] std::uint16_t queues_max() const { return queues_max_; }
    // Not nullptr: the device is a tap of our own.
    [[nodiscard]] Tap* tap() { return tap_.get(); }
    // Before configure(): where a tap's threads run, which offloads the `other` port of the pair
    // takes, and that frames of its buffers are sent here.
    void pair_with(const Port& other, const std::vector<std::uint16_t>& tap_cpus);
    [[nodiscard]] std::uint16_t rx_ring() const { return rx_ring_; }
    // Requires: started.
    [[nodiscard]] Waker waker(std::uint16_t queue) const;
    // How long a worker may sleep that no frame of this port wakes.
    [[nodiscard]] std::uint32_t sleep_most_ns() const;
    [[nodiscard]] MacAddress mac() const;
    // Of what sends by the port: of a tap another one than mac(), which is its kernel's.
    [[nodiscard]] MacAddress station_mac() const;
    // As of now where that is cheap, else as of a moment ago.
    [[nodiscard]] bool link_up(Instant now);
    // In bytes, without the Ethernet header.
    [[nodiscard]] std::uint16_t mtu() const;
    // False: the device keeps the one that it has.
    bool set_mtu(std::uint16_t mtu);

    [[nodiscard]] PortEvents& events() { return *events_; }
    [[nodiscard]] const PortEvents& events() const { return *events_; }
    [[nodiscard]] PortHealth& health() { return health_; }
    [[nodiscard]] const std::string& name() const { return device_.name; }
    // Reads what the driver counts; a few times a second at most.
    void count(Instant now);
    [[nodiscard]] ipc::PortReport report() const;
    // What works less well than it could, a sentence each. Requires: started.
    [[nodiscard]] std::vector<std::string> complaints() const;

private:
    Port(Device device, std::string where, std::uint16_t id);
    [[nodiscard]] Error refused(EalLog& log, int error) const;
    [[nodiscard]] rte_eth_rss_conf rss_settings();
    Status look_at_device(EalLog& log);
    int configure_device(PortSettings& settings, std::uint16_t rx_queues);
    int set_up_queues(const PortSettings& settings, std::uint16_t rx_queues, rte_mempool* pool);
    Status attach_again(EalLog& log);
    void detach();

    Device device_;
    std::unique_ptr<Tap> tap_;
    std::vector<std::uint16_t> tap_cpus_;
    bool one_pool_ = true;
    std::string where_;
    PortWish wish_;
    std::uint16_t id_;
    bool spreads_without_rss_;
    std::uint16_t rss_word_ = 0;
    // Drivers read it as late as in start(), so it lives as long as the port. Empty: without RSS.
    std::vector<std::uint8_t> rss_key_;
    std::uint64_t rss_flow_types_ = 0;
    int rss_error_ = 0;         // of the attempt to configure with RSS
    std::vector<int> sockets_;  // net_af_packet's own, by queue
    std::string driver_;        // as ethdev calls it
    std::uint16_t queues_max_ = 1;
    std::uint16_t rx_queues_max_ = 1;
    std::uint32_t speed_most_mbps_ = 0;
    int socket_ = 0;
    // As it was configured last.
    std::uint16_t queues_ = 0;
    std::uint16_t more_ = 0;
    rte_mempool* pool_ = nullptr;
    std::uint16_t rx_ring_ = kRingDescriptors;
    std::uint16_t tx_ring_ = kRingDescriptors;
    Interrupts interrupts_;
    FilterWish filters_;
    ipc::Reception reception_ = ipc::Reception::promiscuous;
    ipc::FlowControl flow_control_ = ipc::FlowControl::unknown;
    bool wakes_ = false;  // by the interrupts of its queues
    bool link_ = false;
    Instant link_at_ = kLongAgo;     // when the device was asked
    std::uint32_t speed_mbps_ = 0;   // then
    std::uint16_t counted_mtu_ = 0;  // as of count()
    std::unique_ptr<PortEvents> events_ = std::make_unique<PortEvents>();
    std::unique_ptr<BorrowedInterface> borrowed_;  // of drivers that borrow one of the kernel's
    PortHealth health_;
    PortStatistics statistics_;
    // Goes over to whoever the port is moved to.
    struct Held {
        bool is = false;
        Held() = default;
        Held(Held&& other) noexcept : is(std::exchange(other.is, false)) {}
        Held& operator=(Held&&) = delete;
    };
    Held attached_;
    Held started_;
};

}  // namespace nlb::dataplane
