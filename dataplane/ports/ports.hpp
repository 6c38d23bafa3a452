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
#include "dataplane/startup/device.hpp"
#include "dataplane/startup/eal_log.hpp"

namespace nlb::dataplane {

// An attached device; it is stopped and detached with this value.
class Port {
public:
    // `where` names it in errors: `cluster "web": outside`.
    static Result<Port> attach(const Device& device, const std::string& where, EalLog& log);
    Port(Port&& other) noexcept;
    Port& operator=(Port&&) = delete;
    ~Port();

    // Requires: 1 <= queues <= queues_max().
    // `more`: so many receive queues besides, over which no flow is spread.
    Status configure(std::uint16_t queues, rte_mempool* pool, EalLog& log, std::uint16_t more = 0);
    // `everything`: also frames that are not sent to this device's address.
    Status start(bool everything, EalLog& log);
    void stop();

    [[nodiscard]] std::uint16_t id() const { return id_; }
    [[nodiscard]] int socket() const { return socket_; }
    // Of an adapter; -1: it has none, or is no adapter.
    [[nodiscard]] int numa_node() const;
    [[nodiscard]] std::uint16_t rx_queues_max() const { return rx_queues_max_; }
    [[nodiscard]] std::uint16_t queues_max() const { return queues_max_; }
    // A descriptor that is readable while the queue holds a frame; -1: there is none. Requires:
    // started.
    [[nodiscard]] int waker(std::uint16_t queue) const;
    [[nodiscard]] MacAddress mac() const;
    [[nodiscard]] bool link_up() const;
    [[nodiscard]] std::uint16_t mtu() const;
    // False: the device keeps its own.
    bool set_mtu(std::uint16_t mtu);

private:
    Port(Device device, std::string where, std::uint16_t id);
    [[nodiscard]] Error refused(EalLog& log, int error) const;
    int set_up_queues(std::uint16_t rx_queues, std::uint16_t tx_queues, rte_mempool* pool);

    Device device_;
    std::string where_;
    std::uint16_t id_;
    std::vector<int> sockets_;  // net_af_packet's own, by queue
    std::uint16_t queues_max_ = 1;
    std::uint16_t rx_queues_max_ = 1;
    int socket_ = 0;
    bool attached_ = true;
    bool started_ = false;
};

}  // namespace nlb::dataplane
