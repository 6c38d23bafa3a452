// What the kernel calls its end of an inside device. Thread: main.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/startup/device.hpp"

namespace nlb::dataplane {

// As the device string says, else as the driver does; empty: nobody knows. Requires: the port is
// attached.
[[nodiscard]] std::string kernel_name_of(const Device& device, std::uint16_t port);

}  // namespace nlb::dataplane
