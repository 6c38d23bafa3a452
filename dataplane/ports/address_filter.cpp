// Filters first: an adapter that hears every station of a flooding switch spends its ring on them.
#include "dataplane/ports/address_filter.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <string_view>

namespace nlb::dataplane {
namespace {

constexpr MacAddress kAllHosts{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}};  // RFC 1112; IGMP queries
constexpr MacAddress kAllNodes{{0x33, 0x33, 0x00, 0x00, 0x00, 0x01}};  // RFC 4861

// ff02::1:ffXX:XXXX of that address (RFC 4291, section 2.7.1), as its MAC (RFC 2464).
MacAddress solicited_node(const IpAddress& address) {
    return {{0x33, 0x33, 0xff, address.bytes[13], address.bytes[14], address.bytes[15]}};
}

rte_ether_addr ether_of(const MacAddress& mac) {
    rte_ether_addr address{};
    std::copy(mac.bytes.begin(), mac.bytes.end(), address.addr_bytes);
    return address;
}

Error refused_all(int filters, int everything) {
    // One by one: both words would lie in one buffer.
    const std::string address = rte_strerror(std::abs(filters));
    const std::string all = rte_strerror(std::abs(everything));
    return Error{"the device takes neither the cluster's address (" + address +
                 ") nor all frames (" + all +
                 "): a virtual function has to be a trusted VF (on its physical function's host: "
                 "`ip link set dev PF vf N trust on spoofchk off`), and a hypervisor's switch has "
                 "to allow promiscuous mode and forged addresses; `mode: multicast` needs neither"};
}

// The physical function of an 82576 or I350 gives its virtual ones groups and never all frames
// (Linux: igb_set_vf_promisc()), and DPDK's driver says that it has them.
constexpr std::string_view kNeverAll = "net_e1000_igb_vf";

int take_everything(std::uint16_t port) {
    rte_eth_dev_info info{};
    if (rte_eth_dev_info_get(port, &info) == 0 && info.driver_name != nullptr &&
        info.driver_name == kNeverAll)
        return -EPERM;
    return rte_eth_promiscuous_enable(port);
}

}  // namespace

FilterWish filter_wish(const Tables& tables) {
    FilterWish wish;
    if (tables.mode == LinkMode::unicast)
        wish.stations = {tables.cluster_mac, tables.masked_mac};
    else
        wish.groups.push_back(tables.cluster_mac);
    wish.groups.insert(wish.groups.end(), {kAllHosts, kAllNodes});
    for (std::size_t i = 0; i < tables.address_count; ++i)
        if (const IpAddress& address = tables.addresses[i].address; !address.is_v4())
            if (const MacAddress group = solicited_node(address);
                std::find(wish.groups.begin(), wish.groups.end(), group) == wish.groups.end())
                wish.groups.push_back(group);
    return wish;
}

FilterCalls filter_calls(std::uint16_t port) {
    return {[port](const MacAddress& mac) {
                rte_ether_addr address = ether_of(mac);
                return rte_eth_dev_mac_addr_add(port, &address, 0);
            },
            [port](std::span<const MacAddress> groups) {
                std::vector<rte_ether_addr> list;
                for (const MacAddress& mac : groups) list.push_back(ether_of(mac));
                return rte_eth_dev_set_mc_addr_list(port, list.data(),
                                                    static_cast<std::uint32_t>(list.size()));
            },
            [port] { return rte_eth_allmulticast_enable(port); },
            [port] { return take_everything(port); }};
}

Result<ipc::Reception> set_filters(const FilterCalls& calls, const FilterWish& wish, bool lenient) {
    if (wish.stations.empty() && wish.groups.empty() && !wish.everything)
        return lenient ? ipc::Reception::promiscuous : ipc::Reception::filters;
    int refusal = wish.everything ? -ENOTSUP : 0;
    for (const MacAddress& station : wish.stations)
        if (refusal == 0) refusal = calls.add_station(station);
    // All groups are asked for in any case: the inside stack joins others than we know.
    if (const int all = calls.take_all_groups(); all != 0 && all != -ENOTSUP)
        if (const int some = calls.set_groups(wish.groups); refusal == 0) refusal = some;
    if (refusal == 0) return ipc::Reception::filters;
    const int everything = calls.take_everything();
    if (everything == 0 || (lenient && everything == -ENOTSUP)) return ipc::Reception::promiscuous;
    return refused_all(refusal, everything);
}

}  // namespace nlb::dataplane
