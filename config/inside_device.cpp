// Texts in, texts out.
#include "config/inside_device.hpp"

#include <algorithm>
#include <set>

namespace nlb::config {
namespace {

std::string_view name_of(std::string_view device) {
    return device.substr(0, device.find(','));
}

// "net_tap0" is of the driver "net_tap".
std::string_view driver_of(std::string_view device) {
    std::string_view name = name_of(device);
    while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
    return name;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A tap of our own; a dataplane whose kernel has not what it takes serves the interface otherwise.
std::string device_for(const std::string& interface, const std::set<std::string>& taken) {
    unsigned number = 0;
    while (taken.count("nlb_tap" + std::to_string(number)) != 0) ++number;
    return "nlb_tap" + std::to_string(number) + ",iface=" + interface;
}

}  // namespace

bool is_interface_name(std::string_view name) {
    return !name.empty() && name.size() <= kInterfaceNameMax && is_letter_or_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
           });
}

std::optional<std::string> interface_of(std::string_view device) {
    constexpr std::string_view kKey = ",iface=";
    const std::size_t at = device.find(kKey);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view value = device.substr(at + kKey.size());
    return std::string{value.substr(0, value.find(','))};
}

bool is_own_tap(std::string_view device) {
    return driver_of(device) == "nlb_tap";
}

bool ends_in_this_kernel(std::string_view device) {
    const std::string_view driver = driver_of(device);
    if (driver == "net_tap" || is_own_tap(device)) return true;
    return (driver == "virtio_user" || driver == "net_virtio_user") && interface_of(device);
}

bool ends_in_others(std::string_view device) {
    const std::string_view driver = driver_of(device);
    return !ends_in_this_kernel(device) && driver != "net_null" && driver != "net_pcap" &&
           driver != "net_ring";
}

void choose_kernel_devices(Config& config) {
    const auto of_machine = [&config](const std::string& machine, auto&& visit) {
        for (Cluster& cluster : config.clusters)
            for (Host& host : cluster.hosts)
                if (host.name == machine) visit(host);
    };
    for (Cluster& cluster : config.clusters)
        for (Host& host : cluster.hosts) {
            if (host.inside_kernel.empty() || !host.inside.empty()) continue;
            std::set<std::string> taken;
            of_machine(host.name, [&taken](const Host& other) {
                taken.emplace(name_of(other.outside));
                taken.emplace(name_of(other.inside));
            });
            host.inside = device_for(host.inside_kernel, taken);
        }
}

}  // namespace nlb::config
