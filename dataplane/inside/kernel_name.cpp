// net_tap without `iface=` lets the kernel choose a name.
#include "dataplane/inside/kernel_name.hpp"

#include <array>
#include <net/if.h>
#include <rte_ethdev.h>

namespace nlb::dataplane {

std::string kernel_name_of(const Device& device, std::uint16_t port) {
    if (const auto name = device.argument("iface"); name && !name->empty()) return *name;
    rte_eth_dev_info info{};
    std::array<char, IF_NAMESIZE> name{};
    if (rte_eth_dev_info_get(port, &info) != 0 ||
        if_indextoname(info.if_index, name.data()) == nullptr)
        return "";
    return name.data();
}

}  // namespace nlb::dataplane
