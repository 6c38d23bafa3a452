// A DPDK device string as the operator wrote it ("0000:3b:00.0", "net_tap0,iface=nlb0"), taken
// apart just far enough to know its driver and to add what the string leaves open. It opens
// nothing, and it refuses only what cannot be a device string. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace nlb::dataplane {

struct Device {
    std::string name;       // "net_tap0", or the PCI address with its domain
    std::string driver;     // "net_tap"; empty for a PCI device: EAL finds it by its ids
    std::string arguments;  // what follows the first comma

    [[nodiscard]] bool is_pci() const { return driver.empty(); }
    // The devargs that DPDK probes.
    [[nodiscard]] std::string text() const {
        return arguments.empty() ? name : name + "," + arguments;
    }
    // The value of `key=value`; nothing when the key is not there.
    [[nodiscard]] std::optional<std::string> argument(std::string_view key) const;
};

// Our own driver for kernel interfaces (dataplane/tap/), and what it is called in device strings.
inline constexpr std::string_view kTapDriver = "nlb_tap";

// `where` begins the error's sentence: `cluster "web": outside`.
[[nodiscard]] Result<Device> parse_device(const std::string& text, const std::string& where);

// net_af_packet, nlb_tap and virtio-user make one queue unless they are told: `qpairs` or `queues`
// is added for more than one, unless the operator has set it. Requires: queues >= 1.
[[nodiscard]] Device with_queues(Device device, std::uint16_t queues);

// Of an nlb_tap: its `queues=`, at most kTapQueuesMax, which is net_ring's limit; 1 without.
inline constexpr std::uint16_t kTapQueuesMax = 16;
[[nodiscard]] std::uint16_t queues_of(const Device& device);

// What the plan wants of the ports of a cluster.
struct PortWish {
    std::uint16_t mtu = 0;      // 0: the device's own
    std::uint16_t rx_ring = 0;  // 0: as many descriptors as suit
    std::uint16_t tx_ring = 0;
    bool sleeps = false;  // workers that have nothing to do
};
// Descriptors of a queue, before the device's own limits. What the operator leaves open is as many
// as help this driver; an adapter whose workers sleep gets more, as frames wait in its ring
// meanwhile.
[[nodiscard]] std::uint16_t rx_ring_of(const Device& device, const PortWish& wish);
[[nodiscard]] std::uint16_t tx_ring_of(const PortWish& wish);

// net_af_packet shares its buffers with the kernel, both directions alike. Its own choice is 512 of
// 2,048 bytes, which a core that sleeps overflows: as many are asked for as the receive ring shall
// have, 2,048 where the operator leaves it open, and 512 of 16 KiB for an MTU above 1500. Nothing
// is added where the operator has set any of them.
[[nodiscard]] Device with_packet_buffers(Device device, const PortWish& wish);

// Why a tagged cluster's servers may get frames with another outer tag than the segment has; empty:
// they do not.
[[nodiscard]] std::string mistaken_tags(const Device& outside, std::uint16_t vlan);

}  // namespace nlb::dataplane
