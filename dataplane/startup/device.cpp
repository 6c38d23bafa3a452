// Device strings: a name of letters, digits and underscores that ends in its number is a vdev,
// everything with a colon is PCI.
#include "dataplane/startup/device.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/assert.hpp"
#include "core/packet/frame_room.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

// net_tap reads one packet with one system call that is given a buffer per descriptor, and pays for
// each of them.
constexpr std::uint16_t kTapDescriptors = 64;
constexpr std::size_t kPciWithoutDomain = 7;

bool is_virtio_user(const Device& device) {
    return device.driver == "virtio_user" || device.driver == "net_virtio_user";
}
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
    const std::string_view short_form =
        text.size() == kPciWithoutDomain + 5 ? text.substr(5) : text;
    if (short_form.size() != text.size() &&
        (text[4] != ':' || !std::all_of(text.begin(), text.begin() + 4, is_hex)))
        return false;
    if (short_form.size() != kPciWithoutDomain || short_form[2] != ':' || short_form[5] != '.')
        return false;
    return is_hex(short_form[0]) && is_hex(short_form[1]) && is_hex(short_form[3]) &&
           is_hex(short_form[4]) && is_digit(short_form[6]);
}

}  // namespace

std::optional<std::string> Device::argument(std::string_view key) const {
    std::size_t begin = 0;
    while (begin < arguments.size()) {
        const std::size_t end = std::min(arguments.find(',', begin), arguments.size());
        const std::string_view pair = std::string_view(arguments).substr(begin, end - begin);
        if (pair.size() > key.size() && pair.substr(0, key.size()) == key &&
            pair[key.size()] == '=')
            return std::string(pair.substr(key.size() + 1));
        begin = end + 1;
    }
    return std::nullopt;
}

Result<Device> parse_device(const std::string& text, const std::string& where) {
    const std::size_t comma = text.find(',');
    Device device{text.substr(0, comma), "",
                  comma == std::string::npos ? "" : text.substr(comma + 1)};
    if (is_pci_address(device.name)) {
        if (device.name.size() == kPciWithoutDomain) device.name = "0000:" + device.name;
        return device;
    }
    std::size_t driver_end = device.name.size();
    while (driver_end > 0 && is_digit(device.name[driver_end - 1])) --driver_end;
    const bool shaped = driver_end > 0 && driver_end < device.name.size() &&
                        std::all_of(device.name.begin(), device.name.end(), is_word);
    if (!shaped)
        return Error{where + ": \"" + text +
                     "\" is no DPDK device: write a PCI address (0000:3b:00.0) or a driver and a "
                     "number (net_tap0,iface=nlb0)"};
    device.driver = device.name.substr(0, driver_end);
    return device;
}

Device with_queues(Device device, std::uint16_t queues) {
    NLB_ASSERT(queues >= 1);
    std::string key;
    if (device.driver == "net_af_packet") key = "qpairs";
    if (device.driver == kTapDriver || is_virtio_user(device)) key = "queues";
    if (key.empty() || queues < 2 || device.argument(key)) return device;
    device.arguments += (device.arguments.empty() ? "" : ",") + key + "=" + std::to_string(queues);
    return device;
}

std::uint16_t queues_of(const Device& device) {
    const std::string text = device.argument("queues").value_or("1");
    std::uint16_t queues = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), queues);
    const bool good = error == std::errc{} && end == text.data() + text.size();
    return good ? std::clamp(queues, std::uint16_t{1}, kTapQueuesMax) : std::uint16_t{1};
}

std::uint16_t rx_ring_of(const Device& device, const PortWish& wish) {
    if (device.driver == "net_tap" || device.driver == "net_tun") return kTapDescriptors;
    if (wish.rx_ring != 0) return wish.rx_ring;
    return device.is_pci() && wish.sleeps ? kSleepersRing : kRingDescriptors;
}

std::uint16_t tx_ring_of(const PortWish& wish) {
    return wish.tx_ring != 0 ? wish.tx_ring : kRingDescriptors;
}

Device with_mtu(Device device, std::uint16_t mtu) {
    if (device.driver != "net_af_packet" || mtu <= kMtuDefault || device.argument("framesz"))
        return device;
    device.arguments += (device.arguments.empty() ? "" : ",") +
                        std::string("framesz=16384,blocksz=16384,framecnt=512");
    return device;
}

}  // namespace nlb::dataplane
