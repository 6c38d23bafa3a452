// Facts about drivers stand here and in startup/pci.cpp, nowhere else.
#include "dataplane/ports/port_settings.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

#include "core/packet/frame_room.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kSpeedAssumed = 10'000;
// The shortest frame with its preamble, checksum and gap.
constexpr std::uint64_t kBitsOfShortest = 84 * 8;

// They keep a vector per queue and one for the rest under vfio-pci.
constexpr std::array<std::string_view, 10> kInterruptDrivers{
    "net_ixgbe",     "net_ixgbe_vf", "net_i40e", "net_ice",    "net_iavf",
    "net_e1000_igb", "net_igc",      "net_ena",  "net_virtio", "net_bnxt"};
// Their link's interrupt comes also without one per queue.
constexpr std::array<std::string_view, 3> kLinkDrivers{"mlx5_pci", "net_mlx5", "net_mlx4"};

template <std::size_t kCount>
bool is_among(const std::array<std::string_view, kCount>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<PortSettings> settings_of(const rte_eth_dev_info& info, const Device& device,
                                 const PortWish& wish, std::uint16_t rx_queues) {
    PortSettings settings;
    // What the cores send is whole, one segment of the one pool, and nobody else's.
    settings.device.txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE & info.tx_offload_capa;
    settings.rx = info.default_rxconf;
    // A queue that is full keeps its frames in a buffer that all queues share, and so stops the
    // others, unless it drops them.
    if (device.is_pci() && rx_queues > 1) settings.rx.rx_drop_en = 1;
    settings.rx_ring = rx_ring_of(device, wish);
    settings.tx_ring = tx_ring_of(wish);
    // The kernel's interfaces are told otherwise (Port::set_mtu).
    if (wish.mtu == 0 || !device.is_pci()) return settings;
    if (info.max_mtu != 0 && wish.mtu > info.max_mtu)
        return Error{fmt::format("mtu {}: the adapter takes at most {}; lower `mtu` of this host",
                                 wish.mtu, info.max_mtu)};
    settings.device.rxmode.mtu = wish.mtu;
    // A frame fits one of our buffers. Some drivers use only a part of each, and chain two.
    if (wish.mtu > kMtuDefault)
        settings.device.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER & info.rx_offload_capa;
    return settings;
}

Interrupts interrupts_of(const rte_eth_dev_info& info, const Device& device, const PortWish& wish) {
    const std::string_view driver = info.driver_name != nullptr ? info.driver_name : "";
    const bool tells_link = info.dev_flags != nullptr && (*info.dev_flags & RTE_ETH_DEV_INTR_LSC);
    // Its descriptors only; see Port::waker().
    if (!device.is_pci()) return {device.driver == "net_tap", false};
    const bool both = is_among(kInterruptDrivers, driver);
    return {both && wish.sleeps, tells_link && (both || is_among(kLinkDrivers, driver))};
}

std::uint32_t sleep_most_ns(std::uint16_t rx_ring, std::uint32_t mbps) {
    const std::uint64_t rate = mbps == 0 ? kSpeedAssumed : mbps;
    // Bits over Mbit/s are microseconds.
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(rx_ring * kBitsOfShortest * 1000 / rate / 4, 1'000'000'000 / 4));
}

std::uint32_t speed_most_mbps(std::uint32_t speed_capabilities) {
    static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 14> kSpeeds{
        {{RTE_ETH_LINK_SPEED_200G, 200'000},
         {RTE_ETH_LINK_SPEED_100G, 100'000},
         {RTE_ETH_LINK_SPEED_56G, 56'000},
         {RTE_ETH_LINK_SPEED_50G, 50'000},
         {RTE_ETH_LINK_SPEED_40G, 40'000},
         {RTE_ETH_LINK_SPEED_25G, 25'000},
         {RTE_ETH_LINK_SPEED_20G, 20'000},
         {RTE_ETH_LINK_SPEED_10G, 10'000},
         {RTE_ETH_LINK_SPEED_5G, 5'000},
         {RTE_ETH_LINK_SPEED_2_5G, 2'500},
         {RTE_ETH_LINK_SPEED_1G, 1'000},
         {RTE_ETH_LINK_SPEED_100M, 100},
         {RTE_ETH_LINK_SPEED_100M_HD, 100},
         {RTE_ETH_LINK_SPEED_10M, 10}}};
    for (const auto& [bit, mbps] : kSpeeds)
        if ((speed_capabilities & bit) != 0) return mbps;
    return 0;
}

}  // namespace nlb::dataplane
