// The kernel's settings of an interface that carries addresses of several hosts (sysctl), as
// values, and writing them. Thread: main.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace nlb::dataplane {

struct KernelSetting {
    std::string path;  // below /proc/sys/net
    std::string value;
    bool operator==(const KernelSetting&) const = default;
};

// Reads one; nothing when the kernel has none.
using ReadSetting = std::function<std::optional<std::string>(const std::string& path)>;

// What has to be set so that servers behind the interface are asked by ARP only for what it
// carries, speak ARP by a dedicated address only, and hear clients whatever way the answer takes.
// `ipv6`: some of its addresses are.
[[nodiscard]] std::vector<KernelSetting> settings_to_change(const std::string& interface, bool ipv6,
                                                            const ReadSetting& read);

[[nodiscard]] std::optional<std::string> read_setting(const std::string& path);
[[nodiscard]] Status write_setting(const KernelSetting& setting);

}  // namespace nlb::dataplane
