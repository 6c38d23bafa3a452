// What a port is configured with, from what its driver offers and what the plan wants. It asks no
// device: what a driver said comes in as a value, settings or a sentence go out.
#pragma once

#include <cstdint>
#include <rte_ethdev.h>
#include <string>

#include "core/base/result.hpp"
#include "dataplane/startup/device.hpp"

namespace nlb::dataplane {

struct PortSettings {
    rte_eth_conf device{};  // without RSS
    rte_eth_rxconf rx{};
    std::uint16_t rx_ring = 0;  // before the device's own limits
    std::uint16_t tx_ring = 0;
};

// Refuses an MTU that the adapter cannot carry. `rx_queues`: over all. Thread: any.
[[nodiscard]] Result<PortSettings> settings_of(const rte_eth_dev_info& info, const Device& device,
                                               const PortWish& wish, std::uint16_t rx_queues);

// How a driver tells of frames and links, where that can be had: `rx` by an interrupt per queue,
// `link` by one of its own. Both are only asked of drivers that deliver them.
struct Interrupts {
    bool rx = false;
    bool link = false;
};
[[nodiscard]] Interrupts interrupts_of(const rte_eth_dev_info& info, const Device& device,
                                       const PortWish& wish);

// How long a worker may sleep that no frame wakes: a quarter of the time in which the ring fills at
// line rate. In ns; `mbps` 0: taken for 10 Gbit/s.
[[nodiscard]] std::uint32_t sleep_most_ns(std::uint16_t rx_ring, std::uint32_t mbps);
// The fastest that the adapter can; 0: it does not say.
[[nodiscard]] std::uint32_t speed_most_mbps(std::uint32_t speed_capabilities);

}  // namespace nlb::dataplane
