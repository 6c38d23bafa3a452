// What a DPDK device string may look like, and which drivers a virtual one may name: one opinion
// for `nlb check` and for the dataplane, which links the same DPDK. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace nlb::config {

// A device string taken apart; its parts point into it.
struct DeviceName {
    std::string_view name;       // "net_tap0", or the PCI address as it was written
    std::string_view driver;     // "net_tap"; empty: a PCI device
    std::string_view arguments;  // what follows the first comma
};
// "0000:3b:00.0", "3b:00.0", or a name of letters, digits and underscores that ends in its number.
[[nodiscard]] std::optional<DeviceName> read_device(std::string_view text);
// The same, where the driver is one of DPDK 22.11's virtual ones or ours; else a sentence that says
// what was expected, and got.
[[nodiscard]] Result<DeviceName> check_device_name(std::string_view text);

}  // namespace nlb::config
