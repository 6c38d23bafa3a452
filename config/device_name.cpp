#include "config/device_name.hpp"

#include <algorithm>
#include <array>

#include "config/format.hpp"
#include "config/nearest.hpp"
#include "config/schema.hpp"

namespace nlb::config {
namespace {

constexpr std::size_t kPciWithoutDomain = 7;
constexpr std::size_t kDomain = 5;
// Of ports, without aliases: what the dataplane knows of a driver it knows by these names.
constexpr std::array<std::string_view, 16> kDrivers{
    "net_af_packet", "net_af_xdp",      "net_bonding", "net_failsafe",
    "net_memif",     "net_null",        "net_pcap",    "net_ring",
    "net_softnic",   "net_tap",         "net_tun",     "net_vdev_netvsc",
    "net_vhost",     "net_virtio_user", "nlb_tap",     "virtio_user"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word(char c) {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "[dddd:]bb:dd.f"
bool is_pci_address(std::string_view text) {
    if (text.size() == kPciWithoutDomain + kDomain) {
        if (text[4] != ':' || !std::all_of(text.begin(), text.begin() + 4, is_hex)) return false;
        text.remove_prefix(kDomain);
    }
    return text.size() == kPciWithoutDomain && text[2] == ':' && text[5] == '.' &&
           is_hex(text[0]) && is_hex(text[1]) && is_hex(text[3]) && is_hex(text[4]) &&
           text[6] >= '0' && text[6] <= '7';
}

}  // namespace

std::optional<DeviceName> read_device(std::string_view text) {
    const bool printable =
        std::none_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == 0x7f; });
    if (!printable || text.size() > kDeviceTextMax) return std::nullopt;
    const std::size_t comma = std::min(text.find(','), text.size());
    DeviceName device{text.substr(0, comma), {}, text.substr(std::min(comma + 1, text.size()))};
    if (is_pci_address(device.name)) return device;
    std::string_view driver = device.name;
    while (!driver.empty() && is_digit(driver.back())) driver.remove_suffix(1);
    if (driver.empty() || driver.size() == device.name.size() ||
        !std::all_of(device.name.begin(), device.name.end(), is_word))
        return std::nullopt;
    device.driver = driver;
    return device;
}

Result<DeviceName> check_device_name(std::string_view text) {
    const auto device = read_device(text);
    if (!device)
        return Error{
            "expected a DPDK device such as \"0000:3b:00.0\" or \"net_tap0,iface=nlb0\", got " +
            in_quotes(std::string{text})};
    if (device->driver.empty() ||
        std::find(kDrivers.begin(), kDrivers.end(), device->driver) != kDrivers.end())
        return *device;
    const std::string got = ", got " + in_quotes(std::string{device->name});
    if (device->driver.find('_') == std::string_view::npos)
        return Error{"expected a DPDK device; a kernel interface is \"net_af_packet0,iface=" +
                     std::string{device->name} + "\"" + got};
    const std::string_view meant = nearest(device->driver, kDrivers);
    return Error{"expected a driver that DPDK has, such as " +
                 std::string{meant.empty() ? "net_af_packet" : meant} + got};
}

}  // namespace nlb::config
