// What stands behind an inside device: this kernel, or somebody else's. The one place that decides
// which DPDK device serves `inside: {kind: kernel, name: nlb0}`, and which devices have a kernel
// interface as their other end; `nlb check`, the control plane and the dataplane ask here. It opens
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/schema.hpp"

namespace nlb::config {

// IFNAMSIZ without the zero behind it.
inline constexpr std::size_t kInterfaceNameMax = 15;
inline constexpr std::string_view kInterfaceNameWanted =
    "the name of a kernel interface: up to 15 letters, digits, \"-\", \"_\", \".\" that begin with "
    "a letter or digit";
[[nodiscard]] bool is_interface_name(std::string_view name);

// The value of `iface=`; nothing when the device string has none.
[[nodiscard]] std::optional<std::string> interface_of(std::string_view device);

// An nlb_tap: a kernel interface that the dataplane serves itself.
[[nodiscard]] bool is_own_tap(std::string_view device);

// Whether the other end of the device is an interface of this kernel, where its own servers listen:
// nlb_tap, net_tap, and virtio-user with `iface=`. A driver that borrows an interface
// (net_af_packet) has its servers behind that interface's cable.
[[nodiscard]] bool ends_in_this_kernel(std::string_view device);

// Whether somebody else's stack can be behind it: not this kernel, no file and no void.
[[nodiscard]] bool ends_in_others(std::string_view device);

// Gives each host that names a kernel interface its device: one that no other port of the same
// machine uses.
void choose_kernel_devices(Config& config);

}  // namespace nlb::config
