// What a device string is, config/device_name.hpp says; here it is made DPDK's.
#include "dataplane/startup/device.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "config/device_name.hpp"
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
    const auto checked = config::check_device_name(text);
    if (!checked) return Error{where + ": " + checked.error().message};
    const config::DeviceName& parts = checked.value();
    Device device{std::string{parts.name}, std::string{parts.driver}, std::string{parts.arguments}};
    if (device.is_pci() && device.name.size() == kPciWithoutDomain)
        device.name = "0000:" + device.name;
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

Device with_packet_buffers(Device device, const PortWish& wish) {
    constexpr std::uint16_t kUsual = 2048;
    constexpr std::array kOperators{"framecnt", "framesz", "blocksz"};
    const auto is_set = [&](const char* key) { return device.argument(key).has_value(); };
    if (device.driver != "net_af_packet" ||
        std::any_of(kOperators.begin(), kOperators.end(), is_set))
        return device;
    device.arguments += device.arguments.empty() ? "" : ",";
    device.arguments +=
        wish.mtu > kMtuDefault
            ? "framesz=16384,blocksz=16384,framecnt=512"
            : "framecnt=" + std::to_string(wish.rx_ring != 0 ? wish.rx_ring : kUsual);
    return device;
}

// The kernel takes the outer tag off whatever its type is, and rte_vlan_insert() knows one type.
std::string mistaken_tags(const Device& outside, std::uint16_t vlan) {
    if (vlan == 0 || outside.driver != "net_af_packet") return {};
    return "outside: the kernel takes the outer VLAN tag off, and " + outside.name +
           " puts it back as 802.1Q (0x8100): where the segment tags with 802.1ad (0x88a8), use "
           "net_af_xdp or the adapter's own driver, or `inside` gets the wrong type";
}

}  // namespace nlb::dataplane
