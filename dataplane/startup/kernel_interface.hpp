// What the kernel knows of an interface that a driver only borrows: whether its link is up, what it
// carries. It changes nothing by itself. Thread: any; a system call or two each.
#pragma once

#include <cstdint>
#include <string>

struct ifreq;

namespace nlb::dataplane {

// One ioctl about the interface, whose name it fills in. False: refused, or the name is too long.
[[nodiscard]] bool ask_interface(const std::string& interface, unsigned long what, ifreq& request);
// The carrier, as of now; false also when there is no such interface or it is set down. Where this
// process has no descriptor left to ask with, that says nothing of the cable: `before` stands.
[[nodiscard]] bool kernel_link_up(const std::string& interface, bool before = false);
// In bytes; 0: unknown.
[[nodiscard]] std::uint16_t kernel_mtu(const std::string& interface);

}  // namespace nlb::dataplane
