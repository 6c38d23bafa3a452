// Flags and settings as files have them, offloads by ethtool's ioctls, addresses by getifaddrs(3);
// which IPv6 addresses are deprecated stands in /proc/net/if_inet6.
#include "dataplane/probe/interfaces.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <map>
#include <netinet/in.h>
#include <sstream>

#include "config/format.hpp"
#include "dataplane/ports/borrowed_interface.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

constexpr std::uint32_t kMtuLeast = 1500;  // a cluster frame's
constexpr unsigned kDeprecated = 0x20;     // IFA_F_DEPRECATED

bool is_link_local(const IpAddress& address) {
    return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0U) == 0x80;
}

std::optional<IpAddress> address_in(const sockaddr* socket) {
    if (socket == nullptr) return std::nullopt;
    IpAddress address;
    if (socket->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, socket, sizeof v4);
        return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
    }
    if (socket->sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket, sizeof v6);
    std::copy_n(v6.sin6_addr.s6_addr, address.bytes.size(), address.bytes.begin());
    return address;
}

// Address and interface as /proc/net/if_inet6 writes them, to its flags.
std::map<std::pair<std::string, std::string>, unsigned> ipv6_flags(const Files& files) {
    std::map<std::pair<std::string, std::string>, unsigned> flags;
    std::istringstream in(files.text("/proc/net/if_inet6").value_or(""));
    std::string address, index, length, scope, flag, interface;
    while (in >> address >> index >> length >> scope >> flag >> interface)
        flags[{address, interface}] =
            static_cast<unsigned>(std::strtoul(flag.c_str(), nullptr, 16));
    return flags;
}

std::string hexadecimal_of(const IpAddress& address) {
    std::string text;
    for (const Byte byte : address.bytes) text += fmt::format("{:02x}", byte);
    return text;
}

int setting(const Files& files, const std::string& path) {
    return static_cast<int>(files.number("/proc/sys/net/" + path).value_or(0));
}

void look_at_interface(const Files& files, BorrowedFacts& facts) {
    const std::string place = "/sys/class/net/" + facts.name;
    facts.exists = files.exists(place);
    if (!facts.exists) return;
    const auto flags = static_cast<unsigned>(files.number(place + "/flags").value_or(0));
    facts.up = (flags & IFF_UP) != 0;
    facts.arp = (flags & IFF_NOARP) == 0;
    facts.promiscuous = (flags & IFF_PROMISC) != 0;
    // It cannot be read while the interface is down.
    facts.carrier = files.number(place + "/carrier").value_or(0) == 1;
    facts.mtu = static_cast<std::uint32_t>(files.number(place + "/mtu").value_or(0));
    facts.master = files.link(place + "/master");
    facts.arp_ignore = std::max(setting(files, "ipv4/conf/all/arp_ignore"),
                                setting(files, "ipv4/conf/" + facts.name + "/arp_ignore"));
    const std::string off = "/proc/sys/net/ipv6/conf/" + facts.name + "/disable_ipv6";
    facts.ipv6 = files.exists(off) && files.number(off).value_or(1) == 0;
    const InterfaceCalls calls = interface_calls(facts.name);
    for (std::size_t i = 0; i < kOffloadNames.size(); ++i)
        if (calls.get(static_cast<Offload>(i)).value_or(false))
            facts.offloads_on.emplace_back(kOffloadNames[i]);
}

std::string list_of(const std::vector<IpAddress>& addresses) {
    std::string text;
    for (const IpAddress& address : addresses)
        text += (text.empty() ? "" : ", ") + config::to_string(address);
    return text;
}

// What the kernel does outside with its own MAC.
void judge_kernel_outside(const BorrowedFacts& facts, Findings& findings) {
    const auto add = [&](FindingId id, std::string says, std::string mend) {
        findings.push_back({id, facts.subject, std::move(says), std::move(mend)});
    };
    if (!facts.addresses.empty())
        add(FindingId::interface_has_address,
            fmt::format(
                "the kernel has {} on {} and speaks there with that interface's MAC, beside "
                "nlb",
                list_of(facts.addresses), facts.name),
            "ip address flush dev " + facts.name);
    const auto has = [&](bool v4) {
        return std::any_of(facts.virtual_addresses.begin(), facts.virtual_addresses.end(),
                           [v4](const IpAddress& one) { return one.is_v4() == v4; });
    };
    if (facts.vips_here && has(true) && facts.arp && facts.arp_ignore == 0)
        add(FindingId::kernel_answers_arp,
            fmt::format("the kernel has the virtual addresses inside and answers ARP for them on "
                        "{} with that interface's MAC: two stations claim one address",
                        facts.name),
            fmt::format("ip link set dev {} arp off", facts.name));
    if (facts.vips_here && has(false) && facts.ipv6)
        add(FindingId::kernel_speaks_ipv6,
            fmt::format("the kernel's own IPv6 is on on {}: it sends and answers there with that "
                        "interface's MAC",
                        facts.name),
            fmt::format("sysctl -w net.ipv6.conf.{}.disable_ipv6=1", facts.name));
}

}  // namespace

std::vector<LocalAddress> read_addresses(const Files& files) {
    std::vector<LocalAddress> found;
    const auto flags = ipv6_flags(files);
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return found;
    for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
        const auto address = address_in(one->ifa_addr);
        if (!address) continue;
        const auto known = flags.find({hexadecimal_of(*address), one->ifa_name});
        found.push_back(
            {one->ifa_name, *address, known != flags.end() && (known->second & kDeprecated) != 0});
    }
    freeifaddrs(list);
    return found;
}

std::vector<IpAddress> virtual_addresses_of(const Tables& tables) {
    std::vector<IpAddress> found;
    for (std::size_t i = 0; i < tables.vip_count; ++i) found.push_back(tables.addresses[i].address);
    return found;
}

std::vector<BorrowedFacts> read_borrowed(const Files& files, const StartupPlan& plan,
                                         const std::vector<LocalAddress>& addresses) {
    std::vector<BorrowedFacts> all;
    for (const ClusterPlan& cluster : plan.clusters) {
        const std::pair<const Device*, const char*> sides[] = {{&cluster.outside, "outside"},
                                                               {&cluster.inside, "inside"}};
        for (const auto& [device, side] : sides) {
            BorrowedFacts facts;
            facts.name = borrowed_name(*device);
            if (facts.name.empty()) continue;
            facts.subject = cluster.name + " " + side;
            facts.is_outside = device == &cluster.outside;
            facts.mtu_wanted = cluster.port.mtu;
            facts.virtual_addresses = virtual_addresses_of(cluster.tables);
            facts.vips_here = cluster.inside_plan.watched;
            for (const LocalAddress& one : addresses)
                if (one.interface == facts.name && !is_link_local(one.address))
                    facts.addresses.push_back(one.address);
            look_at_interface(files, facts);
            all.push_back(std::move(facts));
        }
    }
    return all;
}

Findings judge_borrowed(const BorrowedFacts& facts, bool runs) {
    Findings findings;
    const auto add = [&](FindingId id, std::string says, std::string mend) {
        findings.push_back({id, facts.subject, std::move(says), std::move(mend)});
    };
    const std::string& name = facts.name;
    if (!facts.exists) {
        add(FindingId::interface_missing,
            fmt::format("there is no interface \"{}\" in this network namespace", name),
            "ip -brief link");
        return findings;
    }
    if (!facts.up)
        add(FindingId::interface_down, fmt::format("{} is set down: nothing arrives", name),
            fmt::format("ip link set dev {} up", name));
    else if (!facts.carrier)
        add(FindingId::no_carrier,
            fmt::format("{} has no link: a host without one outside serves nobody", name),
            "check the cable and the switch's port");
    const std::uint32_t mtu_later = facts.mtu_wanted != 0 && !runs ? facts.mtu_wanted : facts.mtu;
    if (facts.mtu != 0 && mtu_later < kMtuLeast)
        add(FindingId::mtu_too_small,
            fmt::format("the MTU of {} is {}, and a cluster frame needs {}", name, mtu_later,
                        kMtuLeast),
            facts.mtu_wanted != 0 ? std::string{"raise `mtu` of this host"}
                                  : fmt::format("ip link set dev {} mtu {}", name, kMtuLeast));
    if (runs && facts.mtu_wanted != 0 && facts.mtu != facts.mtu_wanted)
        add(FindingId::mtu_differs,
            fmt::format("the MTU of {} is {}, not {} as `mtu` says", name, facts.mtu,
                        facts.mtu_wanted),
            fmt::format("ip link set dev {} mtu {}", name, facts.mtu_wanted));
    if (!facts.master.empty())
        add(FindingId::interface_enslaved,
            fmt::format("{} is a port of {}, which takes its frames too", name, facts.master),
            fmt::format("ip link set dev {} nomaster", name));
    for (const std::string& offload : facts.offloads_on)
        if (runs)
            add(FindingId::offload_stays_on,
                fmt::format("the offload `{}` of {} is on beneath the running dataplane: frames "
                            "arrive joined, cut or unfinished",
                            offload, name),
                fmt::format("ethtool -K {} {} off", name, offload));
    if (runs && facts.is_outside && !facts.promiscuous)
        add(FindingId::not_promiscuous,
            fmt::format("{} is not promiscuous: it drops frames to the cluster's MAC", name),
            "systemctl restart nlb-dataplane");
    if (facts.is_outside) judge_kernel_outside(facts, findings);
    return findings;
}

}  // namespace nlb::dataplane
