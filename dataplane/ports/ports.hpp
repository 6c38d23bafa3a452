// A cluster's outside and inside port: probed, given as many queues as there are workers and the
// device allows, started, stopped. Main only; workers use nothing but port and queue numbers.
// Offloads are not asked for: frames are judged and passed as they are.
#pragma once

#include <cstdint>
#include <rte_mempool.h>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "dataplane/ports/rss.hpp"
#include "dataplane/startup/device.hpp"
#include "dataplane/startup/eal_log.hpp"
#include "dataplane/tap/tap.hpp"

namespace nlb::dataplane {

// An attached device; it is stopped and detached with this value. Thread: main.
class Port {
public:
    // Probes a device that is not on the PCI bus; EAL has probed those that are. `where` names it
    // in errors: `cluster "web": outside`. What the driver wrote to `log` becomes part of an error.
    // `rss_word` is drawn once for both ports of a pair (dataplane/ports/rss.hpp).
    static Result<Port> attach(const Device& device, const std::string& where,
                               std::uint16_t rss_word, EalLog& log);
    Port(Port&& other) noexcept;
    Port& operator=(Port&&) = delete;
    ~Port();

    // Over how many of `wanted` queues the device can spread flows, as far as it says so before it
    // is configured.
    [[nodiscard]] Spread spread_over(std::uint16_t wanted) const;
    // `more`: so many receive queues besides, over which no flow is spread. Also of a port that was
    // stopped. Requires: 1 <= queues <= queues_max(), queues + more <= rx_queues_max().
    Status configure(std::uint16_t queues, rte_mempool* pool, EalLog& log, std::uint16_t more = 0);
    // `everything`: also frames that are not sent to this device's address. Requires: configured.
    Status start(bool everything, EalLog& log);
    // Does nothing when it is stopped. Requires: no worker polls it.
    void stop();
    // Asks the device whether it spreads flows over the queues that were configured, and tells it
    // the key once more where it does not. Why it does not after all; empty: it does. Requires:
    // started.
    [[nodiscard]] std::string confirm_spread();

    [[nodiscard]] std::uint16_t id() const { return id_; }
    // The NUMA node for its rings; 0 where there is none.
    [[nodiscard]] int socket() const { return socket_; }
    // Of an adapter; -1: it has none, or is no adapter.
    [[nodiscard]] int numa_node() const;
    [[nodiscard]] std::uint16_t rx_queues_max() const { return rx_queues_max_; }
    [[nodiscard]] std::uint16_t queues_max() const { return queues_max_; }
    // Not nullptr: the device is a tap of our own. Before start(): on which CPUs its threads run,
    // and which offloads the other port takes.
    [[nodiscard]] Tap* tap() { return tap_.get(); }
    // What may be left to it with a frame.
    [[nodiscard]] Offloads offloads() const { return {tap_ != nullptr, tap_ != nullptr}; }
    // Before configure(): what is sent lies in buffers of several pools.
    void expect_several_pools() { one_pool_ = false; }
    void set_tap_cpus(std::vector<std::uint16_t> cpus) { tap_cpus_ = std::move(cpus); }

    // A descriptor that is readable while the queue holds a frame; -1: there is none; kRingsBell:
    // it rings the worker's bell (Tap::set_reader). Requires: started.
    [[nodiscard]] int waker(std::uint16_t queue) const;
    [[nodiscard]] MacAddress mac() const;
    // Of what sends by the port: of a tap another one than mac(), which is its kernel's.
    [[nodiscard]] MacAddress station_mac() const;
    // As of now, without waiting for the device.
    [[nodiscard]] bool link_up() const;
    // In bytes, without the Ethernet header.
    [[nodiscard]] std::uint16_t mtu() const;
    // False: the device keeps the one that it has.
    bool set_mtu(std::uint16_t mtu);

private:
    Port(Device device, std::string where, std::uint16_t id);
    [[nodiscard]] Error refused(EalLog& log, int error) const;
    [[nodiscard]] rte_eth_rss_conf rss_settings();
    int set_up_queues(std::uint16_t rx_queues, std::uint16_t tx_queues, rte_mempool* pool);

    Device device_;
    std::unique_ptr<Tap> tap_;
    std::vector<std::uint16_t> tap_cpus_;
    bool one_pool_ = true;
    std::string where_;
    std::uint16_t id_;
    bool spreads_without_rss_;
    std::uint16_t rss_word_ = 0;
    // Drivers read it as late as in start(), so it lives as long as the port. Empty: without RSS.
    std::vector<std::uint8_t> rss_key_;
    std::uint64_t rss_flow_types_ = 0;
    int rss_error_ = 0;         // of the attempt to configure with RSS
    std::vector<int> sockets_;  // net_af_packet's own, by queue
    std::uint16_t queues_max_ = 1;
    std::uint16_t rx_queues_max_ = 1;
    int socket_ = 0;
    bool attached_ = true;
    bool started_ = false;
};

}  // namespace nlb::dataplane
